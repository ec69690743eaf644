"""Attention masks by rule: which key position each query position may attend to.

A rule is a function of (batch, head, query, key) indices that broadcast; it gives True where attention is allowed.
For `sdpa` a mask is boolean, or None where the fused function needs none; for `eager` it is added to the scores.
"""

import torch
from torch.nn import functional


def causal_mask_function(batch_idx, head_idx, q_idx, kv_idx):
    return kv_idx <= q_idx


def bidirectional_mask_function(batch_idx, head_idx, q_idx, kv_idx):
    return q_idx >= 0


def and_masks(*mask_functions):
    def allowed(*indices):
        result = True
        for function in mask_functions:
            result = function(*indices) & result
        return result

    return allowed


def or_masks(*mask_functions):
    def allowed(*indices):
        result = False
        for function in mask_functions:
            result = function(*indices) | result
        return result

    return allowed


def sliding_window_overlay(sliding_window):
    return lambda batch_idx, head_idx, q_idx, kv_idx: kv_idx > q_idx - sliding_window


def sliding_window_bidirectional_overlay(sliding_window):
    return lambda batch_idx, head_idx, q_idx, kv_idx: abs(q_idx - kv_idx) <= sliding_window


def blockwise_overlay(block_sequence_ids):
    """Everything in one block sees each other; -1 is no block."""

    def allowed(batch_idx, head_idx, q_idx, kv_idx):
        group = block_sequence_ids[batch_idx, q_idx]
        return (group == block_sequence_ids[batch_idx, kv_idx]) & (group >= 0)

    return allowed


def _chunked_overlay(chunk_size, left_padding):
    def allowed(batch_idx, head_idx, q_idx, kv_idx):
        start = left_padding[batch_idx]
        return (kv_idx - start) // chunk_size == (q_idx - start) // chunk_size

    return allowed


def _packed(rule, position_ids):
    """The rule within each of the sequences that lie behind one another: where positions don't go on, one begins."""
    sequence = (torch.diff(position_ids, prepend=position_ids[:, :1] - 1, dim=-1) != 1).cumsum(-1)

    def allowed(batch_idx, head_idx, q_idx, kv_idx):
        same = sequence[batch_idx, q_idx] == sequence[batch_idx, kv_idx]
        return same & rule(batch_idx, head_idx, position_ids[batch_idx, q_idx], position_ids[batch_idx, kv_idx])

    return rule if bool((sequence[:, -1] == 0).all()) else allowed


def _first_layer(cache, is_wanted):
    """The first layer of the cache whose (sliding, linear) flags are wanted; layer 0 otherwise."""
    flags = list(zip(cache.is_sliding, cache.is_linear)) if hasattr(cache, "is_sliding") else []
    return next((index for index, found in enumerate(flags) if is_wanted(*found)), 0)


def _write(rule, config, embeds, padding, sizes, skip):
    """The mask as the attention implementation wants it: (batch, 1, queries, keys)."""
    n_queries, n_keys, q_offset, kv_offset = sizes
    device = embeds.device
    if padding is not None and n_keys + kv_offset > padding.shape[-1]:
        padding = functional.pad(padding, (0, n_keys + kv_offset - padding.shape[-1]))
    seen = None if padding is None else padding[:, kv_offset : kv_offset + n_keys]
    if skip and (seen is None or bool(seen.all())):
        return None
    if padding is not None:
        rule = and_masks(rule, lambda batch_idx, head_idx, q_idx, kv_idx: padding[batch_idx, kv_idx])
    batch_idx = torch.arange(embeds.shape[0], device=device)[:, None, None, None]
    q_idx = (torch.arange(n_queries, device=device) + q_offset)[None, None, :, None]
    kv_idx = (torch.arange(n_keys, device=device) + kv_offset)[None, None, None, :]
    mask = rule(batch_idx, torch.zeros_like(batch_idx[:1]), q_idx, kv_idx)
    mask = mask.expand(embeds.shape[0], -1, n_queries, n_keys)
    if config._attn_implementation == "sdpa":
        return mask
    return torch.where(mask, 0.0, torch.finfo(embeds.dtype).min).to(embeds.dtype)


def _create(
    rule,
    config,
    inputs_embeds,
    attention_mask,
    past_key_values,
    position_ids=None,
    or_mask_function=None,
    and_mask_function=None,
    block_sequence_ids=None,
    layer_idx=0,
    allow_skip=True,
    reach=None,
    encoder_hidden_states=None,
    is_causal=True,
):
    if attention_mask is not None and attention_mask.ndim == 4:
        return attention_mask
    if attention_mask is not None:
        attention_mask = attention_mask.to(device=inputs_embeds.device, dtype=torch.bool)
    n_queries, q_offset, kv_offset = inputs_embeds.shape[1], 0, 0
    n_keys = (inputs_embeds if encoder_hidden_states is None else encoder_hidden_states).shape[1]
    if past_key_values is not None:
        q_offset = past_key_values.get_query_offset(layer_idx)
        n_keys, kv_offset = past_key_values.get_mask_sizes(n_queries, layer_idx)
    elif attention_mask is not None:
        n_keys = attention_mask.shape[-1]
    plain = rule
    rule = rule if or_mask_function is None else or_masks(rule, or_mask_function)
    rule = rule if and_mask_function is None else and_masks(rule, and_mask_function)
    if position_ids is not None and attention_mask is None and past_key_values is None:
        rule = _packed(rule, position_ids.expand(inputs_embeds.shape[0], -1))
    if block_sequence_ids is not None:
        padding = (0, max(n_keys + kv_offset - block_sequence_ids.shape[-1], 0))
        rule = or_masks(rule, blockwise_overlay(functional.pad(block_sequence_ids, padding, value=-1)))
    skip = allow_skip and rule is plain and (reach is None or n_keys < reach)
    if is_causal:  # only the fused function is causal without a mask, and only when queries and keys begin together
        skip = skip and config._attn_implementation == "sdpa" and (n_queries == 1 or n_keys == n_queries)
    return _write(rule, config, inputs_embeds, attention_mask, (n_queries, n_keys, q_offset, kv_offset), skip)


def create_bidirectional_mask(
    config,
    inputs_embeds,
    attention_mask,
    encoder_hidden_states=None,
    past_key_values=None,
    allow_is_bidirectional_skip=True,
    **options,
):
    """All positions that are not padding."""
    return _create(
        bidirectional_mask_function,
        config,
        inputs_embeds,
        attention_mask,
        past_key_values,
        layer_idx=_first_layer(past_key_values, lambda sliding, linear: not sliding and not linear),
        encoder_hidden_states=encoder_hidden_states,
        allow_skip=allow_is_bidirectional_skip,
        is_causal=False,
        **options,
    )


def create_bidirectional_sliding_window_mask(
    config, inputs_embeds, attention_mask, past_key_values=None, allow_is_bidirectional_skip=True, **options
):
    """Positions no further away than the configuration's `sliding_window`."""
    return _create(
        sliding_window_bidirectional_overlay(config.sliding_window),
        config,
        inputs_embeds,
        attention_mask,
        past_key_values,
        layer_idx=_first_layer(past_key_values, lambda sliding, linear: sliding),
        allow_skip=allow_is_bidirectional_skip,
        reach=config.sliding_window,
        is_causal=False,
        **options,
    )


def create_causal_mask(
    config, inputs_embeds, attention_mask, past_key_values=None, layer_idx=None, allow_is_causal_skip=True, **options
):
    """The position itself and all before it; all positions where the configuration's `is_causal` is False."""
    is_causal = getattr(config, "is_causal", True)
    if layer_idx is None:
        layer_idx = _first_layer(past_key_values, lambda sliding, linear: not sliding and not linear)
    return _create(
        causal_mask_function if is_causal else bidirectional_mask_function,
        config,
        inputs_embeds,
        attention_mask,
        past_key_values,
        layer_idx=layer_idx,
        allow_skip=allow_is_causal_skip,
        is_causal=is_causal,
        **options,
    )


def create_sliding_window_causal_mask(
    config, inputs_embeds, attention_mask, past_key_values=None, layer_idx=None, allow_is_causal_skip=True, **options
):
    """The position itself and those before it, as far back as the configuration's `sliding_window`."""
    is_causal = getattr(config, "is_causal", True)
    window = config.sliding_window
    if layer_idx is None:
        layer_idx = _first_layer(past_key_values, lambda sliding, linear: sliding)
    causal = and_masks(sliding_window_overlay(window), causal_mask_function)
    return _create(
        causal if is_causal else sliding_window_bidirectional_overlay(window),
        config,
        inputs_embeds,
        attention_mask,
        past_key_values,
        layer_idx=layer_idx,
        allow_skip=allow_is_causal_skip,
        reach=window,
        is_causal=is_causal,
        **options,
    )


def create_chunked_causal_mask(
    config, inputs_embeds, attention_mask, past_key_values=None, layer_idx=None, allow_is_causal_skip=True, **options
):
    """The position itself and those before it in its chunk; chunks are counted from where padding ends."""
    if layer_idx is None:
        layer_idx = _first_layer(past_key_values, lambda sliding, linear: sliding)
    left_padding = torch.zeros(inputs_embeds.shape[0], dtype=torch.long, device=inputs_embeds.device)
    if attention_mask is not None and attention_mask.ndim == 2:
        left_padding = (attention_mask.cumsum(-1) == 0).sum(-1)
    return _create(
        and_masks(_chunked_overlay(config.attention_chunk_size, left_padding), causal_mask_function),
        config,
        inputs_embeds,
        attention_mask,
        past_key_values,
        layer_idx=layer_idx,
        allow_skip=allow_is_causal_skip,
        reach=config.attention_chunk_size,
        **options,
    )


def create_recurrent_attention_mask(config, inputs_embeds, attention_mask, past_key_values=None, **options):
    """The padding of the new positions, (batch, length), where there is any."""
    n_new = inputs_embeds.shape[1]
    if attention_mask is None or attention_mask.ndim != 2 or n_new == 1 or bool((attention_mask == 1).all()):
        return None
    return attention_mask[:, -n_new:].contiguous()


LAYER_PATTERN_TO_MASK_FUNCTION_MAPPING = {
    "full_attention": create_causal_mask,
    "sliding_attention": create_sliding_window_causal_mask,
    "chunked_attention": create_chunked_causal_mask,
    "linear_attention": create_recurrent_attention_mask,
    "conv": create_recurrent_attention_mask,
}


def create_masks_for_generate(config, inputs_embeds, attention_mask, past_key_values=None, **options):
    """One mask for each kind of layer, by name; a single mask where all layers are of one kind."""
    config = config.get_text_config()
    given = (config, inputs_embeds, attention_mask, past_key_values)
    if hasattr(config, "layer_types"):
        kinds = set(config.layer_types)
        if not kinds <= LAYER_PATTERN_TO_MASK_FUNCTION_MAPPING.keys():
            return attention_mask
        return {kind: LAYER_PATTERN_TO_MASK_FUNCTION_MAPPING[kind](*given, **options) for kind in kinds}
    if getattr(config, "sliding_window", None) is not None:
        return create_sliding_window_causal_mask(*given, **options)
    if getattr(config, "attention_chunk_size", None) is not None:
        return create_chunked_causal_mask(*given, **options)
    return create_causal_mask(*given, **options)
