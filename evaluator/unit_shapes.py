"""What operations that move values about do to units: hand them on, cut them up, or lose them. Child side."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from archgraft.evaluator.units import UNFOLLOWED, Labels, Register, Rule, named

_RESHAPED = "a reshape takes them apart or merges them"


def unchanged(register: Register, args: Any, result: Tensor) -> None:
    """The same values in the same places."""
    register.put(result, register.labels(args[0]), register.places(args[0]))


def permuted(order: Callable[[Any, int], Sequence[int]]) -> Rule:
    """Axes in another order."""

    def rule(register: Register, args: Any, result: Tensor) -> None:
        given = order(args, args[0].dim())
        places = register.places(args[0])
        labels = register.labels(args[0])
        register.put(result, [labels[a] for a in given], None if places is None else [places[a] for a in given])

    return rule


def _transposed(args: Any, n_axes: int) -> list[int]:
    order = list(range(n_axes))
    first, second = (args[1] % n_axes, args[2] % n_axes) if len(args) > 2 else (0, n_axes - 1)
    order[first], order[second] = order[second], order[first]
    return order


def viewed(register: Register, args: Any, result: Tensor) -> None:
    """Axes that a new shape keeps are kept; those that it merges or splits are lost. Axes of one position don't count.

    Also for what adds or drops axes of one position (unsqueeze, squeeze), and for expanding.
    """
    old, labels, places = args[0], register.labels(args[0]), register.places(args[0])
    new_labels: Labels = [None] * result.dim()
    new_places: list[Any] = [None] * result.dim()
    for before, after in shape_blocks(tuple(old.shape), tuple(result.shape)):
        if len(before) == len(after) == 1:
            new_labels[after[0]] = labels[before[0]]
            new_places[after[0]] = None if places is None else places[before[0]]
        else:
            for axis in before:
                if (label := labels[axis]) is not None:
                    label.endanger(_RESHAPED)
    register.put(result, new_labels, None if places is None else new_places)


def shape_blocks(old: tuple[int, ...], new: tuple[int, ...]) -> list[tuple[list[int], list[int]]]:
    """The finest blocks of axes, in order, that hold the same number of elements before and after a reshape."""
    before = [axis for axis, size in enumerate(old) if size != 1]
    after = [axis for axis, size in enumerate(new) if size != 1]
    blocks: list[tuple[list[int], list[int]]] = []
    while before or after:
        left, right = [before.pop(0)] if before else [], [after.pop(0)] if after else []
        while (taken := math.prod(old[a] for a in left)) != (given := math.prod(new[a] for a in right)):
            side, rest = (left, before) if taken < given else (right, after)
            if not rest:
                return [*blocks, ([*left, *before], [*right, *after])]
            side.append(rest.pop(0))
        blocks.append((left, right))
    return blocks


def restrided(register: Register, args: Any, result: Tensor) -> None:
    """`as_strided` with the same axes in the same order, as pooling does to what it gives; anything else is lost."""
    steps = [step for size, step in zip(args[1], args[2], strict=True) if size > 1]
    if tuple(args[1]) != tuple(args[0].shape) or steps != sorted(steps, reverse=True):
        for label in register.labels(args[0]):
            if label is not None:
                label.endanger("they pass through as_strided")
        return
    unchanged(register, args, result)


def expanded(register: Register, args: Any, result: Tensor) -> None:
    """Axes of one position are repeated, new ones put in front; the others stay."""
    labels = register.labels(args[0])
    register.put(result, [*([None] * (result.dim() - len(labels))), *labels])


def split(register: Register, args: Any, result: Sequence[Tensor]) -> None:
    """Equal parts of units are as good as the whole, when all have the same number of replicas, side by side."""
    tensor = args[0]
    axis = (args[2] if len(args) > 2 else 0) % tensor.dim()
    labels = register.labels(tensor)
    if (label := labels[axis]) is not None:
        label.keep_uniform()
        if len({part.shape[axis] for part in result}) > 1:
            label.endanger("they are cut into unequal parts")
        else:
            label.root.sizes.add(result[0].shape[axis])
    for part in result:
        register.put(part, labels)


def sliced(register: Register, args: Any, result: Tensor) -> None:
    """As a whole it is handed on, halves count as parts of the units, anything else loses that axis."""
    tensor = args[0]
    axis = (args[1] if len(args) > 1 else 0) % tensor.dim()
    labels, n, kept = register.labels(tensor), tensor.shape[axis], result.shape[axis]
    if kept != n and (label := labels[axis]) is not None:
        label.keep_uniform()
        start = args[2] if len(args) > 2 and args[2] is not None else 0
        step = args[4] if len(args) > 4 else 1
        if step != 1 or 2 * kept != n or start not in (0, kept, -kept):
            label.endanger("some of them are cut off")
            labels[axis] = None
        else:
            label.root.sizes.add(kept)
    register.put(result, labels, register.places(tensor) if kept == n else None)


def gated_halves(register: Register, args: Any, result: Tensor) -> None:
    """`glu`: the second half gates the first."""
    labels = register.labels(args[0])
    axis = (args[1] if len(args) > 1 else -1) % args[0].dim()
    if (label := labels[axis]) is not None:
        label.keep_uniform()
        label.root.sizes.add(result.shape[axis])
    register.put(result, labels)


def selected(register: Register, args: Any, result: Any) -> None:
    """One position of an axis, or each by itself: that axis is gone."""
    tensor = args[0]
    axis = (args[1] if len(args) > 1 else 0) % tensor.dim()
    register.cut(tensor, axis, "they are told apart by position")
    labels = register.labels(tensor)
    del labels[axis]
    for part in result if isinstance(result, tuple | list) else [result]:
        register.put(part, labels)


def joined(register: Register, args: Any, result: Tensor) -> None:
    """Tensors end to end: the other axes meet position by position, and the joined one is followed no further."""
    tensors = [tensor for tensor in args[0] if tensor.numel()]
    axis = (args[1] if len(args) > 1 else 0) % result.dim()
    for tensor in tensors:
        register.cut(tensor, axis, "they are concatenated with others")
    labels = [
        None if place == axis else register.unite((register.labels(t)[place] for t in tensors), UNFOLLOWED)
        for place in range(result.dim())
    ]
    register.put(result, labels)


def stacked(register: Register, args: Any, result: Tensor) -> None:
    """Tensors side by side along a new axis."""
    axis = (args[1] if len(args) > 1 else 0) % result.dim()
    labels = [
        register.unite((register.labels(t)[place] for t in args[0]), UNFOLLOWED) for place in range(args[0][0].dim())
    ]
    register.put(result, [*labels[:axis], None, *labels[axis:]])


def padded(register: Register, args: Any, result: Tensor) -> None:
    """Axes that keep their size stay."""
    tensor, labels = args[0], register.labels(args[0])
    for axis, (before, after) in enumerate(zip(tensor.shape, result.shape, strict=True)):
        if before != after:
            register.cut(tensor, axis, "they are padded")
            labels[axis] = None
    register.put(result, labels)


def moved(register: Register, args: Any, result: Tensor) -> None:
    """`roll` and `flip`: axes whose positions move lose their name."""
    tensor, labels = args[0], register.labels(args[0])
    given = args[-1]
    for axis in [given] if isinstance(given, int) else given:
        register.cut(tensor, axis % tensor.dim(), "their order is changed")
        labels[axis % tensor.dim()] = None
    register.put(result, labels)


SHAPE_RULES: dict[str, Rule] = {
    **named(unchanged, "clone", "detach", "alias", "_to_copy", "lift_fresh", "contiguous", "dropout"),
    **named(permuted(_transposed), "t", "transpose"),
    "permute": permuted(lambda args, n_axes: [axis % n_axes for axis in args[1]]),
    **named(viewed, "view", "_unsafe_view", "reshape", "_reshape_alias", "unsqueeze", "squeeze"),
    "expand": expanded,
    "as_strided": restrided,
    **named(split, "split", "split_with_sizes", "chunk"),
    "slice": sliced,
    "glu": gated_halves,
    **named(selected, "select", "unbind"),
    "cat": joined,
    "stack": stacked,
    **named(padded, "constant_pad_nd", "reflection_pad2d", "replication_pad2d", "reflection_pad1d"),
    **named(moved, "roll", "flip"),
}
