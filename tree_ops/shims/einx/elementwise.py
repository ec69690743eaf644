"""Functions of several tensors whose axes are matched by name: `einx.add("b n d, d", x, bias)`."""

import torch

from .axes import join_groups, lay_out, read_side, split_groups


def _output_side(sides, tensors):
    """Without `->`, the output looks like the one input that has all axes."""
    names = [set(side.replace("(", " ").replace(")", " ").split()) for side in sides]
    full = [side for side, found in zip(sides, names) if found == set().union(*names)]
    if not full:
        raise ValueError(f"no input of {', '.join(sides)!r} has all axes: write the output behind ->")
    return full[0]


def _elementwise(function, pattern, *tensors, **sizes):
    left, arrow, right = pattern.partition("->")
    sides = left.split(",")
    if len(sides) != len(tensors):
        raise ValueError(f"{pattern!r} has {len(sides)} inputs, but {len(tensors)} were given")
    right = right if arrow else _output_side(sides, tensors)
    device = next((tensor.device for tensor in tensors if isinstance(tensor, torch.Tensor)), None)
    tensors = [t if isinstance(t, torch.Tensor) else torch.as_tensor(t, device=device) for t in tensors]
    groups = [read_side(side, tensor.ndim) for side, tensor in zip(sides, tensors)]
    for tensor, found in zip(tensors, groups):
        sizes.update({group[0]: size for group, size in zip(found, tensor.shape) if len(group) == 1})
    parts = [split_groups(tensor, found, sizes) for tensor, found in zip(tensors, groups)]
    hidden = sorted({name for _, names in parts for name in names if name.startswith("...")}, reverse=True)
    groups = []
    for group in read_side(right):
        groups += [[name] for name in hidden] if group == ["..."] else [group]
    target = [name for group in groups for name in group]
    result = function(*(lay_out(tensor, names, target) for tensor, names in parts))
    return join_groups(result, target, groups, sizes)


def add(pattern, *tensors, **sizes):
    return _elementwise(lambda a, b: a + b, pattern, *tensors, **sizes)


def subtract(pattern, *tensors, **sizes):
    return _elementwise(lambda a, b: a - b, pattern, *tensors, **sizes)


def multiply(pattern, *tensors, **sizes):
    return _elementwise(lambda a, b: a * b, pattern, *tensors, **sizes)


def divide(pattern, *tensors, **sizes):
    return _elementwise(lambda a, b: a / b, pattern, *tensors, **sizes)


def maximum(pattern, *tensors, **sizes):
    return _elementwise(torch.maximum, pattern, *tensors, **sizes)


def minimum(pattern, *tensors, **sizes):
    return _elementwise(torch.minimum, pattern, *tensors, **sizes)


def where(pattern, *tensors, **sizes):
    return _elementwise(torch.where, pattern, *tensors, **sizes)


def less(pattern, *tensors, **sizes):
    return _elementwise(lambda a, b: a < b, pattern, *tensors, **sizes)


def less_equal(pattern, *tensors, **sizes):
    return _elementwise(lambda a, b: a <= b, pattern, *tensors, **sizes)


def greater(pattern, *tensors, **sizes):
    return _elementwise(lambda a, b: a > b, pattern, *tensors, **sizes)


def greater_equal(pattern, *tensors, **sizes):
    return _elementwise(lambda a, b: a >= b, pattern, *tensors, **sizes)


def equal(pattern, *tensors, **sizes):
    return _elementwise(lambda a, b: a == b, pattern, *tensors, **sizes)


def not_equal(pattern, *tensors, **sizes):
    return _elementwise(lambda a, b: a != b, pattern, *tensors, **sizes)


def logical_and(pattern, *tensors, **sizes):
    return _elementwise(torch.logical_and, pattern, *tensors, **sizes)


def logical_or(pattern, *tensors, **sizes):
    return _elementwise(torch.logical_or, pattern, *tensors, **sizes)
