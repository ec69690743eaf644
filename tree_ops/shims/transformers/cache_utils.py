"""Keys and values of earlier positions, and states of recurrent layers, that grow as a model is called again."""

import torch


class DynamicLayer:
    """One attention layer's keys and values, (batch, heads, length, width); with a window, only as far as it reaches."""

    is_sliding = False
    is_linear = False
    is_compileable = False

    def __init__(self, sliding_window=None, **options):
        self.keys = self.values = self.indexer_keys = None
        self.sliding_window = sliding_window
        self.is_sliding = sliding_window is not None
        self.n_seen = 0

    @property
    def is_initialized(self):
        return self.keys is not None

    def update(self, key_states, value_states, *args, **kwargs):
        """All keys and values that the new positions may see."""
        self.n_seen += key_states.shape[-2]
        if self.keys is not None:
            key_states = torch.cat([self.keys, key_states], dim=-2)
            value_states = torch.cat([self.values, value_states], dim=-2)
        start = 0 if self.sliding_window is None else max(key_states.shape[-2] - self.sliding_window + 1, 0)
        self.keys, self.values = key_states[..., start:, :], value_states[..., start:, :]
        return key_states, value_states

    def update_indexer(self, indexer_key_states):
        """All keys of the module that chooses which positions count."""
        if self.indexer_keys is not None:
            indexer_key_states = torch.cat([self.indexer_keys, indexer_key_states], dim=-2)
        self.indexer_keys = indexer_key_states
        return indexer_key_states

    def get_seq_length(self):
        return self.n_seen

    def get_mask_sizes(self, query_length):
        """How many keys there will be, and the position of the first."""
        n_kept = 0 if self.keys is None else self.keys.shape[-2]
        return n_kept + query_length, self.n_seen - n_kept

    def reset(self):
        self.keys = self.values = self.indexer_keys = None
        self.n_seen = 0

    def reorder_cache(self, beam_idx):
        if self.keys is not None:
            self.keys, self.values = self.keys.index_select(0, beam_idx), self.values.index_select(0, beam_idx)


class DynamicSlidingWindowLayer(DynamicLayer):
    """A layer with a window."""


class LinearAttentionLayer:
    """One recurrent layer's states; several may be kept, by number."""

    is_sliding = False
    is_linear = True
    is_compileable = False

    def __init__(self, **options):
        super().__init__(**options)
        self.conv_states, self.recurrent_states = {}, {}

    def update_conv_state(self, conv_states, state_idx=0, conv_kernel_size=None, **options):
        """The new columns behind those that were kept; as many are kept as the first call had."""
        width = conv_kernel_size or conv_states.shape[-1]
        if state_idx in self.conv_states:
            kept = self.conv_states[state_idx]
            width = kept.shape[-1]
            conv_states = torch.cat([kept, conv_states], dim=-1)
        elif conv_states.shape[-1] < width:
            conv_states = torch.nn.functional.pad(conv_states, (width - conv_states.shape[-1], 0))
        self.conv_states[state_idx] = conv_states[..., -width:]
        return conv_states

    def update_recurrent_state(self, recurrent_states, state_idx=0, **options):
        self.recurrent_states[state_idx] = recurrent_states
        return recurrent_states

    def reset(self):
        self.conv_states, self.recurrent_states = {}, {}

    def reorder_cache(self, beam_idx):
        for states in (self.conv_states, self.recurrent_states):
            for key, state in states.items():
                states[key] = state.index_select(0, beam_idx)


class HybridLayer(LinearAttentionLayer, DynamicLayer):
    """A layer with attention and recurrence."""

    is_linear = True

    def reset(self):
        LinearAttentionLayer.reset(self)
        DynamicLayer.reset(self)

    def reorder_cache(self, beam_idx):
        LinearAttentionLayer.reorder_cache(self, beam_idx)
        DynamicLayer.reorder_cache(self, beam_idx)


class Cache:
    """What the layers of a model keep between calls. Layers that were not given are made when they are first used."""

    def __init__(self, layers=None, **options):
        self.layers = list(layers or [])

    def __len__(self):
        return len(self.layers)

    def _layer(self, layer_idx, kind):
        while len(self.layers) <= layer_idx:
            self.layers.append(kind())
        return self.layers[layer_idx]

    def _attention_layer(self, layer_idx):
        """The layer, or the first one that has a length; None when there is none yet."""
        if layer_idx < len(self.layers) and isinstance(self.layers[layer_idx], DynamicLayer):
            return self.layers[layer_idx]
        found = [layer for layer in self.layers if isinstance(layer, DynamicLayer)]
        return found[0] if found and layer_idx == 0 else None

    def update(self, key_states, value_states, layer_idx, *args, **kwargs):
        return self._layer(layer_idx, DynamicLayer).update(key_states, value_states, *args, **kwargs)

    def update_indexer(self, indexer_key_states, layer_idx):
        return self._layer(layer_idx, DynamicLayer).update_indexer(indexer_key_states)

    def update_conv_state(self, conv_states, layer_idx, state_idx=0, **options):
        return self._layer(layer_idx, HybridLayer).update_conv_state(conv_states, state_idx, **options)

    def update_recurrent_state(self, recurrent_states, layer_idx, state_idx=0, **options):
        return self._layer(layer_idx, HybridLayer).update_recurrent_state(recurrent_states, state_idx, **options)

    def get_conv_state(self, layer_idx, state_idx=0):
        return self.layers[layer_idx].conv_states.get(state_idx) if layer_idx < len(self.layers) else None

    def get_recurrent_state(self, layer_idx, state_idx=0):
        return self.layers[layer_idx].recurrent_states.get(state_idx) if layer_idx < len(self.layers) else None

    def has_previous_state(self, layer_idx=None, state_idx=None):
        layers = self.layers if layer_idx is None else self.layers[layer_idx : layer_idx + 1]
        kept = [layer.conv_states for layer in layers if layer.is_linear]
        return bool(kept and kept[-1]) and (state_idx is None or state_idx in kept[-1])

    def get_seq_length(self, layer_idx=0):
        layer = self._attention_layer(layer_idx)
        return 0 if layer is None else layer.get_seq_length()

    def get_query_offset(self, layer_idx=0):
        return self.get_seq_length(layer_idx)

    def get_mask_sizes(self, query_length, layer_idx):
        layer = self._attention_layer(layer_idx)
        return (query_length, 0) if layer is None else layer.get_mask_sizes(query_length)

    def get_max_length(self, layer_idx=None):
        return -1

    def reset(self):
        for layer in self.layers:
            layer.reset()

    def reorder_cache(self, beam_idx):
        for layer in self.layers:
            layer.reorder_cache(beam_idx)

    @property
    def is_sliding(self):
        return [layer.is_sliding for layer in self.layers]

    @property
    def is_linear(self):
        return [layer.is_linear for layer in self.layers]

    @property
    def is_dummy(self):
        return [False for layer in self.layers]

    @property
    def is_compileable(self):
        return False


def _layer_of(kind, config):
    if kind in ("conv", "linear_attention"):
        return LinearAttentionLayer()
    window = config.attention_chunk_size if kind == "chunked_attention" else getattr(config, "sliding_window", None)
    layer = HybridLayer if kind.startswith("hybrid") else DynamicLayer
    return layer(sliding_window=window if kind != "hybrid" and kind != "full_attention" else None)


class DynamicCache(Cache):
    """A cache that grows; a configuration with `layer_types`, `sliding_window` or chunks says what each layer keeps."""

    def __init__(self, ddp_cache_data=None, config=None, **options):
        if config is not None:
            config = config.get_text_config(decoder=True) if hasattr(config, "get_text_config") else config
            kinds = getattr(config, "layer_types", None)
            if kinds is None and getattr(config, "sliding_window", None) is not None:
                kinds = ["sliding_attention"] * config.num_hidden_layers
            elif kinds is None and getattr(config, "attention_chunk_size", None) is not None:
                kinds = ["chunked_attention"] * config.num_hidden_layers
            super().__init__([_layer_of(kind, config) for kind in kinds or ()])
        else:
            super().__init__()
        for layer_idx, (key_states, value_states, *_) in enumerate(ddp_cache_data or ()):
            self.update(key_states, value_states, layer_idx)

    def __iter__(self):
        for layer in self.layers:
            yield layer.keys, layer.values


class EncoderDecoderCache(Cache):
    """A cache for a decoder's own positions, and one for the encoder's."""

    def __init__(self, self_attention_cache, cross_attention_cache):
        self.self_attention_cache = self_attention_cache
        self.cross_attention_cache = cross_attention_cache
        n_layers = len(cross_attention_cache)
        self.is_updated = {index: cross_attention_cache.get_seq_length(index) > 0 for index in range(n_layers)}

    @property
    def layers(self):
        return self.self_attention_cache.layers

    def reset(self):
        self.self_attention_cache.reset()
        self.cross_attention_cache.reset()
        self.is_updated = dict.fromkeys(self.is_updated, False)

    def reorder_cache(self, beam_idx):
        self.self_attention_cache.reorder_cache(beam_idx)
        self.cross_attention_cache.reorder_cache(beam_idx)
