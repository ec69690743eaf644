"""`pack` and `unpack`: join tensors along the axes that `*` stands for, and take them apart again."""

import math

import torch


def _around_star(pattern):
    names = pattern.split()
    if names.count("*") != 1:
        raise ValueError(f"a packing pattern has one *, but got {pattern!r}")
    start = names.index("*")
    return start, len(names) - start - 1


def pack(tensors, pattern):
    """Flatten what `*` stands for in each tensor and concatenate; also the flattened shapes, for `unpack`."""
    n_before, n_after = _around_star(pattern)
    parts, shapes = [], []
    for one in tensors:
        end = one.ndim - n_after
        if end < n_before:
            raise ValueError(f"a tensor of {one.ndim} axes does not fit {pattern!r}")
        shape = one.shape[n_before:end]
        shapes.append(shape)
        parts.append(one.reshape(*one.shape[:n_before], math.prod(shape), *one.shape[end:]))
    return torch.cat(parts, dim=n_before), shapes


def unpack(tensor, packed_shapes, pattern):
    """The tensors that `pack` joined; one length may be -1."""
    n_before, n_after = _around_star(pattern)
    if tensor.ndim != n_before + n_after + 1:
        raise ValueError(f"a tensor of {tensor.ndim} axes does not fit {pattern!r}")
    lengths = [-1 if -1 in shape else math.prod(shape) for shape in packed_shapes]
    if lengths.count(-1) > 1:
        raise ValueError(f"at most one of the packed shapes may hold -1, but got {packed_shapes}")
    rest = tensor.shape[n_before] - sum(length for length in lengths if length >= 0)
    parts = tensor.split([rest if length < 0 else length for length in lengths], dim=n_before)
    before, after = tensor.shape[:n_before], tensor.shape[n_before + 1 :]
    return [part.reshape(*before, *shape, *after) for part, shape in zip(parts, packed_shapes)]
