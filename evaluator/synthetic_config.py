"""Configuration objects made from what the parent read of their class. Child side: runs the class's own methods.

Fields have their defaults at toy size; what the class's `__init__`, `__post_init__` and properties derive from them is
derived by running these statement by statement, so that one that can't run here costs no more than its own fields.
"""

import ast
import builtins
import math
from collections.abc import Iterator, Mapping
from typing import Any

from archgraft.evaluator.causes import note
from archgraft.evaluator.config_sizes import HEADS, IMAGE_SIDE, LAYERS, TOKENS, small_value
from archgraft.evaluator.loading import execute
from archgraft.tree_ops.syntax import literal, parse

_ROPE = {"rope_type": "default", "rope_theta": 10000.0}
_USUAL: dict[str, Any] = {
    "_attn_implementation": "eager",
    "attn_implementation": "eager",
    "_experts_implementation": "eager",
    "_name_or_path": "",
    "name_or_path": "",
    "model_type": "",
    "return_dict": True,
    "use_return_dict": True,
    "output_attentions": False,
    "output_hidden_states": False,
    "output_router_logits": False,
    "torch_dtype": None,
    "dtype": None,
    "gradient_checkpointing": False,
    "chunk_size_feed_forward": 0,
    "num_labels": 3,
    "problem_type": None,
    "is_encoder_decoder": False,
    "is_decoder": False,
    "add_cross_attention": False,
    "cross_attention_hidden_size": None,
    "pruned_heads": {},
    "use_cache": False,
    "tie_word_embeddings": False,
    "tie_encoder_decoder": False,
    "initializer_range": 0.02,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "sep_token_id": 3,
    "decoder_start_token_id": 1,
    "id2label": {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"},
    "label2id": {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2},
    "rope_scaling": None,
    "rope_theta": 10000.0,
    "rope_parameters": {**_ROPE, "full_attention": _ROPE, "sliding_attention": _ROPE},
    "partial_rotary_factor": 1.0,
    "layer_norm_eps": 1e-5,
    "rms_norm_eps": 1e-6,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "attention_dropout": 0.0,
    "hidden_dropout": 0.0,
    "attention_bias": False,
    "mlp_bias": False,
    "num_hidden_layers": LAYERS,
    "vocab_size": TOKENS,
    "max_position_embeddings": TOKENS,
    "num_attention_heads": HEADS,
    "num_key_value_heads": HEADS,
    "num_channels": 3,
    "image_size": IMAGE_SIDE,
    "patch_size": 8,
}
"""Fields that configurations are expected to have and base classes provide."""
_WIDTHS: dict[str, tuple[int, int]] = {
    "hidden_size": (1, 1),
    "d_model": (1, 1),
    "embed_dim": (1, 1),
    "n_embd": (1, 1),
    "dim": (1, 1),
    "projection_dim": (1, 1),
    "intermediate_size": (2, 1),
    "head_dim": (1, HEADS),
}
_STRUCTURAL = frozenset({"_values", "_table", "_width", "_reads", "_made", "_methods"})


class SyntheticConfig:
    """A configuration of about `width` channels. Unknown fields that name conventions explain get a usual value.

    Reads are noted with the value that was found, so that a plain namespace of just these fields can stand in for it.
    """

    def __init__(self, table: Mapping[str, Any], width: int) -> None:
        self._reads: dict[str, Any]
        self.__dict__["_table"] = table
        self.__dict__["_width"] = width
        self.__dict__["_reads"] = _Reads()
        self.__dict__["_made"] = False
        self.__dict__["_methods"] = {}
        raw = {name: literal(text) for name, text in (table.get("values") or {}).items()}
        self.__dict__.update({name: small_value(name, value, width, raw) for name, value in raw.items()})
        for name, nested in (table.get("nested") or {}).items():
            self.__dict__[name] = SyntheticConfig(nested, width)
        _derive(self, [str(source) for source in table.get("methods") or []])
        for name in [name for name, value in self.__dict__.items() if value is None]:
            if name in _WIDTHS or _USUAL.get(name) is not None:
                del self.__dict__[name]
        self.__dict__["_made"] = True

    def __getattribute__(self, name: str) -> Any:
        fields = object.__getattribute__(self, "__dict__")
        if name in _STRUCTURAL or name.startswith("__") or name not in fields:
            return object.__getattribute__(self, name)
        value = fields[name]
        if fields["_made"]:
            fields["_reads"].setdefault(name, value)
        return value

    def __getattr__(self, name: str) -> Any:
        """For what is no field: an alias, a usual value, or a property of the class."""
        fields = object.__getattribute__(self, "__dict__")
        if name.startswith("__") or name in _STRUCTURAL:
            raise AttributeError(name)
        value = self._unknown(fields, name)
        if fields["_made"]:
            fields["_reads"].setdefault(name, value)
        return value

    def _unknown(self, fields: dict[str, Any], name: str) -> Any:
        meant = (fields["_table"].get("aliases") or {}).get(name)
        if meant is not None and meant != name:
            return getattr(self, meant)
        if name in _USUAL:
            return _USUAL[name]
        if name in fields["_methods"]:
            try:
                value = fields["_methods"][name](self)
            except Exception as error:  # noqa: BLE001 - the authors' code may ask for anything
                raise AttributeError(f"the configuration's {name} can't be worked out: {error}") from None
            if not _is_unknown(value):
                return value
        if name in _WIDTHS:
            factor, divisor = _WIDTHS[name]
            return fields["_width"] * factor // divisor
        if name.startswith(("standardize_", "validate_")):
            return _nothing
        for nested in fields.values():
            if isinstance(nested, SyntheticConfig) and name in nested:
                return nested.__dict__[name]
        if name.endswith("_config"):
            fields[name] = SyntheticConfig({}, fields["_width"])
            return fields[name]
        raise AttributeError(f"the configuration has no {name}")

    def fields_read(self) -> dict[str, Any]:
        """What has been read so far, with the values that were found."""
        return {name: value for name, value in self._reads.items() if name.isidentifier()}

    def __contains__(self, name: str) -> bool:
        return name in self.__dict__

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def keys(self) -> list[str]:
        return [name for name in self.__dict__ if name not in _STRUCTURAL]

    def items(self) -> list[tuple[str, Any]]:
        return [(name, self.__dict__[name]) for name in self.keys()]

    def get(self, name: str, default: Any = None) -> Any:
        return getattr(self, name, default)

    def to_dict(self) -> dict[str, Any]:
        return dict(self.items())

    def update(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    def get_text_config(self, *_: Any, **__: Any) -> Any:
        for name in ("text_config", "decoder", "text_encoder"):
            if isinstance(self.__dict__.get(name), SyntheticConfig):
                return self.__dict__[name]
        return self


def _nothing(*_: Any, **__: Any) -> None:
    """What a check of a configuration that is right does."""


class _Reads(dict[str, Any]):
    """Shared by all copies of a configuration: models copy theirs and read the copy."""

    def __deepcopy__(self, _: Any) -> "_Reads":
        return self


class _Anything:
    """Stands for whatever a configuration's method names and this process hasn't."""

    def __call__(self, *_: Any, **__: Any) -> "_Anything":
        return self

    def __getattr__(self, name: str) -> "_Anything":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _: Any) -> "_Anything":
        return self

    def __or__(self, _: Any) -> "_Anything":
        return self

    def __ror__(self, _: Any) -> "_Anything":
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class _Names(dict[str, Any]):
    """The globals of a configuration's methods."""

    def __init__(self, table: Mapping[str, Any], width: int) -> None:
        super().__init__(math=math, super=lambda *_: _Anything(), __builtins__=builtins)
        self._nested = {str(found.get("name")): found for found in (table.get("nested") or {}).values()}
        self._width = width

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            return getattr(builtins, name)
        if name in self._nested or name.endswith("Config"):
            table = self._nested.get(name, {})
            return lambda *_, **__: SyntheticConfig(table, self._width)
        return _Anything()


def _derive(config: SyntheticConfig, methods: list[str]) -> None:
    """Define the class's properties, and run what runs when one is made."""
    fields = config.__dict__
    for source in methods:
        try:
            (function,) = parse(source).body
        except (SyntaxError, ValueError):
            continue
        if not isinstance(function, ast.FunctionDef):
            continue
        if function.name in ("__init__", "__post_init__"):
            _run_leniently(config, function)
        else:
            function.decorator_list = []
            names = _Names(fields["_table"], fields["_width"])
            try:
                execute([function], names)
                fields["_methods"][function.name] = names[function.name]
            except Exception as error:  # noqa: BLE001 - the authors' code may ask for anything
                note(f"the configuration's {function.name} can't be defined", error)


def _run_leniently(config: SyntheticConfig, function: ast.FunctionDef) -> None:
    """Each statement by itself; fields that it leaves without a plain value are put back."""
    fields = config.__dict__
    names = _Names(fields["_table"], fields["_width"])
    names[function.args.args[0].arg if function.args.args else "self"] = config
    for argument in [*function.args.args[1:], *function.args.kwonlyargs]:
        names[argument.arg] = fields.get(argument.arg)
    if function.args.kwarg is not None:
        names[function.args.kwarg.arg] = {}
    for statement in function.body:
        kept = dict(fields)
        try:
            execute([statement], names)
        except Exception as error:  # noqa: BLE001 - the authors' code may ask for anything
            note(f"in the configuration's {function.name}, line {statement.lineno}", error)
        finally:
            for name in [name for name, value in fields.items() if _is_unknown(value)]:
                fields.pop(name)
                if name in kept:
                    fields[name] = kept[name]


def _is_unknown(value: Any) -> bool:
    return isinstance(value, _Anything) or (
        isinstance(value, list | tuple) and any(isinstance(item, _Anything) for item in value)
    )
