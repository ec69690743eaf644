"""Which constructor arguments may be changed, and to what, so that the rest of the model still fits.

Arguments that set a width others depend on stay closed: they can't be told from the call alone. What is open follows
the field's naming conventions; whatever slips through is caught when the offspring is verified.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from archgraft.tree_ops.layer_algebra import POOLS, group_counts, window_of
from archgraft.tree_ops.layer_algebra import alike as alike_windows
from archgraft.tree_ops.layer_algebra import n_axes as n_axes_of
from archgraft.tree_ops.syntax import literal
from archgraft.tree_ops.tree import Argument, Node, Tree

Changes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ArgumentChange:
    """One change of a node's arguments, led by the argument `name`.

    `cost_factor` estimates by how much the node's parameters and FLOPs grow. `reshapes` says that the change alters or
    removes tensors that modules below the node were fitted to: only a tree without such fitted parts can take it.
    """

    name: str
    changes: Changes
    cost_factor: float = 1.0
    reshapes: bool = False


ACTIVATIONS = ("torch.nn.ReLU", "torch.nn.GELU", "torch.nn.SiLU", "torch.nn.Mish", "torch.nn.Hardswish")

_COUNT = re.compile(r"(^|_)(depths?|n_?layers?|num_layers|n_?blocks|num_blocks|layers|blocks|repeats?|stages?)($|_)")
_INNER_WIDTH = re.compile(r"(^|_)(hidden|mlp_dim|inner|ffn?|feedforward|dim_head|head_dim|bottleneck|inter)")
_FACTOR = re.compile(r"(^|_)(expansion|expand|mlp_ratio|ratio|mult|width_multiplier|reduction|rd_ratio)($|_)")
_BASE_WIDTH = re.compile(
    r"^(width|base_width|base_channels|base_planes|n_embd|embed_dim|dim|d_model|widths|growth_rate)$"
)
_HEADS = re.compile(r"(^|_)(n_?heads?|num_heads|heads)$")
_REDUCTION = re.compile(r"(^|_)(reduction|squeeze|rd)")
_DIVISOR = re.compile(r"(^|_)(n_?heads?|num_heads|heads|groups|num_groups)$")
_GROUPED = re.compile(r"(^|_)(groups?|group_size|group_width|cardinality)$")
_RATE = re.compile(r"(^|_)(dropout|drop|drop_path|drop_rate|drop_prob|p)$")
_WIDTH_HINT = re.compile(r"(^|_)(dim|embed|embd|width|planes|model)(_|$)")


@lru_cache(maxsize=4096)
def _value(text: str) -> Any:
    """The value of a literal; nobody changes it in place."""
    return literal(text)


def is_inner_width(name: str) -> bool:
    """Whether an argument of this name sets a width that stays inside its module."""
    return bool(_INNER_WIDTH.search(name) or _FACTOR.search(name))


def role_of(name: str) -> Literal["count", "width", "factor", "rate"] | None:
    """What an argument of a module sets, by the field's naming conventions; None when they don't say."""
    if _COUNT.search(name):
        return "count"
    if _INNER_WIDTH.search(name) or _BASE_WIDTH.search(name):
        return "width"
    if _FACTOR.search(name):
        return "factor"
    return "rate" if _RATE.search(name) else None


def may_change(name: str) -> bool:
    """Whether some change may be offered for an argument of this name of a module that is not torch's."""
    return role_of(name) is not None or _HEADS.search(name) is not None


def changes_for(tree: Tree, node: Node) -> Iterator[ArgumentChange]:
    """Every change offered on a node: none that its surroundings would notice, but for the root, which has none."""
    is_root = node.nid == tree.root
    for change in _by_convention(node, is_root=is_root):
        told = {name for name, _ in change.changes} & {read.name for read in node.reads}
        if is_root or not (told or _shows_outside(tree, node, change.name) or _breaks_divisions(node, change)):
            yield change


def _breaks_divisions(node: Node, change: ArgumentChange) -> bool:
    """Whether a new width is no multiple of the heads or groups that divide the old one, or leaves no channel.

    A factor counts on the narrowest width that flows in: an eighth of 4 channels is none.
    """
    given = _given(node)
    is_grouped = any(_GROUPED.search(name) and type(value) is int and value > 1 for name, value in given.items())
    divisors = [value for name, value in given.items() if _DIVISOR.search(name) and type(value) is int and value > 0]
    for name, text in change.changes:
        old = given.get(name)
        new = None if old is None else _value(text)
        if type(new) is int and type(old) is int and _INNER_WIDTH.search(name):
            if any(old % n == 0 and new % n for n in divisors):
                return True
        elif isinstance(new, int | float) and _FACTOR.search(name):
            if is_grouped:
                return True  # how the groups divide what the factor gives is not to be seen from here
            width = min((min(shape[1:]) for shape in node.input_shapes if len(shape) > 1), default=1)
            if width * (new if new < 1 else 1 / new if _REDUCTION.search(name) else 1) < 1:
                return True
    return False


def _shows_outside(tree: Tree, node: Node, name: str) -> bool:
    """Whether the argument looks like one that the node's output width follows from.

    A width that the node's tensors have themselves is no inner one. A number of blocks counts only where the last of
    just so many alike blocks inside gives what it takes: where blocks widen, one more or less shows. Nor does it where
    another argument lists something for each of them.
    """
    value = next((_value(a.text) for a in node.arguments if a.name == name and a.kind == "literal"), None)
    if _INNER_WIDTH.search(name):
        shapes = (*node.input_shapes, *node.output_shapes)
        return any(value == size for shape in shapes for size in shape[1:])
    if _COUNT.search(name) and type(value) is int:
        if any(isinstance(listed, list | tuple) and len(listed) == value for listed in _literals(node)):
            return True
        alike = [_alike(tree, inner) for inner in tree.below(node.nid)]
        return not any(len(group) == value and _keeps_shape(group[-1]) for groups in alike for group in groups)
    return False


def _literals(node: Node) -> Iterator[Any]:
    return (_value(argument.text) for argument in node.arguments if argument.kind == "literal")


def _alike(tree: Tree, node: Node) -> list[list[Node]]:
    """The children of a node by their class, in slot order."""
    groups: dict[str, list[Node]] = {}
    for child in node.children:
        groups.setdefault(tree.nodes[child].definition, []).append(tree.nodes[child])
    return list(groups.values())


def _keeps_shape(node: Node) -> bool:
    return bool(node.input_shapes) and node.input_shapes == node.output_shapes


def _by_convention(node: Node, *, is_root: bool) -> Iterator[ArgumentChange]:
    if node.definition.startswith("torch.nn."):
        yield from _window(node)
        yield from _groups(node)
        yield from _named(node, _RATE, _rates)
        return
    yield from _named(node, _COUNT, _counts, reshapes_when_smaller=True)
    yield from _named(node, _INNER_WIDTH, _widths)
    yield from _named(node, _FACTOR, _factors)
    yield from _named(node, _RATE, _rates)
    for argument in node.arguments:
        if _HEADS.search(argument.name) and argument.kind == "literal":
            for value in _heads(_value(argument.text), _host_widths(node)):
                yield ArgumentChange(argument.name, ((argument.name, repr(value)),))
        if argument.kind == "reference" and argument.text in ACTIVATIONS:
            for name in ACTIVATIONS:
                if name != argument.text:
                    yield ArgumentChange(argument.name, ((argument.name, name),))
    if is_root:  # only at the root does nobody outside depend on the width
        for change in _named(node, _BASE_WIDTH, _widths):
            yield replace(change, cost_factor=change.cost_factor**2, reshapes=True)


def _named(
    node: Node,
    pattern: re.Pattern[str],
    values: Callable[[Argument], list[tuple[object, float]]],
    *,
    reshapes_when_smaller: bool = False,
) -> Iterator[ArgumentChange]:
    for argument in node.arguments:
        if argument.kind != "literal" or not pattern.search(argument.name):
            continue
        for value, factor in values(argument):
            changes = ((argument.name, repr(value)),)
            yield ArgumentChange(argument.name, changes, factor, reshapes_when_smaller and factor < 1)


def _window(node: Node) -> Iterator[ArgumentChange]:
    """Kernel sizes and dilations of a convolution or pool that keep the output's positions; padding follows."""
    given, n_axes = _given(node), n_axes_of(node.definition)
    window, pools = window_of(given), node.definition in POOLS
    if not n_axes or window is None:
        return
    smallest = min((size for shape in node.input_shapes for size in shape[2:]), default=0)
    for other in alike_windows(window, pools=pools):
        if given.get("padding_mode", "zeros") != "zeros" and other.padding >= smallest:
            continue  # there is nothing to reflect so far out
        settings: list[tuple[str, int | None, int]] = [
            ("kernel_size", window.kernel, other.kernel),
            ("dilation", window.dilation, other.dilation),
        ]
        settings.append(("padding", window.padding, other.padding))
        if pools and given.get("stride") is None and other.kernel != window.kernel:
            settings.append(("stride", None, window.kernel))
        changes = tuple((name, repr(new)) for name, old, new in settings if new != old)
        factor = 1.0 if pools else (other.kernel / window.kernel) ** n_axes
        yield ArgumentChange(changes[0][0], changes, factor)


def _groups(node: Node) -> Iterator[ArgumentChange]:
    """Numbers of groups that divide the widths: of a convolution both, of a normalisation its own, halved or more."""
    given = _given(node)
    if node.definition == "torch.nn.GroupNorm":
        name, now, counts = "num_groups", given.get("num_groups"), group_counts(int(given.get("num_channels", 1)) // 2)
        counts = [n for n in counts if int(given["num_channels"]) % n == 0]
    elif "Conv" in node.definition and {"in_channels", "out_channels"} <= set(given):
        name, now = "groups", given.get("groups", 1)
        counts = [n for n in group_counts(given["in_channels"], given["out_channels"]) if n in (1, 2, 4) or n > 32]
    else:
        return
    for n in counts:
        if type(now) is int and n != now:
            factor = now / n if name == "groups" else 1.0
            yield ArgumentChange(name, ((name, repr(n)),), factor)


def _given(node: Node) -> dict[str, Any]:
    return {argument.name: _value(argument.text) for argument in node.arguments if argument.kind == "literal"}


def _host_widths(node: Node) -> list[int]:
    """Sizes that a number of heads must divide: the last axis of what flows through, and stated inner widths."""
    widths = [shape[-1] for shape in node.input_shapes if len(shape) == 3]
    for argument in node.arguments:
        if argument.kind == "literal" and _WIDTH_HINT.search(argument.name):
            value = _value(argument.text)
            widths += [value] if type(value) is int else []
    return widths


def _heads(value: object, widths: list[int]) -> list[int]:
    if type(value) is not int:
        return []
    return [n for n in (value // 2, value * 2) if n >= 1 and all(width % n == 0 for width in widths)]


def _counts(argument: Argument) -> list[tuple[object, float]]:
    """One more or one less, of a number or of one entry of a list."""
    value = _value(argument.text)
    if type(value) is int and value >= 1:
        return [(n, n / value) for n in (value - 1, value + 1) if n >= 1]
    if isinstance(value, tuple | list) and value and all(type(item) is int and item >= 1 for item in value):
        return [
            (type(value)([*value[:index], n, *value[index + 1 :]]), 1 + (n - item) / sum(value))
            for index, item in enumerate(value)
            for n in (item - 1, item + 1)
            if n >= 1
        ]
    return []


def _widths(argument: Argument) -> list[tuple[object, float]]:
    value = _value(argument.text)
    if type(value) is int and value >= 8:
        smaller_and_larger = [value // 2, value * 3 // 2, value * 2] if value % 2 == 0 else [value * 2]
        return [(width, width / value) for width in smaller_and_larger]
    if isinstance(value, tuple | list) and value and all(type(item) is int and item >= 8 for item in value):
        return [(type(value)([int(item * factor) for item in value]), factor) for factor in (1.5, 2.0)]
    return []


def _factors(argument: Argument) -> list[tuple[object, float]]:
    value = _value(argument.text)
    if type(value) is int and value >= 1:
        return [(n, n / value) for n in (value // 2, value * 2) if n >= 1]
    return [(value / 2, 0.5), (value * 2, 2.0)] if type(value) is float and value > 0 else []


def _rates(argument: Argument) -> list[tuple[object, float]]:
    value = _value(argument.text)
    if type(value) not in (int, float):
        return []
    return [(rate, 1.0) for rate in (0.0, 0.05, 0.1, 0.2) if rate != value]
