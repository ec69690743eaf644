"""Toy sizes keep the structure of the model that a configuration describes."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.evaluator.config_sizes import small_value

LLAMA = {
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 32000,
    "max_position_embeddings": 2048,
    "eos_token_id": 2,
    "image_token_id": 31999,
}


def small(values: Mapping[str, object], width: int = 32) -> dict[str, object]:
    return {name: small_value(name, value, width, values) for name, value in values.items()}


def test_a_published_model_becomes_a_toy() -> None:
    found = small(LLAMA)
    assert found | {"image_token_id": 0} == {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "vocab_size": 128,
        "max_position_embeddings": 128,
        "eos_token_id": 2,
        "image_token_id": 0,
    }
    assert 0 < int(str(found["image_token_id"])) < 128


@pytest.mark.parametrize("width", [32, 64, 96, 128])
def test_heads_divide_the_width_and_its_multiples(width: int) -> None:
    found = small({**LLAMA, "conv_dim": 3 * 4096}, width)
    assert found["hidden_size"] == width == int(str(found["num_attention_heads"])) * int(str(found["head_dim"]))
    assert found["conv_dim"] == 3 * width


def test_stages_keep_their_number_and_their_growth() -> None:
    found = small({"embed_dims": [96, 192, 384, 768], "depths": [2, 2, 6, 2], "num_heads": [3, 6, 12, 24]})
    assert found == {"embed_dims": [32, 64, 128, 256], "depths": [1, 1, 1, 1], "num_heads": [4, 4, 4, 4]}


@given(st.sampled_from(sorted(LLAMA)), st.integers(0, 2**40))
def test_no_number_grows(name: str, value: int) -> None:
    assert 0 <= int(small_value(name, value, 32, {name: value})) <= max(value, 4)


@given(st.text(max_size=20), st.one_of(st.none(), st.booleans(), st.text(max_size=9)))
def test_what_is_no_size_stays(name: str, value: object) -> None:
    if name != "use_cache":
        assert small_value(name, value, 32, {}) == value
