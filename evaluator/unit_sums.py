"""Rules for the operations that sum over units with weights: matrix products and convolutions. Child side."""

from typing import Any

from torch import Tensor

from archgraft.evaluator.units import Register, Rule, Units, named
from archgraft.tree_ops.anatomy import POSITIONS

_BY_OTHERS = "they are multiplied with other values, not weights"
_UNKNOWN = "a layer takes values whose units are not known"
Side = tuple[Tensor, int]
"""A tensor, and the axis of it that is summed over."""


def contracted(register: Register, left: Side, right: Side) -> None:
    """Sum over two axes that meet: a layer takes its input's units when one side is a weight as it stands."""
    labels = [register.labels(tensor)[axis] for tensor, axis in (left, right)]
    weights = [_place(register, tensor, axis) for tensor, axis in (left, right)]
    known = [label for label in labels if label is not None]
    if (weights[0] is None) == (weights[1] is None):
        for label in known:
            label.endanger(_BY_OTHERS)
        return
    place = weights[0] or weights[1]
    assert place is not None
    if None in labels:
        for label in known:
            label.endanger(_UNKNOWN)
        return
    register.taking.add(place)
    known[0].merge(known[1])


def _place(register: Register, tensor: Tensor, axis: int) -> tuple[str, int] | None:
    places = register.places(tensor)
    return None if places is None else places[axis]


def product(register: Register, args: Any, result: Tensor) -> None:
    """`mm`, `mv` and `bmm`."""
    left, right = args[0], args[1]
    contracted(register, (left, left.dim() - 1), (right, max(right.dim() - 2, 0)))
    rows, columns = register.labels(left), register.labels(right)
    register.note_giving(left, 0)
    register.note_giving(right, -1)
    labels = [*rows[:-1], *columns[-1:]] if right.dim() > 1 else rows[:-1]
    if left.dim() == right.dim() == 3 and left.shape[0] > 1:
        labels[0] = register.unite([rows[0], columns[0]], "they are multiplied one by one with others")
    register.put(result, labels)


def sum_and_product(register: Register, args: Any, result: Tensor) -> None:
    """`addmm` and `baddbmm`: a bias, then a product."""
    product(register, args[1:], result)
    labels = register.labels(result)
    bias = register.labels(args[0])
    for back in range(1, len(bias) + 1):
        if args[0].shape[-back] > 1:
            labels[-back] = register.unite([labels[-back], bias[-back]], "a bias is added to units that are not known")
    register.put(result, labels)


def convolution(register: Register, args: Any, result: Tensor) -> None:
    """Channels in, channels out; with one group a channel, each channel by itself."""
    tensor, weight, bias, transposed, n_groups = args[0], args[1], args[2], args[6], args[8]
    taken, given = register.labels(tensor), register.labels(weight)
    for label in (*taken[2:], *given[2:]):
        _endanger(label, POSITIONS)
    units: Units | None
    if n_groups == 1:
        axis_in, axis_out = (0, 1) if transposed else (1, 0)
        if tensor.shape[1] > 1:
            contracted(register, (tensor, 1), (weight, axis_in))
        units = given[axis_out]
    elif n_groups == tensor.shape[1] == result.shape[1]:
        units = register.unite([taken[1], given[0]], _UNKNOWN)
    else:
        for label in (taken[1], given[0], given[1]):
            _endanger(label, "a convolution takes them in groups")
        units = given[0] if not transposed else None
    register.note_giving(weight, 1 if transposed else 0)
    if bias is not None:
        units = register.unite([units, register.labels(bias)[0]], _UNKNOWN)
    register.put(result, [taken[0], units, *([None] * (result.dim() - 2))])


def attention(register: Register, args: Any, _result: Any) -> None:
    """Fused attention: queries meet keys, so nothing of the three is a layer's input."""
    for tensor in args[:3]:
        for label in register.labels(tensor):
            _endanger(label, "attention compares them")


def _endanger(label: Units | None, reason: str) -> None:
    if label is not None:
        label.endanger(reason)


SUM_RULES: dict[str, Rule] = {
    **named(product, "mm", "bmm", "mv"),
    **named(sum_and_product, "addmm", "baddbmm"),
    "convolution": convolution,
    **named(
        attention,
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_efficient_attention",
        "_scaled_dot_product_flash_attention",
    ),
}
