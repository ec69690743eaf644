"""Notices which attributes of a module others read: `self.patch_embed.num_patches`. Runs in the sandbox child only.

Tensors and submodules are looked up by `nn.Module.__getattr__`, which is replaced. Plain attributes and methods are
found before that: where the candidate's text reads such a name off anything but `self`, the classes that may have it
get a descriptor of that name. All other attribute reads cost what they always do. Neither can be undone; the child is
thrown away afterwards.
"""

import builtins
import re
import sys
from collections.abc import Callable
from types import CodeType, FrameType, ModuleType
from typing import Any, Literal

from torch import nn

from archgraft.evaluator.own_state import literal_text
from archgraft.evaluator.watched_attribute import MISSING, WatchedAttribute, names_of

_READ = re.compile(r"\.(?<!\bself\.)([^\W\d]\w*)")
_SET = re.compile(r"""\.(?<!\bself\.)([^\W\d]\w*)\s*=[^=]|setattr\([^,()]+,\s*["'](\w+)["']""")
_QUOTED = re.compile(r"""(["'])([^\W\d]\w*)\1""")
_ORDINARY = frozenset(dir(nn.Module()))
_CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def names_read(source: str) -> frozenset[str]:
    """The names that a text may read off something other than `self`; quoted ones where it uses `getattr`."""
    names = set(_READ.findall(source))
    if "getattr(" in source:
        names |= {name for _, name in _QUOTED.findall(source)}
    return frozenset(name for name in names - _ORDINARY if not name.startswith("__"))


def names_set(source: str) -> frozenset[str]:
    """The names that a text may set on something other than `self`."""
    return frozenset(name for pair in _SET.findall(source) for name in pair)


class ReadRecorder:
    """From `install` on, notes reads by the candidate's code, of `phase`."""

    def __init__(self, source: str, filename: str, namespace: ModuleType) -> None:
        self.phase: Literal["construction", "forward"] = "construction"
        self._names = names_read(source)
        self._names_set = names_set(source) & self._names
        self._filename = filename
        self._namespace = namespace
        self._reads: dict[int, dict[tuple[str, str], dict[str, Any]]] = {}
        self._checked: set[tuple[CodeType, int, str | None]] = set()
        """Who asked of which module what class it is (None), or whether it has an attribute."""
        self._watched: set[type] = set()
        self._is_asking = False

    def of(self, module: nn.Module) -> list[dict[str, Any]]:
        """The reads of one module, as JSON of `AttributeRead`, in the order of first reads."""
        return list(self._reads.get(id(module), {}).values())

    def install(self) -> None:
        """Watch every module's tensors and submodules, and the candidate's ways to ask what a module is."""
        ordinary = nn.Module.__getattr__

        def watched_getattr(module: nn.Module, name: str) -> Any:
            value = ordinary(module, name)
            if name in self._names:
                self.note(module, name, value, sys._getframe(1))
            return value

        nn.Module.__getattr__ = watched_getattr  # type: ignore[method-assign]
        for container in _CONTAINERS:
            for name in ("__len__", "__iter__", "__getitem__", "__contains__"):
                if name in vars(container):
                    setattr(container, name, self._watched_access(vars(container)[name], name))
        vars(self._namespace).update(isinstance=self._isinstance, hasattr=self._hasattr, getattr=self._getattr)

    def watch(self, cls: type[nn.Module]) -> None:
        """Watch plain attributes and methods of a class that is about to have its first instance."""
        if cls in self._watched:
            return
        self._watched.add(cls)
        for base in cls.__mro__[: cls.__mro__.index(nn.Module)]:
            for name in self._names & (names_of(base) | self._names_set):
                held = vars(base).get(name, MISSING)
                if not builtins.isinstance(held, WatchedAttribute):
                    setattr(base, name, WatchedAttribute(name, held, self.note))

    def note(self, module: nn.Module, name: str, value: Any, frame: FrameType | None) -> None:
        """Keep a read, where it is the candidate's, and not of a module by itself."""
        while frame is not None and frame.f_code.co_filename == __file__:
            frame = frame.f_back
        if self._is_asking or frame is None or frame.f_code.co_filename != self._filename:
            return
        if frame.f_locals.get("self") is module:
            return
        code, key = frame.f_code, id(module)
        is_guarded = (code, key, None) in self._checked or (code, key, name) in self._checked
        read = self._reads.setdefault(key, {}).setdefault(
            (name, self.phase),
            {
                "name": name,
                "when": self.phase,
                "reader": code.co_qualname,
                "value": literal_text(value),
                "is_guarded": is_guarded,
            },
        )
        if read["is_guarded"] and not is_guarded:
            read.update(is_guarded=False, reader=code.co_qualname)

    def _watched_access(self, ordinary: Callable[..., Any], name: str) -> Callable[..., Any]:
        def access(module: nn.Module, *args: Any) -> Any:
            value = ordinary(module, *args)
            self.note(module, name, value, sys._getframe(1))
            return value

        return access

    def _isinstance(self, value: Any, classes: Any) -> bool:
        answer = builtins.isinstance(value, classes)
        if answer and builtins.isinstance(value, nn.Module) and not issubclass(nn.Module, classes):
            self._checked.add((sys._getframe(1).f_code, id(value), None))
        return answer

    def _hasattr(self, value: Any, name: str) -> bool:
        if not builtins.isinstance(value, nn.Module):
            return builtins.hasattr(value, name)
        self._is_asking = True
        try:
            answer = builtins.hasattr(value, name)
        finally:  # a property may raise anything
            self._is_asking = False
        self._checked.add((sys._getframe(1).f_code, id(value), name))
        return answer

    def _getattr(self, value: Any, name: str, *default: Any) -> Any:
        if default and builtins.isinstance(value, nn.Module):
            self._checked.add((sys._getframe(1).f_code, id(value), name))
        return builtins.getattr(value, name, *default)
