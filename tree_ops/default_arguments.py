"""Defaults of constructors, so that a call that is written anew says only what is particular to it."""

import ast
from collections.abc import Mapping

from archgraft.tree_ops.class_sources import class_sources
from archgraft.tree_ops.recently_used import remembered_by_text

_MAX_SOURCES, _MAX_CHARACTERS = 64, 2**22
_CONVOLUTION = {
    "stride": "1",
    "padding": "0",
    "dilation": "1",
    "groups": "1",
    "bias": "True",
    "padding_mode": "'zeros'",
}
_BATCH_NORM = {"eps": "1e-05", "momentum": "0.1", "affine": "True", "track_running_stats": "True"}
_ACTIVATION = {"inplace": "False"}
_ANY = {"device": "None", "dtype": "None"}
_TORCH: Mapping[str, Mapping[str, str]] = {
    **{f"Conv{n}d": _CONVOLUTION for n in (1, 2, 3)},
    **{f"BatchNorm{n}d": _BATCH_NORM for n in (1, 2, 3)},
    "Linear": {"bias": "True"},
    "LayerNorm": {"eps": "1e-05", "elementwise_affine": "True", "bias": "True"},
    "GroupNorm": {"eps": "1e-05", "affine": "True"},
    "Dropout": {"p": "0.5", **_ACTIVATION},
    "GELU": {"approximate": "'none'"},
    **dict.fromkeys(("ReLU", "ReLU6", "SiLU", "Mish", "Hardswish", "Hardsigmoid"), _ACTIVATION),
}


def usual_arguments(source: str, definition: str) -> Mapping[str, str]:
    """What a class takes for parameters that it isn't given, as Python source; only what is known for sure."""
    if definition.startswith("torch.nn."):
        return _ANY | dict(_TORCH.get(definition.removeprefix("torch.nn."), {}))
    return _constructors(source).get(definition, {})


@remembered_by_text(_MAX_CHARACTERS, _MAX_SOURCES)
def _constructors(source: str) -> Mapping[str, Mapping[str, str]]:
    """The literal and named defaults of each top-level class that has a constructor of its own."""
    found = {}
    for item in class_sources(source).module.body:
        if isinstance(item, ast.ClassDef):
            for method in item.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    found[item.name] = _defaults(method.args)
    return found


def _defaults(arguments: ast.arguments) -> Mapping[str, str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = [
        *zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return {parameter.arg: ast.unparse(default) for parameter, default in pairs if default is not None}
