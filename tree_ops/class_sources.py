"""The classes of a candidate's file as their author wrote them, and which method of which class an instance runs."""

import ast
from collections.abc import Iterator
from functools import cache, lru_cache

from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.text_edits import SourceBytes
from archgraft.tree_ops.tree import Node, Tree


class ClassSources:
    """The top-level classes of one file."""

    def __init__(self, source: str) -> None:
        self.text = SourceBytes(source)
        self.module = parse(source)
        self._classes = {item.name: item for item in self.module.body if isinstance(item, ast.ClassDef)}
        self.home_of = cache(self._home_of)
        self.can_move = cache(self._can_move)

    def __contains__(self, name: str) -> bool:
        return name in self._classes

    def __getitem__(self, name: str) -> ast.ClassDef:
        return self._classes[name]

    def method(self, qualified: str) -> ast.FunctionDef | None:
        """The method that `Block.forward` names, where that is a plain method of a top-level class."""
        name, _, method = qualified.partition(".")
        return _own(self._classes[name], method) if name in self._classes else None

    def _home_of(self, definition: str, method: str) -> str | None:
        """The class whose method an instance of `definition` runs; None when that is none of this file's.

        Bases count from left to right, each with all above it, as Python does where none is met twice.
        """
        for cls in self._lineage(definition):
            if _own(cls, method) is not None:
                return cls.name
        return None

    def running(self, tree: Tree, home: str, method: str) -> list[Node]:
        """The nodes whose calls of a method run that of the class `home`."""
        alike = [nodes for name, nodes in tree.by_definition.items() if self.home_of(name, method) == home]
        return [node for nodes in alike for node in nodes]

    def _can_move(self, qualified: str) -> bool:
        """Whether a method means the same in a subclass: nothing in it depends on the class it stands in."""
        method = self.method(qualified)
        if method is None:
            return False
        names = {node.id for node in ast.walk(method) if isinstance(node, ast.Name)}
        attributes = {node.attr for node in ast.walk(method) if isinstance(node, ast.Attribute)}
        private = {name for name in names | attributes if name.startswith("__") and not name.endswith("__")}
        return not names & {"super", "__class__"} and not private

    def free_name(self, wanted: str) -> str:
        """The name, or with a number the first that no word of the file is."""
        taken = {node.id for node in ast.walk(self.module) if isinstance(node, ast.Name)} | set(self._classes)
        taken |= {item.name for item in self.module.body if isinstance(item, ast.FunctionDef)}
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted}{number}", number + 1
        return name

    def _lineage(self, name: str) -> Iterator[ast.ClassDef]:
        if name in self._classes:
            yield self._classes[name]
            for base in self._classes[name].bases:
                if isinstance(base, ast.Name) and base.id != name:
                    yield from self._lineage(base.id)


@lru_cache(maxsize=4)
def class_sources(source: str) -> ClassSources:
    """The classes of a source; a few are kept, since edits of one tree are offered, drawn and printed in turn."""
    return ClassSources(source)


def _own(cls: ast.ClassDef, method: str) -> ast.FunctionDef | None:
    return next((item for item in cls.body if isinstance(item, ast.FunctionDef) and item.name == method), None)


def receiver(method: ast.FunctionDef) -> str | None:
    """What a method calls its instance: the name of its first parameter."""
    given = [*method.args.posonlyargs, *method.args.args]
    return given[0].arg if given else None
