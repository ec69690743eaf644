"""Shims against what they stand for, where that is installed: transformers and einx are no development dependencies."""

import itertools
from typing import Any

import pytest
import torch

from archgraft.tree_ops.shims import einx as untyped_einx
from archgraft.tree_ops.shims.transformers import cache_utils as untyped_caches
from archgraft.tree_ops.shims.transformers import masking_utils as untyped_masks
from archgraft.tree_ops.shims.transformers import modeling_rope_utils as untyped_rotary

caches: Any = untyped_caches
einx: Any = untyped_einx
masks: Any = untyped_masks
rotary: Any = untyped_rotary

KINDS = ["causal", "sliding_window_causal", "chunked_causal", "bidirectional", "bidirectional_sliding_window"]
LAYERS = (["full_attention", "sliding_attention"], ["sliding_attention", "full_attention"])


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", KINDS)
def test_masks(implementation: str, kind: str) -> None:
    original: Any = pytest.importorskip("transformers")
    for n_queries, n_past, n_padded, layers in itertools.product((1, 3, 6), (0, 2, 5), (None, 0, 1, 2), LAYERS):
        config = original.PreTrainedConfig(num_hidden_layers=2, layer_types=layers)
        config.sliding_window = config.attention_chunk_size = 3
        config._attn_implementation = implementation
        padding = None
        if n_padded is not None:
            padding = torch.ones(2, n_queries + n_past, dtype=torch.long)
            padding[0, :n_padded] = 0
        found = []
        for module, cache_module in ((original.masking_utils, original.cache_utils), (masks, caches)):
            cache: Any = cache_module.DynamicCache(config=config) if n_past else None
            for layer in range(2 if n_past else 0):
                cache.update(torch.zeros(2, 1, n_past, 4), torch.zeros(2, 1, n_past, 4), layer)
            create = getattr(module, f"create_{kind}_mask")
            found.append(create(config, torch.zeros(2, n_queries, 4), padding, past_key_values=cache))
        theirs, ours = found
        assert (theirs is None) == (ours is None)
        assert theirs is None or torch.equal(theirs, ours)


@pytest.mark.parametrize("n_positions", [None, 100, 8000])
@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("linear", {}),
        ("dynamic", {}),
        ("proportional", {"partial_rotary_factor": 0.5}),
        ("yarn", {}),
        ("yarn", {"mscale": 0.7, "mscale_all_dim": 0.5, "truncate": False}),
        ("llama3", {"low_freq_factor": 1.0, "high_freq_factor": 4.0}),
        ("longrope", {"long_factor": [2.0, 3.0, 4.0, 5.0], "short_factor": [1.0, 1.1, 1.2, 1.3]}),
    ],
)
def test_rotary_frequencies(kind: str, parameters: dict[str, Any], n_positions: int | None) -> None:
    original: Any = pytest.importorskip("transformers")
    config = original.PreTrainedConfig(head_dim=8, hidden_size=32, num_attention_heads=4, max_position_embeddings=4096)
    shared = {"rope_type": kind, "rope_theta": 1e4, "factor": 4.0, "original_max_position_embeddings": 1024}
    config.rope_parameters = shared | parameters
    theirs = original.modeling_rope_utils.ROPE_INIT_FUNCTIONS[kind](config, "cpu", seq_len=n_positions)
    ours = rotary.ROPE_INIT_FUNCTIONS[kind](config, "cpu", seq_len=n_positions)
    torch.testing.assert_close(ours[0], theirs[0])
    assert ours[1] == pytest.approx(theirs[1])


@pytest.mark.parametrize(
    ("function", "pattern", "shapes"),
    [
        ("multiply", "b n, b", [(2, 3), (2,)]),
        ("subtract", "j, i -> i j", [(2,), (3,)]),
        ("subtract", "i, j -> 1 1 i j", [(2,), (3,)]),
        ("add", "... j, ... i -> ... i j", [(5, 2), (5, 3)]),
        ("add", "b n d, s n d -> (b s) n d", [(2, 3, 5), (4, 3, 5)]),
        ("less", "n, b -> b n", [(2,), (3,)]),
        ("sum", "... c -> ...", [(2, 3, 4)]),
        ("mean", "b [n] d", [(2, 3, 4)]),
        ("max", "b n d -> d b", [(2, 3, 4)]),
    ],
)
def test_einx(function: str, pattern: str, shapes: list[tuple[int, ...]]) -> None:
    original: Any = pytest.importorskip("einx")
    tensors = [torch.randn(shape) for shape in shapes]
    torch.testing.assert_close(
        getattr(einx, function)(pattern, *tensors), getattr(original, function)(pattern, *tensors)
    )
