"""Changes of a convolution that a change of its weight makes up for."""

from collections.abc import Mapping

from archgraft.tree_ops.syntax import literal

CONVOLUTIONS = {"torch.nn.Conv1d": 1, "torch.nn.Conv2d": 2, "torch.nn.Conv3d": 3}
"""Definitions, with their number of positional axes."""

Arguments = Mapping[str, str]


def grown_kernel(definition: str, before: Arguments, after: Arguments) -> bool:
    """Whether only the kernel grows, and the padding with it, so that zeros around the old kernel change nothing."""
    n_axes = CONVOLUTIONS.get(definition)
    if n_axes is None or not _only({"kernel_size", "padding"}, before, after):
        return False
    sizes = [_per_axis(arguments, name, n_axes) for arguments in (before, after) for name in ("kernel_size", "padding")]
    dilation = _per_axis(before, "dilation", n_axes)
    if None in sizes or dilation is None:
        return False
    old_kernel, old_padding, new_kernel, new_padding = (size or () for size in sizes)
    grown = [new - old for old, new in zip(old_kernel, new_kernel, strict=True)]
    padded = [new - old for old, new in zip(old_padding, new_padding, strict=True)]
    return (
        any(grown)
        and all(g >= 0 and g % 2 == 0 for g in grown)
        and all(2 * p == g * d for p, g, d in zip(padded, grown, dilation, strict=True))
    )


def merged_groups(definition: str, before: Arguments, after: Arguments) -> bool:
    """Whether only the number of groups falls, to a divisor, so that blocks of zeros keep the old groups apart."""
    if definition not in CONVOLUTIONS or not _only({"groups"}, before, after):
        return False
    old, new = (_number(arguments.get("groups", "")) for arguments in (before, after))
    return old is not None and new is not None and new < old and old % new == 0


def _only(names: set[str], before: Arguments, after: Arguments) -> bool:
    return before.keys() == after.keys() and {name for name in before if before[name] != after[name]} <= names


def _per_axis(arguments: Arguments, name: str, n_axes: int) -> tuple[int, ...] | None:
    value = _value(arguments.get(name, ""))
    if type(value) is int:
        return (value,) * n_axes
    if isinstance(value, tuple | list) and len(value) == n_axes and all(type(item) is int for item in value):
        return tuple(value)
    return None


def _number(text: str) -> int | None:
    value = _value(text)
    return value if type(value) is int else None


def _value(text: str) -> object:
    try:
        return literal(text)
    except (ValueError, SyntaxError):
        return None
