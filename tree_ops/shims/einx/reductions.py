"""Reductions by name: `einx.mean("b n d -> b d", x)`, or of what stands in brackets: `einx.mean("b [n] d", x)`."""

import torch

from .axes import join_groups, lay_out, read_side, split_groups


def _reduce(function, pattern, tensor, **sizes):
    left, arrow, right = pattern.partition("->")
    if not arrow:
        marked = left.replace("[", " [ ").replace("]", " ] ").split()
        inside, kept = False, []
        for token in marked:
            inside = token == "[" or (inside and token != "]")
            kept += [] if inside or token == "]" else [token]
        right = " ".join(kept)
    groups = read_side(left.replace("[", " ").replace("]", " "), tensor.ndim)
    tensor, names = split_groups(tensor, groups, sizes)
    hidden = [name for name in names if name.startswith("...")]
    kept = []
    for group in read_side(right):
        kept += [[name] for name in hidden] if group == ["..."] else [group]
    target = [name for group in kept for name in group]
    for axis in reversed([index for index, name in enumerate(names) if name not in target]):
        tensor = function(tensor, axis)
        names = names[:axis] + names[axis + 1 :]
    return join_groups(lay_out(tensor, names, target), target, kept, sizes)


def sum(pattern, tensor, **sizes):
    return _reduce(torch.sum, pattern, tensor, **sizes)


def mean(pattern, tensor, **sizes):
    return _reduce(torch.mean, pattern, tensor, **sizes)


def prod(pattern, tensor, **sizes):
    return _reduce(torch.prod, pattern, tensor, **sizes)


def max(pattern, tensor, **sizes):
    return _reduce(torch.amax, pattern, tensor, **sizes)


def min(pattern, tensor, **sizes):
    return _reduce(torch.amin, pattern, tensor, **sizes)


def any(pattern, tensor, **sizes):
    return _reduce(torch.any, pattern, tensor, **sizes)


def all(pattern, tensor, **sizes):
    return _reduce(torch.all, pattern, tensor, **sizes)
