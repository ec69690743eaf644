"""Ties every module instance to the call that made it. Runs in the sandbox child only.

`nn.Module.__new__` sees class, arguments and the calling frame of each construction; the frame's bytecode position
gives the exact span of the call expression. Once set, the hook can't be removed in CPython (a class that has had a
Python `__new__` never gets `object.__new__`'s argument check back): the child is thrown away afterwards.
"""

import functools
import inspect
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from types import FrameType, FunctionType, ModuleType
from typing import Any

import torch
from torch import nn

from archgraft.evaluator.spans import Span, position


@dataclass(frozen=True)
class Call:
    """One construction: what was made, where the call stands, and what it was given."""

    cls: type[nn.Module]
    span: Span | None
    function: str
    arguments: list[dict[str, str]]


class ConstructionRecorder:
    """Records every `nn.Module` made while it is installed, by identity of the instance."""

    def __init__(
        self, filename: str, namespace: ModuleType, before_first: Callable[[type[nn.Module]], None] = lambda _: None
    ) -> None:
        self.filename = filename
        self.namespace = namespace
        self.before_first = before_first
        """Is told of each class before its first instance is made."""
        self.calls: dict[int, Call] = {}
        self._classes: set[type[nn.Module]] = set()
        self._keep: list[nn.Module] = []  # an id is only good while its object lives

    def install(self) -> None:
        """Hook `nn.Module.__new__`; from here on each construction is recorded."""

        def hook(cls: type[nn.Module], *args: Any, **kwargs: Any) -> nn.Module:
            if cls not in self._classes:
                self._classes.add(cls)
                self.before_first(cls)
            following = super(nn.Module, cls).__new__
            if following is not object.__new__:  # that of a mixin, which comes behind nn.Module
                instance: nn.Module = following(cls, *args, **kwargs)
            elif (args or kwargs) and cls.__new__ is not hook:  # as object.__new__ would, were it called by the class
                raise TypeError("object.__new__() takes exactly one argument (the type to instantiate)")
            else:
                instance = object.__new__(cls)
            self._keep.append(instance)
            self.calls[id(instance)] = self._call(cls, args, kwargs, sys._getframe(1))
            return instance

        nn.Module.__new__ = staticmethod(hook)  # type: ignore[assignment]  # the documented way to hook a C slot

    def instances_per_span(self) -> Counter[Span]:
        """How many instances each call expression made."""
        return Counter(call.span for call in self.calls.values() if call.span is not None)

    def _call(
        self, cls: type[nn.Module], args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType | None
    ) -> Call:
        arguments = self._describe(cls, args, kwargs)
        # A class's own __new__ stands between the call and the hook.
        while frame is not None and frame.f_code.co_name == "__new__":
            frame = frame.f_back
        if frame is None or frame.f_code.co_filename != self.filename:
            return Call(cls, None, "", arguments)
        return Call(cls, position(frame.f_code, frame.f_lasti), frame.f_code.co_qualname, arguments)

    def _describe(self, cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[dict[str, str]]:
        names = _plain_names(cls)
        if names is not None and len(args) <= len(names):  # most calls: binding them takes longer than making layers
            given = {**_defaults(cls), **dict(zip(names, args)), **kwargs}
            if given.keys() == set(names) and kwargs.keys().isdisjoint(names[: len(args)]):
                return [self._argument(name, given[name]) for name in names]
        try:
            bound = _signature(cls).bind(None, *args, **kwargs)
        except (TypeError, ValueError):  # a wrong call; __init__ is about to raise the real error
            return []
        bound.apply_defaults()
        described = []
        for name, value in islice(bound.arguments.items(), 1, None):
            kind = bound.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                described += [self._argument(key, item) for key, item in value.items()]
            elif kind is inspect.Parameter.VAR_POSITIONAL:
                described += [self._argument(f"*{name}", value)] if value else []
            else:
                described.append(self._argument(name, value))
        return described

    def _argument(self, name: str, value: Any) -> dict[str, str]:
        if is_literal(value):
            return {"name": name, "kind": "literal", "text": repr(plain(value))}
        text = self._reference(value)
        if text is not None:
            return {"name": name, "kind": "reference", "text": text}
        return {"name": name, "kind": "opaque", "text": type(value).__name__}

    def _reference(self, value: Any) -> str | None:
        """An expression that means `value` in the candidate's file, or None."""
        if isinstance(value, functools.partial):
            parts = [self._reference(value.func), *map(self._text, value.args)]
            parts += [None if (text := self._text(v)) is None else f"{k}={text}" for k, v in value.keywords.items()]
            return None if None in parts else f"functools.partial({', '.join(str(part) for part in parts)})"
        if isinstance(value, torch.dtype):
            return str(value)
        if isinstance(value, type | FunctionType):
            name, home = value.__qualname__, value.__module__
            # Torch's own first: what else a file imports, and under which name, must not change what it is called.
            if home.startswith("torch.nn.modules") and getattr(nn, name, None) is value:
                return f"torch.nn.{name}"
            if home == "torch.nn.functional":
                return f"torch.nn.functional.{name}"
            if getattr(self.namespace, name, None) is value:
                return name
        return None

    def _text(self, value: Any) -> str | None:
        return repr(plain(value)) if is_literal(value) else self._reference(value)


@functools.cache
def _signature(cls: Any) -> inspect.Signature:
    """That of the constructor; torch's own LSTM and GRU hide theirs, which is that of their base."""
    if cls.__init__ not in (nn.LSTM.__init__, nn.GRU.__init__):
        return inspect.signature(cls.__init__)
    signature = inspect.signature(nn.RNNBase.__init__)
    hidden = {"mode", "proj_size"} if issubclass(cls, nn.GRU) else {"mode"}
    return signature.replace(parameters=[one for name, one in signature.parameters.items() if name not in hidden])


@functools.cache
def _plain_names(cls: Any) -> tuple[str, ...] | None:
    """The constructor's parameters where all may be given by place or by name; None where some may not."""
    first, *parameters = _signature(cls).parameters.values()
    is_plain = all(one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD for one in (first, *parameters))
    return tuple(one.name for one in parameters) if is_plain else None


@functools.cache
def _defaults(cls: Any) -> dict[str, Any]:
    parameters = _signature(cls).parameters.values()
    return {one.name: one.default for one in parameters if one.default is not inspect.Parameter.empty}


def is_literal(value: Any) -> bool:
    """Whether `repr(plain(value))` is a Python literal that gives the value back."""
    if isinstance(value, tuple | list | set) and not hasattr(value, "_fields"):
        return (bool(value) or not isinstance(value, set)) and all(map(is_literal, value))
    if type(value) is dict:
        return all(is_literal(key) and is_literal(item) for key, item in value.items())
    if type(value) is float:
        return value == value and abs(value) != float("inf")
    return value is None or type(value) in (bool, int, str)


def plain(value: Any) -> Any:
    """The value with subclasses of containers (`torch.Size`) replaced by their built-in kind."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value
