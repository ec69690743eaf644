"""The base class of models, and the choice of an attention implementation (eager or torch's own)."""

import re

import torch
from torch import nn

from .attention_functions import sdpa_attention_forward
from .loss.loss_utils import LOSS_MAPPING


class AttentionInterface(dict):
    """Attention functions by name; `eager` is whatever the model itself defines."""

    _global_mapping = {"sdpa": sdpa_attention_forward}

    def __init__(self):
        super().__init__(self._global_mapping)

    @classmethod
    def register(cls, key, value):
        cls._global_mapping[key] = value

    def valid_keys(self):
        return list(self)

    def get_interface(self, attn_implementation, default):
        """The function of that name; the default for `eager` and None. Raises `KeyError` for others."""
        if attn_implementation in (None, "eager"):
            return self.get(attn_implementation, default)
        return self[attn_implementation]


ALL_ATTENTION_FUNCTIONS = AttentionInterface()


class EmbeddingAccessMixin:
    """Where a model's token embedding lies: looked for under its usual names."""

    _input_embed_layer = "embed_tokens"

    def _embedding_owner(self):
        name = self._input_embed_layer
        for owner in (self, getattr(self, "embeddings", None), getattr(self, "model", None)):
            if owner is not None and getattr(owner, name, None) is not None:
                return owner
        return None

    def _inner_model(self):
        for inner in (getattr(self, "language_model", None), getattr(self, "base_model", None)):
            if inner is not None and inner is not self and hasattr(inner, "get_input_embeddings"):
                return inner
        raise NotImplementedError(f"{type(self).__name__} has no input embeddings under a usual name")

    def get_input_embeddings(self):
        owner = self._embedding_owner()
        if owner is None:
            return self._inner_model().get_input_embeddings()
        return getattr(owner, self._input_embed_layer)

    def set_input_embeddings(self, value):
        owner = self._embedding_owner()
        if owner is None:
            self._inner_model().set_input_embeddings(value)
        else:
            setattr(owner, self._input_embed_layer, value)

    def get_output_embeddings(self):
        return getattr(self, "lm_head", None)

    def set_output_embeddings(self, new_embeddings):
        self.lm_head = new_embeddings


class PreTrainedModel(nn.Module, EmbeddingAccessMixin):
    """A module with a configuration: weight initialisation, tied weights and the choice of attention, but no files."""

    config_class = None
    base_model_prefix = ""
    main_input_name = "input_ids"
    input_modalities = "text"
    supports_gradient_checkpointing = False
    _supports_sdpa = False
    _supports_flash_attn = False
    _supports_flex_attn = False
    _tied_weights_keys = None
    _keep_in_fp32_modules = None
    _keep_in_fp32_modules_strict = None
    _no_split_modules = None
    _keys_to_ignore_on_load_missing = None
    _keys_to_ignore_on_load_unexpected = None
    _can_record_outputs = None

    def __init__(self, config, *inputs, **kwargs):
        super().__init__()
        self.config = config
        if getattr(config, "_attn_implementation", None) is None:
            config._attn_implementation = "sdpa" if self._supports_sdpa else "eager"
        if getattr(config, "_experts_implementation", None) is None:
            config._experts_implementation = "eager"

    def post_init(self):
        """The end of every constructor: initialise what is not yet initialised, tie what is tied."""
        self.init_weights()

    def init_weights(self):
        self._initialize_below(self)
        self.tie_weights()

    @torch.no_grad()
    def _initialize_below(self, module):
        for child in module.children():
            owner = child if isinstance(child, PreTrainedModel) else self
            owner._initialize_below(child)
        if not getattr(module, "_is_hf_initialized", False):
            self._init_weights(module)
            module._is_hf_initialized = True

    def _init_weights(self, module):
        std = getattr(self.config, "initializer_range", None) or 0.02
        is_norm = "Norm" in type(module).__name__
        if isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d)):
            nn.init.normal_(module.weight, std=std)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=std)
            if module.padding_idx is not None:
                nn.init.zeros_(module.weight[module.padding_idx])
        elif isinstance(module, nn.MultiheadAttention):
            module._reset_parameters()
        elif is_norm and getattr(module, "weight", None) is not None:
            nn.init.ones_(module.weight)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)

    def tie_weights(self):
        """Let parameters share storage as `_tied_weights_keys` (pattern: pattern) says, if the configuration does."""
        tied = self._tied_weights_keys
        if not isinstance(tied, dict) or not getattr(self.config, "tie_word_embeddings", False):
            return
        names = [name for name, _ in self.named_parameters(remove_duplicate=False)]
        for target, source in tied.items():
            sources = sorted(name for name in names if re.match(source, name))
            targets = sorted(name for name in names if re.match(target, name))
            for number, name in enumerate(targets):
                owner, _, attribute = name.rpartition(".")
                setattr(self.get_submodule(owner), attribute, self.get_parameter(sources[number % len(sources)]))

    @classmethod
    def _from_config(cls, config, **kwargs):
        if "attn_implementation" in kwargs:
            config._attn_implementation = kwargs.pop("attn_implementation")
        kwargs.pop("dtype", None)
        return cls(config, **kwargs)

    @classmethod
    def can_generate(cls):
        return False

    @property
    def base_model(self):
        return getattr(self, self.base_model_prefix, self)

    @property
    def device(self):
        return next(parameter.device for parameter in self.parameters())

    @property
    def dtype(self):
        return next(parameter.dtype for parameter in self.parameters() if parameter.is_floating_point())

    def num_parameters(self, only_trainable=False):
        return sum(p.numel() for p in self.parameters() if p.requires_grad or not only_trainable)

    @property
    def loss_function(self):
        """The loss that the class name asks for, as far as it is a plain classification or language model loss."""
        if hasattr(self, "_loss_function"):
            return self._loss_function
        name = getattr(self, "loss_type", None) or type(self).__name__
        kinds = [kind for kind in LOSS_MAPPING if kind in name]
        return LOSS_MAPPING[kinds[0] if kinds else "ForCausalLM"]

    @loss_function.setter
    def loss_function(self, value):
        self._loss_function = value

    def get_encoder(self, modality=None):
        names = {None: ["text_encoder", "encoder"], "audio": ["audio_tower", "audio_encoder", "speech_encoder"]}
        images = ["vision_tower", "visual", "vision_model", "vision_encoder", "image_tower"]
        return self._first_of(names.get(modality, images), "get_encoder", modality=modality)

    def get_decoder(self):
        return self._first_of(["language_model", "text_model", "decoder", "text_decoder"], "get_decoder")

    def _first_of(self, names, method, **kwargs):
        for name in names:
            if hasattr(self, name):
                return getattr(self, name)
        inner = self.base_model
        return getattr(inner, method)(**kwargs) if inner is not self and hasattr(inner, method) else self

    def gradient_checkpointing_enable(self, gradient_checkpointing_kwargs=None):
        self._set_gradient_checkpointing(True)

    def gradient_checkpointing_disable(self):
        self._set_gradient_checkpointing(False)

    def _set_gradient_checkpointing(self, enable=True):
        for module in self.modules():
            if hasattr(module, "gradient_checkpointing"):
                module.gradient_checkpointing = enable

    def warn_if_padding_and_no_attention_mask(self, input_ids, attention_mask):
        """No warnings here."""

    def get_extended_attention_mask(self, attention_mask, input_shape=None, device=None, dtype=None):
        """An additive mask out of one of ones and zeros of shape (batch, length) or (batch, queries, keys)."""
        dtype = dtype or self.dtype
        mask = attention_mask[:, None, :, :] if attention_mask.dim() == 3 else attention_mask[:, None, None, :]
        return (1.0 - mask.to(dtype)) * torch.finfo(dtype).min

    def invert_attention_mask(self, encoder_attention_mask):
        return self.get_extended_attention_mask(encoder_attention_mask)

    def get_head_mask(self, head_mask, num_hidden_layers, is_attention_chunked=False):
        """A mask for each layer, (layers, 1, heads, 1, 1); a list of None when there is none."""
        if head_mask is None:
            return [None] * num_hidden_layers
        if head_mask.dim() == 1:
            head_mask = head_mask[None].expand(num_hidden_layers, -1)
        return head_mask[:, None, :, None, None].to(self.dtype)


class PreTrainedAudioTokenizerBase(PreTrainedModel):
    """A model that encodes sound into codes, and decodes it."""
