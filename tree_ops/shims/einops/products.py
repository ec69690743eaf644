"""`einsum` with axis names of any length."""

import string

import torch


def einsum(*tensors_and_pattern):
    """Sum of products: `einsum(q, k, "b h i d, b h j d -> b h i j")`."""
    *tensors, pattern = tensors_and_pattern
    letters = {}

    def shorten(side):
        for name in side.split():
            if name != "..." and name not in letters:
                letters[name] = string.ascii_letters[len(letters)]
        return "".join("..." if name == "..." else letters[name] for name in side.split())

    if pattern.count("->") != 1:
        raise ValueError(f"an einsum pattern has two sides with -> between them, but got {pattern!r}")
    left, right = pattern.split("->")
    inputs = ",".join(shorten(side) for side in left.split(","))
    return torch.einsum(f"{inputs}->{shorten(right)}", *tensors)
