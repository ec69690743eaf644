"""Reading patterns, and laying tensors out along named axes."""

import math


def read_side(side, n_axes=None):
    """`b (h d) ... 1` as one list of names for each axis; with `n_axes`, what `...` stands for is named."""
    groups, group = [], None
    for token in side.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(":
            group = []
        elif token == ")":
            groups.append(group)
            group = None
        elif group is not None:
            group.append(token)
        else:
            groups.append([] if token == "1" else [token])
    if n_axes is not None and ["..."] in groups:
        start = groups.index(["..."])
        hidden = range(n_axes - len(groups) + 1)
        groups[start : start + 1] = [[f"...{len(hidden) - index}"] for index in hidden]
    if n_axes is not None and len(groups) != n_axes:
        raise ValueError(f"a tensor of {n_axes} axes does not fit {side!r}")
    return groups


def split_groups(tensor, groups, sizes):
    """The tensor with one axis for each name; sizes of names are noted. At most one of a group may be unknown."""
    shape = []
    for size, group in zip(tensor.shape, groups):
        unknown = [name for name in group if name not in sizes]
        known = math.prod(sizes[name] for name in group if name in sizes)
        if len(unknown) > 1:
            raise ValueError(f"the sizes of {', '.join(unknown)} are not known")
        if unknown:
            sizes[unknown[0]] = size // known
        if math.prod(sizes[name] for name in group) != size:
            raise ValueError(f"an axis of {size} does not fit ({' '.join(group)})")
        shape += [sizes[name] for name in group]
    return tensor.reshape(shape), [name for group in groups for name in group]


def lay_out(tensor, names, target):
    """The tensor with its named axes in the order of `target`, and an axis of 1 for each name that it lacks."""
    order = [names.index(name) for name in target if name in names]
    tensor = tensor.permute(order)
    for position, name in enumerate(target):
        if name not in names:
            tensor = tensor.unsqueeze(position)
    return tensor


def join_groups(tensor, names, groups, sizes):
    """The inverse of `split_groups`, for the output: (names) -> groups; axes that nothing has get their size here."""
    tensor = tensor.expand([sizes[name] for name in names])
    return tensor.reshape([math.prod(sizes[name] for name in group) for group in groups])
