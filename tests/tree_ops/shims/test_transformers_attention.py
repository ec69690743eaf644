"""Attention, masks and caches of models of transformers, against what they stand for."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

from archgraft.tree_ops.shims.transformers import activations as untyped_activations
from archgraft.tree_ops.shims.transformers import attention_functions as untyped_attention
from archgraft.tree_ops.shims.transformers import cache_utils as untyped_caches
from archgraft.tree_ops.shims.transformers import masking_utils as untyped_masks
from archgraft.tree_ops.shims.transformers import modeling_rope_utils as untyped_rotary
from archgraft.tree_ops.shims.transformers import modeling_utils as untyped_models

activations: Any = untyped_activations
attention: Any = untyped_attention
caches: Any = untyped_caches
masks: Any = untyped_masks
models: Any = untyped_models
rotary: Any = untyped_rotary

LOWEST = torch.finfo(torch.float32).min


class Config(SimpleNamespace):
    def get_text_config(self, decoder: bool | None = None) -> "Config":
        return self


def config(implementation: str = "sdpa", **values: Any) -> Config:
    return Config(_attn_implementation=implementation, **values)


def embeds(n_positions: int, n_samples: int = 1) -> torch.Tensor:
    return torch.zeros(n_samples, n_positions, 4)


def written(mask: torch.Tensor) -> list[str]:
    """The mask of the first sample, a line for each query."""
    allowed = mask if mask.dtype == torch.bool else mask == 0
    return ["".join("x" if one else "." for one in row) for row in allowed[0, 0]]


# Masks


def test_a_causal_mask_sees_itself_and_what_came_before() -> None:
    mask = masks.create_causal_mask(config("eager"), embeds(3), None, None)
    assert written(mask) == ["x..", "xx.", "xxx"]
    assert mask.dtype == torch.float32
    assert mask.min() == LOWEST
    assert masks.create_causal_mask(config(), embeds(3), None, None) is None


def test_padding_is_never_seen() -> None:
    padding = torch.tensor([[0, 1, 1]])
    assert written(masks.create_causal_mask(config(), embeds(3), padding, None)) == ["...", ".x.", ".xx"]
    assert written(masks.create_bidirectional_mask(config(), embeds(3), padding)) == [".xx", ".xx", ".xx"]
    assert masks.create_bidirectional_mask(config("eager"), embeds(3), torch.ones(1, 3)) is None


def test_windows_and_chunks_reach_as_far_as_the_configuration_says() -> None:
    window = config(sliding_window=2, attention_chunk_size=2)
    assert written(masks.create_sliding_window_causal_mask(window, embeds(4), None, None)) == [
        "x...",
        "xx..",
        ".xx.",
        "..xx",
    ]
    assert written(masks.create_chunked_causal_mask(window, embeds(4), None, None)) == ["x...", "xx..", "..x.", "..xx"]
    shifted = masks.create_chunked_causal_mask(window, embeds(4), torch.tensor([[0, 1, 1, 1]]), None)
    assert written(shifted) == ["....", ".x..", ".xx.", "...x"]
    near = config("eager", sliding_window=1)
    assert written(masks.create_bidirectional_sliding_window_mask(near, embeds(3), None)) == ["xx.", "xxx", ".xx"]


def test_sequences_behind_one_another_do_not_see_each_other() -> None:
    mask = masks.create_causal_mask(config(), embeds(4), None, None, position_ids=torch.tensor([[0, 1, 0, 1]]))
    assert written(mask) == ["x...", "xx..", "..x.", "..xx"]
    assert masks.create_causal_mask(config(), embeds(4), None, None, position_ids=torch.arange(4)[None]) is None


def test_blocks_see_each_other_and_further_rules_are_joined() -> None:
    blocks = torch.tensor([[-1, 0, 0, -1]])
    mask = masks.create_causal_mask(config(), embeds(4), None, None, block_sequence_ids=blocks)
    assert written(mask) == ["x...", "xxx.", "xxx.", "xxxx"]
    first = masks.create_causal_mask(config(), embeds(3), None, None, or_mask_function=lambda b, h, q, kv: kv == 2)
    assert written(first) == ["x.x", "xxx", "xxx"]


def test_a_configuration_that_is_not_causal_sees_everything() -> None:
    mask = masks.create_causal_mask(config(is_causal=False), embeds(2), torch.tensor([[1, 0]]), None)
    assert written(mask) == ["x.", "x."]


def test_masks_go_on_where_the_cache_ends() -> None:
    cache = caches.DynamicCache()
    cache.update(torch.zeros(1, 1, 2, 4), torch.zeros(1, 1, 2, 4), 0)
    mask = masks.create_causal_mask(config("eager"), embeds(2), None, cache)
    assert written(mask) == ["xxx.", "xxxx"]
    assert masks.create_causal_mask(config(), embeds(1), None, cache) is None


def test_one_mask_for_each_kind_of_layer() -> None:
    mixed = config(layer_types=["full_attention", "sliding_attention"], sliding_window=1)
    found = masks.create_masks_for_generate(mixed, embeds(2), None, None)
    assert found["full_attention"] is None
    assert written(found["sliding_attention"]) == ["x.", ".x"]
    assert masks.create_recurrent_attention_mask(mixed, embeds(2), torch.tensor([[0, 1, 1]])) is not None
    assert masks.create_recurrent_attention_mask(mixed, embeds(2), torch.ones(1, 2)) is None


# Caches


def test_a_cache_gives_back_all_that_it_was_given() -> None:
    keys, values = torch.randn(2, 1, 3, 4, 5)
    cache = caches.DynamicCache()
    first, second = keys.split([2, 2], dim=-2)
    cache.update(first, first, 1)
    found, _ = cache.update(second, values[..., 2:, :], 1)
    assert torch.equal(found, keys)
    assert (cache.get_seq_length(1), cache.get_seq_length(0), len(cache)) == (4, 0, 2)
    cache.reset()
    assert cache.get_seq_length(1) == 0


def test_a_window_is_kept_and_the_new_positions_see_it() -> None:
    cache = caches.DynamicCache(config=config(layer_types=["sliding_attention", "full_attention"], sliding_window=3))
    states = torch.arange(5.0).reshape(1, 1, 5, 1)
    seen, _ = cache.update(states, states, 0)
    assert seen.shape[-2] == 5
    assert cache.get_mask_sizes(1, 0) == (3, 3)
    seen, _ = cache.update(torch.full((1, 1, 1, 1), 5.0), torch.zeros(1, 1, 1, 1), 0)
    assert seen.flatten().tolist() == [3.0, 4.0, 5.0]
    assert cache.get_seq_length(0) == 6
    assert cache.is_sliding == [True, False]


def test_recurrent_layers_keep_their_states() -> None:
    cache = caches.DynamicCache(config=config(layer_types=["linear_attention", "full_attention"]))
    assert not cache.has_previous_state(0)
    cache.update_conv_state(torch.ones(1, 2, 3), 0)
    assert cache.update_conv_state(torch.zeros(1, 2, 1), 0).shape[-1] == 4
    assert cache.get_conv_state(0)[0, 0].tolist() == [1.0, 1.0, 0.0]
    cache.update_recurrent_state(torch.ones(1, 2), 0)
    assert cache.get_recurrent_state(0).sum() == 2
    assert cache.has_previous_state(0)
    assert cache.get_seq_length() == 0


def test_a_decoder_has_a_cache_for_itself_and_one_for_the_encoder() -> None:
    own, other = caches.DynamicCache(), caches.DynamicCache()
    other.update(torch.zeros(1, 1, 7, 2), torch.zeros(1, 1, 7, 2), 0)
    both = caches.EncoderDecoderCache(own, other)
    assert both.is_updated == {0: True}
    assert both.get_seq_length() == 0
    own.update(torch.zeros(1, 1, 2, 2), torch.zeros(1, 1, 2, 2), 0)
    assert both.get_seq_length() == 2


# Attention


def eager(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor | float) -> torch.Tensor:
    weights = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + bias).softmax(-1)
    attended: torch.Tensor = weights @ value
    return attended.transpose(1, 2)


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("has_bias", [False, True])
def test_fused_attention_is_attention(is_causal: bool, has_bias: bool) -> None:
    query, key, value = torch.randn(2, 4, 5, 8), torch.randn(2, 2, 5, 8), torch.randn(2, 2, 5, 8)
    module = SimpleNamespace(num_key_value_groups=2, is_causal=is_causal)
    bias = torch.randn(1, 4, 5, 5) if has_bias else None
    found, weights = attention.sdpa_attention_forward(module, query, key, value, None, position_bias=bias)
    causal = torch.full((5, 5), LOWEST).triu(1) if is_causal else torch.zeros(5, 5)
    expected = eager(
        query, key.repeat_interleave(2, 1), value.repeat_interleave(2, 1), causal + (0 if bias is None else bias)
    )
    torch.testing.assert_close(found, expected)
    assert weights is None


def test_a_single_query_sees_all_keys() -> None:
    query, key = torch.randn(1, 2, 1, 8), torch.randn(1, 2, 5, 8)
    found, _ = attention.sdpa_attention_forward(SimpleNamespace(is_causal=True), query, key, key, None)
    torch.testing.assert_close(found, eager(query, key, key, 0.0))


def test_the_attention_function_is_chosen_by_name() -> None:
    own = object()
    assert models.ALL_ATTENTION_FUNCTIONS.get_interface("eager", own) is own
    assert models.ALL_ATTENTION_FUNCTIONS.get_interface(None, own) is own
    assert models.ALL_ATTENTION_FUNCTIONS["sdpa"] is attention.sdpa_attention_forward
    with pytest.raises(KeyError):
        models.ALL_ATTENTION_FUNCTIONS.get_interface("flash_attention_2", own)


# Rotary embeddings

TRAINED = 64


def frequencies(kind: str, n_positions: int | None = None, **parameters: Any) -> tuple[torch.Tensor, float]:
    parameters = {"rope_theta": 100.0, "original_max_position_embeddings": TRAINED, **parameters}
    values = config(head_dim=8, max_position_embeddings=4 * TRAINED, rope_parameters=parameters)
    found: tuple[torch.Tensor, float] = rotary.ROPE_INIT_FUNCTIONS[kind](values, "cpu", seq_len=n_positions)
    return found


PLAIN = 100.0 ** -torch.tensor([0.0, 0.25, 0.5, 0.75])


def test_frequencies_are_stretched_as_their_kind_says() -> None:
    torch.testing.assert_close(frequencies("linear", factor=4.0)[0], PLAIN / 4)
    partial, _ = frequencies("proportional", partial_rotary_factor=0.5)
    torch.testing.assert_close(partial, torch.cat([PLAIN[:2], torch.zeros(2)]))
    short, attention = frequencies("longrope", short_factor=[1.0] * 4, long_factor=[2.0] * 4)
    long, _ = frequencies("longrope", TRAINED + 1, short_factor=[1.0] * 4, long_factor=[2.0] * 4)
    torch.testing.assert_close(long * 2, short)
    assert attention == pytest.approx((1 + math.log(4) / math.log(TRAINED)) ** 0.5)
    yarn, attention = frequencies("yarn", factor=4.0, beta_fast=2)
    assert yarn[0] == PLAIN[0]
    assert yarn[-1] == pytest.approx(PLAIN[-1] / 4)
    assert attention == pytest.approx(0.1 * math.log(4) + 1)
    llama, _ = frequencies("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0)
    assert llama[0] == PLAIN[0]
    assert llama[-1] == pytest.approx(PLAIN[-1] / 8)


def test_dynamic_frequencies_change_where_the_text_is_longer_than_the_model_knows() -> None:
    class Rotary(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rope_type = "dynamic"
            parameters = {"rope_theta": 100.0, "factor": 2.0}
            self.config = config(head_dim=8, max_position_embeddings=4, rope_parameters=parameters)
            self.original_max_seq_len = 4
            self.original_inv_freq, self.attention_scaling = rotary.ROPE_INIT_FUNCTIONS["dynamic"](self.config)
            self.register_buffer("inv_freq", self.original_inv_freq, persistent=False)

        @rotary.dynamic_rope_update  # type: ignore[untyped-decorator]
        def forward(self, x: torch.Tensor, position_ids: torch.Tensor) -> Any:
            return self.inv_freq

    module, x = Rotary(), torch.zeros(1)
    short, long, again = (module(x, torch.arange(n)[None]) for n in (4, 9, 3))
    assert torch.equal(short, again)
    assert (long[1:] < short[1:]).all()


# Activations


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("gelu", nn.functional.gelu),
        ("gelu_new", lambda x: nn.functional.gelu(x, approximate="tanh")),
        ("gelu_pytorch_tanh", lambda x: nn.functional.gelu(x, approximate="tanh")),
        ("gelu_10", lambda x: nn.functional.gelu(x).clamp(-10, 10)),
        ("quick_gelu", lambda x: x * (1.702 * x).sigmoid()),
        ("relu2", lambda x: x.relu() ** 2),
        ("silu", nn.functional.silu),
        ("swish", nn.functional.silu),
        ("linear", lambda x: x),
        ("mish", nn.functional.mish),
        ("sqrtsoftplus", lambda x: nn.functional.softplus(x).sqrt()),
    ],
)
def test_activations_are_what_their_names_say(name: str, reference: Any) -> None:
    x = torch.linspace(-12, 12, 50)
    torch.testing.assert_close(activations.ACT2FN[name](x), reference(x), atol=1e-5, rtol=1e-5)


def test_each_look_up_makes_a_module() -> None:
    assert activations.ACT2FN["prelu"] is not activations.ACT2FN["prelu"]
    assert len(list(activations.ACT2FN["xielu"].parameters())) == 2
    assert "gelu" in activations.ACT2FN
    with pytest.raises(KeyError):
        activations.get_activation("unheard_of")
