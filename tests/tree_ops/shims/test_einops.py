"""The shim against the real einops."""

from typing import Any

import einops
import einops.layers.torch as real_layers
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from archgraft.tree_ops.shims import einops as untyped_shim
from archgraft.tree_ops.shims.einops.layers import torch as untyped_layers

shim: Any = untyped_shim  # written without annotations, to be short where it is inlined
shim_layers: Any = untyped_layers

PATTERNS = [
    ("rearrange", "b c h w -> b (h w) c", (2, 3, 4, 5), {}),
    ("rearrange", "b (h d) n -> b h n d", (2, 6, 4), {"h": 3}),
    ("rearrange", "b c (h p1) (w p2) -> b (h w) (p1 p2 c)", (2, 3, 4, 6), {"p1": 2, "p2": 3}),
    ("rearrange", "b ... d -> b (...) d", (2, 3, 4, 5), {}),
    ("rearrange", "... (h d) -> h ... d", (2, 3, 8), {"h": 2}),
    ("rearrange", "b n -> b 1 n ()", (2, 3), {}),
    ("rearrange", "b 1 n () -> (b n)", (2, 1, 3, 1), {}),
    ("rearrange", "... -> (...)", (2, 3), {}),
    ("rearrange", "(a b) -> b a", (0,), {"a": 2}),
    ("repeat", "h w -> b (h 2) (w r)", (2, 3), {"b": 4, "r": 3}),
    ("repeat", "() n d -> b n d", (1, 3, 4), {"b": 2}),
    ("repeat", "... d -> ... d r", (2, 3), {"r": 2}),
    ("reduce", "b c (h 2) (w p) -> b c h w", (2, 3, 4, 6), {"p": 3}),
    ("reduce", "b ... -> b", (2, 3, 4), {}),
    ("reduce", "b c h w -> b c () 1", (2, 3, 4, 5), {}),
    ("reduce", "... -> ", (2, 3), {}),
]


def both(kind: Any, *arguments: Any, **sizes: Any) -> Any:
    return getattr(shim, kind)(*arguments, **sizes), getattr(einops, kind)(*arguments, **sizes)


@pytest.mark.parametrize(("kind", "pattern", "shape", "sizes"), PATTERNS)
def test_common_patterns_give_what_einops_gives(kind: Any, pattern: Any, shape: Any, sizes: Any) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    for reduction in [("max",), ("min",), ("sum",), ("mean",), ("prod",)] if kind == "reduce" else [()]:
        ours, theirs = both(kind, x, pattern, *reduction, **sizes)
        torch.testing.assert_close(ours, theirs)


@given(st.data())
def test_any_split_permutation_and_join_gives_what_einops_gives(data: Any) -> None:
    names = list("abcde")[: data.draw(st.integers(1, 5))]
    sizes = {name: data.draw(st.integers(1, 3)) for name in names}

    def side(order: Any) -> Any:
        parts, position = [], 0
        while position < len(order):
            n = data.draw(st.integers(1, 3))
            group = order[position : position + n]
            parts.append(group[0] if len(group) == 1 else f"({' '.join(group)})")
            position += n
        return parts

    left = side(names)
    shape = [torch.Size([sizes[name] for name in part.strip("()").split()]).numel() for part in left]
    right = data.draw(st.permutations(names))
    x = torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape)
    ours, theirs = both("rearrange", x, f"{' '.join(left)} -> {' '.join(side(right))}", **sizes)
    assert torch.equal(ours, theirs)
    kept = right[: data.draw(st.integers(0, len(right)))]
    ours, theirs = both("reduce", x, f"{' '.join(left)} -> {' '.join(kept)}", "sum", **sizes)
    assert torch.equal(ours, theirs)
    ours, theirs = both("repeat", x, f"{' '.join(left)} -> new {' '.join(right)}", new=2, **sizes)
    assert torch.equal(ours, theirs)


def test_lists_of_tensors_are_stacked() -> None:
    parts = [torch.ones(2, 3), torch.zeros(2, 3)]
    ours, theirs = both("rearrange", parts, "n a b -> a n b")
    assert torch.equal(ours, theirs)


def test_products_packing_and_shapes() -> None:
    q, k = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 6, 5)
    ours, theirs = both("einsum", q, k, "batch head i d, batch head j d -> batch head i j")
    torch.testing.assert_close(ours, theirs)
    tensors = [torch.randn(2, 7), torch.randn(2, 3, 7), torch.randn(2, 3, 4, 7)]
    (packed, shapes), (expected, expected_shapes) = both("pack", tensors, "b * d")
    assert torch.equal(packed, expected)
    assert [tuple(shape) for shape in shapes] == [tuple(shape) for shape in expected_shapes]
    for ours, theirs in zip(*both("unpack", packed, shapes, "b * d"), strict=True):
        assert torch.equal(ours, theirs)
    for ours, theirs in zip(*both("unpack", packed, [(1,), (-1,)], "b * d"), strict=True):
        assert torch.equal(ours, theirs)
    assert shim.parse_shape(q, "b _ n ...") == einops.parse_shape(q, "b _ n ...") == {"b": 2, "n": 4}


@pytest.mark.parametrize(
    "pattern",
    [
        "b c -> b",
        "b -> b",
        "b (h c) -> b c h",
        "b (c 5) -> b c",
        "b b -> b",
        "b (c -> b c",
        "b c -> b c d",
        "(b 4) c -> b c",
    ],
)
def test_patterns_that_einops_refuses_are_refused(pattern: Any) -> None:
    x = torch.zeros(2, 6)
    with pytest.raises(einops.EinopsError):
        einops.rearrange(x, pattern)
    with pytest.raises(ValueError, match=r"\w"):
        shim.rearrange(x, pattern)


def test_layers() -> None:
    x = torch.randn(2, 6, 4)
    ours = shim_layers.Rearrange("b (h d) n -> b h n d", h=2)
    theirs = real_layers.Rearrange("b (h d) n -> b h n d", h=2)
    assert torch.equal(ours(x), theirs(x))
    assert repr(ours) == "Rearrange('b (h d) n -> b h n d', h=2)"
    assert torch.equal(shim_layers.Reduce("b c n -> b c", "max")(x), real_layers.Reduce("b c n -> b c", "max")(x))
