"""`rearrange`, `reduce` and `repeat`: split the axes, reduce, permute, expand, and join them again."""

import functools
import math

import torch


@functools.lru_cache(maxsize=1024)
def _parse_axes(side):
    """`b (h d) 1 ...` as (("b",), ("h", "d"), (), "..."): one group of names for each axis of the tensor."""
    groups, group = [], None
    for token in side.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(" and group is None:
            group = []
        elif token == ")" and group is not None:
            groups.append(tuple(group))
            group = None
        elif token in "()":
            raise ValueError(f"parentheses are not paired, or nested, in {side!r}")
        elif group is not None:
            group += [] if token == "1" else [token]
        else:
            groups.append({"1": (), "...": "..."}.get(token, (token,)))
    if group is not None:
        raise ValueError(f"parentheses are not paired in {side!r}")
    return tuple(groups)


def _expand_ellipsis(groups, n_hidden):
    """Name the axes behind `...`, so that they are axes like all others."""
    hidden = tuple(f"...{index}" for index in range(n_hidden))
    expanded = []
    for group in groups:
        if group == "...":
            expanded += [(name,) for name in hidden]
        else:
            expanded.append(tuple(name for part in group for name in (hidden if part == "..." else (part,))))
    return expanded


def _name_numbers(groups, mark, sizes):
    """Give each numeric axis (`2`) a name of its own, and its size."""
    named = []
    for position, group in enumerate(groups):
        names = [f"{mark}{position}.{i}" if name.isdigit() else name for i, name in enumerate(group)]
        sizes.update({new: int(old) for new, old in zip(names, group) if old.isdigit()})
        named.append(names)
    return named


def _infer_sizes(groups, shape, sizes, pattern):
    """Fill in the size of every axis; at most one in each group may be unknown."""
    for group, size in zip(groups, shape):
        unknown = [name for name in group if name not in sizes]
        known = math.prod(sizes[name] for name in group if name in sizes)
        if len(unknown) > 1:
            raise ValueError(f"the sizes of {', '.join(unknown)} are not known in {pattern!r}")
        if len(unknown) == 1 and known > 0 and size % known == 0:
            sizes[unknown[0]] = size // known
        elif unknown or known != size:
            raise ValueError(f"an axis of {size} does not fit ({' '.join(group)}) in {pattern!r}")


def _reduce_axes(tensor, reduction, axes):
    if callable(reduction):
        return reduction(tensor, axes)
    if reduction in ("min", "max"):
        return tensor.amin(axes) if reduction == "min" else tensor.amax(axes)
    if reduction in ("sum", "mean"):
        return tensor.sum(axes) if reduction == "sum" else tensor.mean(axes)
    if reduction in ("prod", "any", "all"):
        for axis in sorted(axes, reverse=True):
            tensor = getattr(tensor, reduction)(axis)
        return tensor
    raise ValueError(f"unknown reduction {reduction!r}")


def _transform(tensor, pattern, kind, reduction, sizes):
    if isinstance(tensor, (list, tuple)):
        tensor = torch.stack(tuple(tensor))
    if pattern.count("->") != 1:
        raise ValueError(f"a pattern has two sides with -> between them, but got {pattern!r}")
    left, right = (_parse_axes(side) for side in pattern.split("->"))
    n_hidden = tensor.ndim - len(left) + 1 if "..." in left else 0
    if n_hidden < 0 or ("..." not in left and len(left) != tensor.ndim):
        raise ValueError(f"a tensor of {tensor.ndim} axes does not fit {pattern!r}")
    sizes = dict(sizes)
    left = _name_numbers(_expand_ellipsis(left, n_hidden), "<", sizes)
    right = _name_numbers(_expand_ellipsis(right, n_hidden), ">", sizes)
    _infer_sizes(left, tensor.shape, sizes, pattern)
    sources = [name for group in left for name in group]
    targets = [name for group in right for name in group]
    if len(set(sources)) < len(sources) or len(set(targets)) < len(targets):
        raise ValueError(f"an axis appears twice on one side of {pattern!r}")
    gone = [index for index, name in enumerate(sources) if name not in targets]
    new = [name for name in targets if name not in sources]
    if (gone and kind != "reduce") or (new and kind != "repeat") or any(name not in sizes for name in new):
        raise ValueError(f"{kind} cannot remove or add axes in this way: {pattern!r}")
    tensor = tensor.reshape([sizes[name] for name in sources])
    if gone:
        tensor = _reduce_axes(tensor, reduction, tuple(gone))
    kept = [name for name in sources if name in targets]
    order = sorted(range(len(kept)), key=lambda index: targets.index(kept[index]))
    tensor = tensor.permute(order)
    for index, name in enumerate(targets):
        if name in new:
            tensor = tensor.unsqueeze(index)
    if new:
        tensor = tensor.expand([sizes[name] for name in targets])
    return tensor.reshape([math.prod(sizes[name] for name in group) for group in right])


def rearrange(tensor, pattern, **axes_lengths):
    """Reorder, split and join axes: `rearrange(x, "b (h d) n -> b h n d", h=8)`."""
    return _transform(tensor, pattern, "rearrange", None, axes_lengths)


def reduce(tensor, pattern, reduction, **axes_lengths):
    """Reduce the axes that the right side leaves out by min, max, sum, mean, prod, any, all or a function."""
    return _transform(tensor, pattern, "reduce", reduction, axes_lengths)


def repeat(tensor, pattern, **axes_lengths):
    """Rearrange, and repeat along axes that only the right side has."""
    return _transform(tensor, pattern, "repeat", None, axes_lengths)


def parse_shape(x, pattern):
    """The sizes of named axes: `parse_shape(x, "b c _ _")`."""
    names = pattern.split()
    if "..." in names:
        start = names.index("...")
        names[start : start + 1] = ["_"] * (x.ndim - len(names) + 1)
    if len(names) != x.ndim:
        raise ValueError(f"a tensor of {x.ndim} axes does not fit {pattern!r}")
    return {name: size for name, size in zip(names, x.shape) if name != "_" and not name.isdigit()}
