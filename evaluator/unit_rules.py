"""What operations that compute do to units: keep each by itself, average them, share among them. Child side.

A rule gets the register, the operation's arguments and its result. Names are those of ATen, without the underscore of
operations that work in place.
"""

import math
from collections.abc import Callable
from typing import Any

from torch import Tensor

from archgraft.evaluator.unit_shapes import SHAPE_RULES, unchanged
from archgraft.evaluator.unit_sums import SUM_RULES
from archgraft.evaluator.units import UNFOLLOWED, Labels, Register, Rule, Units, named


def elementwise(register: Register, args: Any, result: Tensor) -> None:
    """Axes that meet, from the last one on, count the same units."""
    tensors = [value for value in args if isinstance(value, Tensor) and value.dim()]
    labels: Labels = []
    for back in range(result.dim(), 0, -1):
        meeting = [t for t in tensors if t.dim() >= back and t.shape[-back] == result.shape[-back] > 1]
        labels.append(register.unite((register.labels(t)[-back] for t in meeting), UNFOLLOWED))
        for tensor in meeting:
            register.note_giving(tensor, -back)
    for value in args:
        if isinstance(value, int | float):
            _check_number(float(value), labels)
    register.put(result, labels)


def _check_number(value: float, labels: Labels) -> None:
    """A factor that follows from the number of units changes with it."""
    for label in labels:
        for size in () if label is None else label.root.sizes:
            if any(math.isclose(abs(value), of_size, rel_tol=1e-6) for of_size in _scales(size)):
                assert label is not None
                label.endanger(f"a factor of {value:g} may follow from their number")


def _scales(size: int) -> tuple[float, ...]:
    return (size, 1 / size, math.sqrt(size), 1 / math.sqrt(size)) if size > 1 else ()


def fresh(register: Register, args: Any, result: Any) -> None:
    """Values that depend on no unit."""


def averaged(register: Register, args: Any, result: Tensor) -> None:
    """The mean over units stays when each has as many replicas as the others; the greatest stays in any case."""
    _reduced(register, args, result, Units.keep_uniform)


def greatest(register: Register, args: Any, result: Any) -> None:
    """`amax` and `amin`."""
    _reduced(register, args, result, lambda _units: None)


def summed(register: Register, args: Any, result: Tensor) -> None:
    """A sum over units grows with their replicas."""
    _reduced(register, args, result, lambda units: units.endanger("they are summed without weights"))


def _reduced(register: Register, args: Any, result: Tensor, note: Callable[[Units], None]) -> None:
    tensor = args[0]
    given = args[1] if len(args) > 1 and args[1] is not None else ()
    axes = {axis % tensor.dim() for axis in ([given] if isinstance(given, int) else given)} or set(range(tensor.dim()))
    labels: Labels = []
    for axis, label in enumerate(register.labels(tensor)):
        if axis not in axes:
            labels.append(label)
            continue
        if label is not None:
            note(label)
        if result.dim() == tensor.dim():
            labels.append(None)
    register.put(result, labels)


def softmax(register: Register, args: Any, result: Tensor) -> None:
    """Shares of a whole: replicas would take theirs."""
    register.cut(args[0], args[1] % args[0].dim(), "a softmax shares out among them")
    unchanged(register, args, result)


def batch_norm(register: Register, args: Any, result: Any) -> None:
    """Every channel by itself."""
    own = [register.labels(tensor)[0] for tensor in args[1:5] if isinstance(tensor, Tensor)]
    labels = register.labels(args[0])
    labels[1] = register.unite([labels[1], *own], UNFOLLOWED)
    register.put(result[0], labels)


def layer_norm(register: Register, args: Any, result: Any) -> None:
    """Mean and variance over the last axes stay when all units have as many replicas."""
    labels = register.labels(args[0])
    weights = [tensor for tensor in args[2:4] if isinstance(tensor, Tensor)]
    for back in range(1, len(args[1]) + 1):
        labels[-back] = register.unite([labels[-back], *(register.labels(w)[-back] for w in weights)], UNFOLLOWED)
        if (label := labels[-back]) is not None:
            label.keep_uniform()
    register.put(result[0], labels)


def group_norm(register: Register, args: Any, result: Any) -> None:
    """One group is like a layer norm; of several it isn't known whether their number grows with the width."""
    labels = register.labels(args[0])
    own = [register.labels(tensor)[0] for tensor in args[1:3] if isinstance(tensor, Tensor)]
    labels[1] = register.unite([labels[1], *own], UNFOLLOWED)
    if (label := labels[1]) is not None:
        label.keep_uniform()
        if args[6] > 1:
            label.endanger("they are normalised in groups")
    register.put(result[0], labels)


def pooled(register: Register, args: Any, result: Any) -> None:
    """Works on positions: samples and channels, the first two axes, stay."""
    output = result[0] if isinstance(result, tuple) else result
    tensor, labels = args[0], register.labels(args[0])
    n_kept = 2 if tensor.dim() > 2 else 0
    for axis in range(n_kept, tensor.dim()):
        register.cut(tensor, axis, "they are pooled or padded as positions")
    register.put(output, [*labels[:n_kept], *([None] * (output.dim() - n_kept))])


def looked_up(register: Register, args: Any, result: Tensor) -> None:
    """`embedding`: rows are chosen by number."""
    register.cut(args[0], 0, "they are chosen by number")
    register.note_giving(args[0], 1)
    register.put(result, [*([None] * (result.dim() - 1)), register.labels(args[0])[1]])


RULES: dict[str, Rule] = {
    **SHAPE_RULES,
    **SUM_RULES,
    **named(elementwise, "hardswish", "_prelu_kernel", "hardsigmoid", "softplus", "copy", "lerp"),
    **named(fresh, "empty", "zeros", "ones", "full", "arange", "linspace", "rand", "randn", "scalar_tensor", "eye"),
    **named(fresh, "empty_like", "zeros_like", "ones_like", "full_like", "rand_like", "randn_like"),
    **named(fresh, "fill", "normal", "uniform", "bernoulli", "zero", "new_empty", "new_zeros"),
    "mean": averaged,
    **named(greatest, "amax", "amin"),
    "sum": summed,
    **named(softmax, "_softmax", "_log_softmax"),
    **named(batch_norm, "native_batch_norm", "_native_batch_norm_legit_no_training", "_native_batch_norm_legit"),
    "native_layer_norm": layer_norm,
    "native_group_norm": group_norm,
    **named(pooled, "max_pool2d_with_indices", "avg_pool2d", "_adaptive_avg_pool2d", "avg_pool1d", "avg_pool3d"),
    **named(pooled, "upsample_nearest2d", "upsample_bilinear2d", "upsample_bicubic2d", "adaptive_max_pool2d"),
    "embedding": looked_up,
}
"""By the operation's name; what is not here and not elementwise loses its units."""
