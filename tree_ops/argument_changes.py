"""Which constructor arguments may be changed, and to what, so that the rest of the model still fits.

Arguments that set a width others depend on stay closed: they can't be told from the call alone. What is open follows
the field's naming conventions; whatever slips through is caught when the offspring is verified.
"""

import math
import re
from collections.abc import Callable, Iterator

from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Argument, Node

Changes = tuple[tuple[str, str], ...]

ACTIVATIONS = ("torch.nn.ReLU", "torch.nn.GELU", "torch.nn.SiLU", "torch.nn.Mish", "torch.nn.Hardswish")

_COUNT = re.compile(r"(^|_)(depths?|n_?layers?|num_layers|n_?blocks|num_blocks|layers|blocks|repeats?|stages?)($|_)")
_INNER_WIDTH = re.compile(r"(^|_)(hidden|mlp_dim|inner|ffn?|feedforward|dim_head|head_dim|growth|bottleneck|inter)")
_FACTOR = re.compile(r"(^|_)(expansion|expand|mlp_ratio|ratio|mult|width_multiplier|reduction|rd_ratio)")
_BASE_WIDTH = re.compile(r"^(width|base_width|base_channels|base_planes|n_embd|embed_dim|dim|d_model|widths)$")
_HEADS = re.compile(r"(^|_)(n_?heads?|num_heads|heads)$")
_RATE = re.compile(r"(^|_)(dropout|drop|drop_path|drop_rate|drop_prob|p)$")
_WIDTH_HINT = re.compile(r"(^|_)(dim|embed|embd|width|planes|model)(_|$)")


def changes_for(node: Node, *, is_root: bool) -> Iterator[tuple[str, Changes]]:
    """Every change offered on a node, with the name of the argument that leads it."""
    if node.definition in ("torch.nn.Conv1d", "torch.nn.Conv2d"):
        yield from _convolution(node)
    if node.definition.startswith("torch.nn."):
        yield from _named(node, _RATE, _rates)
        return
    yield from _named(node, _COUNT, _counts)
    yield from _named(node, _INNER_WIDTH, _widths)
    yield from _named(node, _FACTOR, _factors)
    yield from _named(node, _RATE, _rates)
    for argument in node.arguments:
        if _HEADS.search(argument.name) and argument.kind == "literal":
            for value in _heads(literal(argument.text), _host_widths(node)):
                yield argument.name, ((argument.name, repr(value)),)
        if argument.kind == "reference" and argument.text in ACTIVATIONS:
            for name in ACTIVATIONS:
                if name != argument.text:
                    yield argument.name, ((argument.name, name),)
    if is_root:  # only at the root does nobody outside depend on the width
        yield from _named(node, _BASE_WIDTH, _widths)


def _named(
    node: Node, pattern: re.Pattern[str], values: Callable[[Argument], list[object]]
) -> Iterator[tuple[str, Changes]]:
    for argument in node.arguments:
        if argument.kind != "literal" or not pattern.search(argument.name):
            continue
        for value in values(argument):
            yield argument.name, ((argument.name, repr(value)),)


def _convolution(node: Node) -> Iterator[tuple[str, Changes]]:
    """Kernel sizes that keep the output's positions: padding follows; and depth-wise convolution where widths agree."""
    given = {a.name: literal(a.text) for a in node.arguments if a.kind == "literal"}
    kernel, padding, dilation = given.get("kernel_size"), given.get("padding", 0), given.get("dilation", 1)
    if not isinstance(kernel, int) and isinstance(kernel, tuple) and len(set(kernel)) == 1:
        kernel = kernel[0]
    if isinstance(padding, tuple) and len(set(padding)) == 1:
        padding = padding[0]
    if not isinstance(kernel, int) or not isinstance(padding, int) or dilation not in (1, (1, 1), (1,)):
        return
    if padding != kernel // 2 or kernel % 2 == 0:
        return
    for other in (1, 3, 5, 7):
        if other != kernel:
            yield "kernel_size", (("kernel_size", repr(other)), ("padding", repr(other // 2)))
    taken, out, groups = given.get("in_channels"), given.get("out_channels"), given.get("groups", 1)
    if isinstance(taken, int) and isinstance(out, int):
        for other in sorted({1, 2, 4, math.gcd(taken, out)} - {groups}):
            if taken % other == 0 and out % other == 0:
                yield "groups", (("groups", repr(other)),)


def _host_widths(node: Node) -> list[int]:
    """Sizes that a number of heads must divide: the last axis of what flows through, and stated inner widths."""
    widths = [shape[-1] for shape in node.input_shapes if len(shape) == 3]
    for argument in node.arguments:
        if argument.kind == "literal" and _WIDTH_HINT.search(argument.name):
            value = literal(argument.text)
            widths += [value] if type(value) is int else []
    return widths


def _heads(value: object, widths: list[int]) -> list[int]:
    if type(value) is not int:
        return []
    return [n for n in (value // 2, value * 2) if n >= 1 and all(width % n == 0 for width in widths)]


def _counts(argument: Argument) -> list[object]:
    value = literal(argument.text)
    if type(value) is int:
        return [n for n in (value - 1, value + 1) if n >= 1]
    if isinstance(value, tuple | list) and value and all(type(item) is int for item in value):
        changed: list[object] = []
        for index, item in enumerate(value):
            for n in (item - 1, item + 1):
                if n >= 1:
                    changed.append(type(value)([*value[:index], n, *value[index + 1 :]]))
        return changed
    return []


def _widths(argument: Argument) -> list[object]:
    value = literal(argument.text)
    if type(value) is int and value >= 8:
        return [value // 2, value * 3 // 2, value * 2] if value % 2 == 0 else [value * 2]
    if isinstance(value, tuple | list) and value and all(type(item) is int and item >= 8 for item in value):
        return [type(value)([item * 3 // 2 for item in value]), type(value)([item * 2 for item in value])]
    return []


def _factors(argument: Argument) -> list[object]:
    value = literal(argument.text)
    if type(value) is int and value >= 1:
        return [n for n in (value // 2, value * 2) if n >= 1]
    return [value / 2, value * 2] if type(value) is float and value > 0 else []


def _rates(argument: Argument) -> list[object]:
    value = literal(argument.text)
    if type(value) not in (int, float) or isinstance(value, bool):
        return []
    return [rate for rate in (0.0, 0.05, 0.1, 0.2) if rate != value]
