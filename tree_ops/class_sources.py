"""The classes of a candidate's file as their author wrote them, and which method of which class an instance runs."""

import ast
from collections.abc import Iterator

from archgraft.tree_ops.syntax import parse
from archgraft.tree_ops.text_edits import SourceBytes
from archgraft.tree_ops.tree import Node, Tree


class ClassSources:
    """The top-level classes of one file."""

    def __init__(self, source: str) -> None:
        self.text = SourceBytes(source)
        self.module = parse(source)
        self._classes = {item.name: item for item in self.module.body if isinstance(item, ast.ClassDef)}

    def __contains__(self, name: str) -> bool:
        return name in self._classes

    def __getitem__(self, name: str) -> ast.ClassDef:
        return self._classes[name]

    def method(self, qualified: str) -> ast.FunctionDef | None:
        """The method that `Block.forward` names, where that is a plain method of a top-level class."""
        name, _, method = qualified.partition(".")
        return _own(self._classes[name], method) if name in self._classes else None

    def home_of(self, definition: str, method: str) -> str | None:
        """The class whose method an instance of `definition` runs; None when that is none of this file's.

        Bases count from left to right, each with all above it, as Python does where none is met twice.
        """
        for cls in self._lineage(definition):
            if _own(cls, method) is not None:
                return cls.name
        return None

    def running(self, tree: Tree, home: str, method: str) -> list[Node]:
        """The nodes whose calls of a method run that of the class `home`."""
        return [node for node in tree if self.home_of(node.definition, method) == home]

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


def _own(cls: ast.ClassDef, method: str) -> ast.FunctionDef | None:
    return next((item for item in cls.body if isinstance(item, ast.FunctionDef) and item.name == method), None)


def receiver(method: ast.FunctionDef) -> str | None:
    """What a method calls its instance: the name of its first parameter."""
    given = [*method.args.posonlyargs, *method.args.args]
    return given[0].arg if given else None
