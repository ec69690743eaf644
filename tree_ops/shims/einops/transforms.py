"""`rearrange`, `reduce` and `repeat`: split the axes, reduce, permute, expand, and join them again.

Kept short, since it stands in every source that uses it; a pattern that doesn't fit the tensor is refused, a pattern
that is wrong in itself mostly.
"""

import functools
import math
import re

import torch


@functools.lru_cache(maxsize=1024)
def _groups(side, n_hidden, mark=""):
    """`b (h d) 1 ...` as one list of axes for each dimension; a number is told apart by where it stands."""
    side = side.replace("...", " ".join(f".{index}" for index in range(n_hidden)))
    groups = [token.strip("()").split() for token in re.findall(r"\([^()]*\)|[^\s()]+|[()]", side)]
    return [
        [(int(a), mark, i, j) if a.isdigit() else a for j, a in enumerate(g) if a != "1"] for i, g in enumerate(groups)
    ]


def _split(tensor, pattern, sizes):
    """The tensor with one dimension for each axis on the left, these axes, the groups on the right, and all sizes."""
    tensor = torch.stack(tuple(tensor)) if isinstance(tensor, (list, tuple)) else tensor
    left, right = pattern.split("->")
    n_hidden = tensor.ndim - len(_groups(left, 0)) if "..." in left else 0
    left, right = _groups(left, n_hidden), _groups(right, n_hidden, ">")
    if len(left) != tensor.ndim:
        raise ValueError(f"a tensor of {tensor.ndim} axes does not fit {pattern!r}")
    sizes = {**sizes, **{axis: axis[0] for group in left + right for axis in group if isinstance(axis, tuple)}}
    for group, size in zip(left, tensor.shape):
        unknown = [axis for axis in group if axis not in sizes]
        for axis in unknown[:1]:
            sizes[axis] = size // max(1, math.prod(sizes[known] for known in group if known in sizes))
        if len(unknown) > 1 or math.prod(sizes[axis] for axis in group) != size:
            raise ValueError(f"an axis of {size} does not fit {group} in {pattern!r}")
    axes = [axis for group in left for axis in group]
    return tensor.reshape([sizes[axis] for axis in axes]), axes, right, sizes


def rearrange(tensor, pattern, **axes_lengths):
    """Reorder, split and join axes: `rearrange(x, "b (h d) n -> b h n d", h=8)`."""
    tensor, axes, right, sizes = _split(tensor, pattern, axes_lengths)
    targets = [axis for group in right for axis in group]
    if len(targets) != len(axes) or set(targets) != set(axes):
        raise ValueError(f"rearrange cannot remove, add or repeat axes: {pattern!r}")
    tensor = tensor.permute([axes.index(axis) for axis in targets])
    return tensor.reshape([math.prod(sizes[axis] for axis in group) for group in right])


def _reduced(tensor, reduction, dims):
    if callable(reduction):
        return reduction(tensor, dims)
    if reduction in ("prod", "any", "all"):
        return functools.reduce(lambda found, dim: getattr(found, reduction)(dim), dims[::-1], tensor)
    return getattr(tensor, {"min": "amin", "max": "amax"}.get(reduction, reduction))(dims)


def reduce(tensor, pattern, reduction, **axes_lengths):
    """Reduce the axes that the right side leaves out by min, max, sum, mean, prod, any, all or a function."""
    tensor, axes, right, sizes = _split(tensor, pattern, axes_lengths)
    targets = [axis for group in right for axis in group]
    dims = tuple(dim for dim, axis in enumerate(axes) if axis not in targets)
    kept = [axis for axis in axes if axis in targets]
    if sorted(map(str, targets)) != sorted(map(str, kept)):
        raise ValueError(f"reduce cannot add or repeat axes: {pattern!r}")
    tensor = _reduced(tensor, reduction, dims) if dims else tensor
    tensor = tensor.permute([kept.index(axis) for axis in targets])
    return tensor.reshape([math.prod(sizes[axis] for axis in group) for group in right])


def repeat(tensor, pattern, **axes_lengths):
    """Rearrange, and repeat along axes that only the right side has."""
    tensor, axes, right, sizes = _split(tensor, pattern, axes_lengths)
    targets = [axis for group in right for axis in group]
    new = [axis for axis in targets if axis not in axes]
    if len(set(targets)) != len(axes) + len(new) or any(axis not in sizes for axis in new):
        raise ValueError(f"repeat cannot remove or repeat axes, and needs the sizes of new ones: {pattern!r}")
    tensor = tensor[(..., *[None] * len(new))].permute([(axes + new).index(axis) for axis in targets])
    tensor = tensor.expand([sizes[axis] for axis in targets])
    return tensor.reshape([math.prod(sizes[axis] for axis in group) for group in right])


def parse_shape(x, pattern):
    """The sizes of named axes: `parse_shape(x, "b c _ _")`."""
    names = pattern.split()
    if "..." in names:
        start = names.index("...")
        names[start : start + 1] = ["_"] * (x.ndim - len(names) + 1)
    if len(names) != x.ndim:
        raise ValueError(f"a tensor of {x.ndim} axes does not fit {pattern!r}")
    return {name: size for name, size in zip(names, x.shape) if name != "_" and not name.isdigit()}
