"""Small values for the fields of a configuration, by the field's own naming conventions.

A configuration's defaults describe a published model; a trial wants the same structure at toy size. Equal defaults stay
equal and whole multiples of the main width stay multiples, so that what the authors' code divides still divides.
"""

import re
from collections.abc import Mapping
from typing import Any

HEADS = 4
TOKENS = 128
"""Vocabulary of a trial."""
POSITIONS = 128
LAYERS = 2
IMAGE_SIDE = 32

_MAIN_WIDTHS = ("hidden_size", "d_model", "embed_dim", "n_embd", "dim", "hidden_dim", "encoder_hidden_size", "width")

_VOCABULARY = re.compile(r"(.*_)?(vocab_size|n_vocab|n_words|num_embeddings|codebook_size|vocab|vq_size)(_.*)?")
_TOKEN = re.compile(r".*(_token_id|_token_index|_id|_token)|.*_token_id_.*")
_POSITIONS = re.compile(
    r"(max|n|num|original_max)_.*(len|length|positions?|position_embeddings|tokens?|ctx|seq.*|frames)|n_ctx|seq_len.*|context_length"
    r"|block_size"
)
_LAYERS = re.compile(
    r"(.*_)?(n_?layers?|num_.*layers?|layers|depth|num_blocks|n_blocks|num_stages_per_.*|layer_count)(_.*)?"
)
_KV_HEADS = re.compile(r"(.*_)?(kv_heads|key_value_heads|n_head_kv|num_kv_heads|kv_n_heads|query_groups)")
_HEADS = re.compile(r"(.*_)?(heads?|attention_heads|nhead|head_num|n_heads_.*)")
_HEAD_WIDTH = re.compile(
    r"(.*_)?(head_dim|d_kv|kv_channels|head_size|d_head|attention_head_dim|qkv_dim)(_.*)?|dim_head"
)
_RANK = re.compile(r".*(rank|lora_dim)")
_EXPERTS_TAKEN = re.compile(
    r".*(experts_per_tok(en)?|top_?k|topk_group|experts_top_k|n_group|num_shared_experts|n_shared.*)"
)
_EXPERTS = re.compile(r".*(experts)")
_IMAGE = re.compile(
    r"(.*_)?(image|img|input|crop|tile|pretrain_img|frame|default_input)_?(size|resolution|height|width)|resolution"
)
_PATCH = re.compile(r"(.*_)?patch(es)?(_size|_height|_width)?")
_IN_CHANNELS = re.compile(r"(num|in|input|image|n|num_input)_?(channels|chans|colors)(_in)?")
_INNER = re.compile(r".*(intermediate|ffn|inner|d_ff|mlp_dim|feed_?forward|expanded|moe_inter).*")
_STATE = re.compile(
    r".*(state_size|ssm_state|d_state|conv_kernel.*|kernel.*|stride.*|window.*|dilation.*|groups?|.*pool.*)"
)
_SLIDING = re.compile(
    r"(sliding_window|attention_window|local_attention|attention_chunk_size|.*chunk_(size|length|len))(_.*)?"
)
_WIDTH = re.compile(
    r"(.*_)?(hidden|embed(ding)?s?|model|proj(ection)?|feature|channel|filter|bottleneck|conv|input|output|query|key|value)s?"
    r"_?(size|dims?|width|channels?|features?)|d_model|n_embd|(.*_)?(dim|width|channels|filters|features|embd)|.*_dim"
)
LIST_DEPTHS = re.compile(r".*(depths?|layers|blocks|repeats).*")
_LIST_HEADS = re.compile(r".*heads.*")
_LIST_WIDTHS = re.compile(r".*(hidden_sizes|dims?|widths?|channels|planes|embed|filters|feature_size|hidden).*")


def small_value(name: str, value: Any, width: int, all_values: Mapping[str, Any]) -> Any:
    """The field's value for a model of about `width` channels."""
    if isinstance(value, bool) or value is None:
        return False if name == "use_cache" else value
    if isinstance(value, int):
        return _number(name, value, width, all_values)
    if isinstance(value, float):
        return 0.0 if "drop" in name else value
    if isinstance(value, list | tuple) and value and all(type(item) is int for item in value):
        return type(value)(_numbers(name, list(value), width))
    return value


def _number(name: str, value: int, width: int, all_values: Mapping[str, Any]) -> int:
    """Ordered from the narrowest convention to the widest."""
    if _VOCABULARY.fullmatch(name):
        return min(value, TOKENS)
    if _TOKEN.fullmatch(name):
        return value if value < TOKENS else TOKENS // 2 + sum(map(ord, name)) % (TOKENS // 2)
    if _SLIDING.fullmatch(name):
        return min(value, 8)
    if _KV_HEADS.fullmatch(name):
        return _kv_heads(value, all_values)
    if _HEADS.fullmatch(name):
        return HEADS if value > HEADS or value == 3 else value
    if _HEAD_WIDTH.fullmatch(name):
        return min(value, width // HEADS) if value >= 8 else value
    if _RANK.fullmatch(name):
        return min(value, width // 2)
    if _EXPERTS_TAKEN.fullmatch(name):
        return min(value, 2)
    if _EXPERTS.fullmatch(name):
        return min(value, 4)
    if _IMAGE.fullmatch(name):
        return min(value, IMAGE_SIDE)
    if _PATCH.fullmatch(name):
        return min(value, 8)
    if _IN_CHANNELS.fullmatch(name) and value <= 16:
        return value
    if _STATE.fullmatch(name) and value <= 32:
        return value
    if _LAYERS.fullmatch(name):
        return min(value, LAYERS)
    if _INNER.fullmatch(name):
        return min(value, 2 * width) if value >= 64 else value
    if _WIDTH.fullmatch(name):
        return _width(value, width, all_values)
    if _POSITIONS.fullmatch(name):
        return min(value, POSITIONS)
    return value if value < 256 else width


def _kv_heads(value: int, all_values: Mapping[str, Any]) -> int:
    """As many as heads where the authors have as many, else half as many."""
    if value == 1:
        return 1
    heads = [n for name, n in all_values.items() if _HEADS.fullmatch(name) and not _KV_HEADS.fullmatch(name)]
    return HEADS if value in heads else HEADS // 2


def _width(value: int, width: int, all_values: Mapping[str, Any]) -> int:
    if value <= 16:
        return value
    main = next((all_values[name] for name in _MAIN_WIDTHS if isinstance(all_values.get(name), int)), value)
    if main > 0 and value != main:
        for factor in (2, 3, 4, 8):
            if value == factor * main:
                return factor * width
    return width if value >= main // 4 or value >= width else value


def _numbers(name: str, values: list[int], width: int) -> list[int]:
    if _LIST_HEADS.fullmatch(name):
        return [HEADS if n > 2 else n for n in values]
    if LIST_DEPTHS.fullmatch(name) and max(values) <= 64:
        return [min(n, 1) for n in values]
    if _IMAGE.fullmatch(name):
        return [min(n, IMAGE_SIDE) for n in values]
    if _LIST_WIDTHS.fullmatch(name) and max(values) > 4 * width:
        return [max(8, n * width // max(values[0], 1) // 8 * 8) if n >= values[0] else width for n in values]
    return values
