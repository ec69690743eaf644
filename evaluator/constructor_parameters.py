"""The parameters of a constructor as Python sees them, for trials: those that a base class takes count, too."""

import inspect
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from archgraft.tree_ops.spec import Parameter, ParameterKind


def parameters_seen(module_class: Any) -> list[Parameter]:
    """The constructor's parameters as Python sees them. Raises `ValueError` or `TypeError` where it can't."""
    found = inspect.signature(module_class).parameters.values()
    kinds: dict[Any, ParameterKind] = {
        inspect.Parameter.KEYWORD_ONLY: "keyword",
        inspect.Parameter.VAR_POSITIONAL: "var_positional",
    }
    return [
        Parameter(
            name=p.name,
            kind=kinds.get(p.kind, "positional"),
            annotation=None if p.annotation is p.empty else _annotation_text(p.annotation),
            default=None if p.default is p.empty else repr(p.default),
        )
        for p in found
        if p.kind is not p.VAR_KEYWORD
    ]


def with_inherited(module_class: type, parameters: Sequence[Parameter]) -> list[Parameter]:
    """The parameters, and those of the constructors that `*args, **kwargs` are handed on to."""
    found = [p for p in parameters if p.kind in ("positional", "keyword")]
    if len(found) == len(parameters):
        return found
    names = {p.name for p in found}
    for base in module_class.__mro__:
        if "__init__" not in vars(base) or base is nn.Module:
            continue
        signature = inspect.signature(vars(base)["__init__"])
        seen = [p for p in parameters_seen(vars(base)["__init__"])[1:] if p.kind != "var_positional"]
        found += [replace(p, kind="keyword") for p in seen if p.name not in names]
        names |= {p.name for p in seen}
        if not any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
            break
    several = [p for p in parameters if p.kind == "var_positional"]
    return [*found, *(several if len(names) == 0 else [])]


def _annotation_text(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
