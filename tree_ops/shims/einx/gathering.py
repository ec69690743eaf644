"""Reading a tensor at given places: `einx.get_at("b n [l], b n -> b n", values, places)`."""

import torch

from .axes import lay_out, read_side, split_groups


def get_at(pattern, tensor, places, **sizes):
    """The values at `places` (whole numbers) along the one axis in brackets; all other axes are matched by name."""
    left, arrow, right = pattern.partition("->")
    from_side, at_side = left.split(",")
    tensor, names = split_groups(tensor, read_side(from_side.replace("[", " ").replace("]", " "), tensor.ndim), sizes)
    axis = from_side.partition("[")[2].partition("]")[0].strip()
    if not arrow or axis not in names:
        raise ValueError(f"get_at needs one axis in brackets and an output, but got {pattern!r}")
    places, at_names = split_groups(places, read_side(at_side, places.ndim), sizes)
    target = right.split()
    index = []
    for name in names:
        if name == axis:
            index.append(lay_out(places, at_names, target))
        else:
            line = torch.arange(sizes[name], device=tensor.device)
            index.append(lay_out(line, [name], target))
    return tensor[tuple(index)].expand([sizes[name] for name in target])
