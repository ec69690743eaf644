"""A class attribute that tells when it is read off an instance, and otherwise does what the class did without it."""

import sys
from collections.abc import Callable
from types import CodeType, FrameType, FunctionType
from typing import Any

MISSING: Any = object()

Note = Callable[[Any, str, Any, FrameType | None], None]
"""Is told the instance, the attribute's name, its value, and the frame that reads it."""


class WatchedAttribute:
    """A data descriptor, so that it comes before the instance's own dictionary.

    `own` is what the class itself held under the name, or `MISSING`.
    """

    __slots__ = ("_is_data", "_name", "_note", "_plain", "own")

    def __init__(self, name: str, own: Any, note: Note) -> None:
        self._name, self.own, self._note = name, own, note
        self._is_data = hasattr(type(own), "__set__")
        self._plain: set[type] = set()
        """Classes that are known to leave setting the attribute to their instances."""

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return _bound(self._inherited(owner), None, owner)
        value = self._value(instance)
        self._note(instance, self._name, value, sys._getframe(1))
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        cls = type(instance)
        if cls not in self._plain:
            inherited = self._found(cls)
            if hasattr(type(inherited), "__set__"):
                inherited.__set__(instance, value)
                return
            self._plain.add(cls)
        vars(instance)[self._name] = value

    def __delete__(self, instance: Any) -> None:
        inherited = self._found(type(instance))
        if hasattr(type(inherited), "__delete__"):
            inherited.__delete__(instance)
        elif self._name in vars(instance):
            del vars(instance)[self._name]
        else:
            raise AttributeError(self._name)

    def _value(self, instance: Any) -> Any:
        held = vars(instance)
        if self._name in held and not self._is_data:
            return held[self._name]
        return _bound(self._inherited(type(instance)), instance, type(instance))

    def _inherited(self, cls: type) -> Any:
        """What the class offers under the name. Raises `AttributeError`, as Python's own lookup does."""
        found = self._found(cls)
        if found is MISSING:
            raise AttributeError(f"{cls.__name__!r} object has no attribute {self._name!r}")
        return found

    def _found(self, cls: type) -> Any:
        if self.own is not MISSING:
            return self.own
        for base in cls.__mro__:
            held = vars(base).get(self._name, MISSING)
            held = held.own if isinstance(held, WatchedAttribute) else held
            if held is not MISSING:
                return held
        return MISSING


def names_of(cls: type) -> frozenset[str]:
    """The names that a class, or its instances by its own methods, may have: an upper bound."""
    names = set(vars(cls))
    for held in vars(cls).values():
        if isinstance(held, FunctionType):
            names.update(_names_in(held.__code__))
    return frozenset(names)


def _names_in(code: CodeType) -> set[str]:
    return {*code.co_names, *(constant for constant in code.co_consts if isinstance(constant, str))}


def _bound(held: Any, instance: Any, owner: type) -> Any:
    getter = getattr(type(held), "__get__", None)
    return held if getter is None else getter(held, instance, owner)
