"""The functions, classes and tables of a closure, read from its pieces, and which class inherits from which."""

import ast
import re
from collections.abc import Iterator, Sequence

from archgraft.tree_ops.constant_definitions import Class, Entry, Family, Function
from archgraft.tree_ops.constant_locals import Locals, locals_of
from archgraft.tree_ops.constant_tables import collected_table, entries_of, named_items
from archgraft.tree_ops.index import Definition, External, SourceIndex, Target
from archgraft.tree_ops.links import ImportLink, Link, LinkedPiece
from archgraft.tree_ops.reach import Reached
from archgraft.tree_ops.scopes import FunctionNode

_MAX_REMEMBERED = 20_000
_CLOSED_BASES = frozenset(
    {"object", "abc.ABC", "typing.Generic", "typing.Protocol", "torch.nn.Module", "torch.nn.modules.Module"}
    | {f"torch.nn.{name}" for name in ("Sequential", "ModuleList", "ModuleDict", "ParameterList", "Identity")}
)
"""Bases that keep no attributes of their own under names that authors use, and call no methods but `nn.Module`'s."""
_LAYER = re.compile(r"torch\.nn\.(modules\.\w+\.)?[A-Z]\w*")
# Decorators that hand the function on and change neither its parameters nor what it returns.
_TRANSPARENT = frozenset(
    {"torch.no_grad", "torch.jit.ignore", "torch.jit.unused", "torch.jit.export", "torch.fx.wrap", "abc.abstractmethod"}
    | {"torch.inference_mode", "torch.jit.script", "torch.jit.script_if_tracing", "typing.overload", "functools.wraps"}
)


class Program:
    """Everything that is reached, by what it is."""

    def __init__(self, index: SourceIndex, reached: Reached) -> None:
        self.index = index
        self.reached = reached
        self.collections: dict[Definition, list[ast.expr] | Definition] = {}
        """Names bound once to a display of names, by its items, or to all that a table holds."""
        self.links: dict[int, Link] = {}
        """What each name that belongs to a module stands for, by the identity of its node."""
        self.functions: dict[Definition, Function] = {}
        self.classes: dict[Definition, Class] = {}
        self.tables: dict[Definition, dict[object, Entry]] = {}
        self.imports: dict[int, list[ImportLink]] = {}
        """What each import inside a piece means, by the identity of its statement."""
        self.dropped: set[int] = set()
        """Decorators that are left out, by identity."""
        for piece in reached.pieces.values():
            self.dropped.update(map(id, reached.dropped(piece)))
            for imported in piece.imports:
                self.imports.setdefault(id(imported.node), []).append(imported)
            for found in reached.links(piece):
                if found.use.node is not None and found.use.annotation is None:
                    self.links[id(found.use.node)] = found
        for definition in reached.definitions:
            self._read(definition)
        self._relate()
        for piece in reached.pieces.values():
            self._open_bases_of_inner_classes(piece)

    def binding_pieces(self, definition: Definition) -> list[LinkedPiece]:
        """The pieces that bind a name."""
        pieces = [self.reached.pieces[key] for key in self.reached.definitions.get(definition, ())]
        return [piece for piece in pieces if definition.name in piece.piece.defines]

    def linearised(self, owner: Class) -> list[Class]:
        """The class and all it inherits from inside the closure, nearest first."""
        found: dict[Class, None] = {}
        stack = [owner]
        while stack:
            current = stack.pop(0)
            found.setdefault(current)
            stack[:0] = [self.classes[base] for base in current.bases if self.classes[base] not in found]
        return list(found)

    def method(self, owner: Class, name: str) -> Function | None:
        """The method that an instance of the class has under a name."""
        return next((m for member in self.linearised(owner) if (m := member.methods.get(name)) is not None), None)

    def live_body(self, found: Class) -> Iterator[ast.stmt]:
        """The statements of a class body that are needed."""
        return (statement for statement in found.node.body if self.reached.is_live(found.piece, statement))

    def target(self, node: ast.expr) -> tuple[Target | None, Sequence[str]]:
        """What a dotted expression means, and the attributes that are left."""
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.append(node.attr)
            node = node.value
        link = self.links.get(id(node))
        attributes.reverse()
        return (link.target, attributes[link.n_attributes :]) if link is not None else (None, attributes)

    def dotted(self, node: ast.expr) -> str:
        """The dotted name of something imported, or an empty text."""
        target, rest = self.target(node)
        return ".".join([target.target, *rest]) if isinstance(target, External) else ""

    # Reading

    def _read(self, definition: Definition) -> None:
        pieces = self.binding_pieces(definition)
        if len(pieces) != 1 or len(pieces[0].statements) != 1:
            return
        if isinstance(pieces[0].statements[0], ast.Assign | ast.AnnAssign):
            items = named_items(pieces[0].statements[0]) or collected_table(pieces[0].statements[0], self.target)
            if items and len(self.reached.definitions[definition]) == 1:
                self.collections[definition] = items
            elif (entries := entries_of(self.reached, definition)) is not None:
                self.tables[definition] = entries
            return
        piece, statement = pieces[0], pieces[0].statements[0]
        if getattr(statement, "name", None) != definition.name:
            return
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            self.functions[definition] = self._function(piece, statement, None)
        elif isinstance(statement, ast.ClassDef):
            self.classes[definition] = self._class(definition, piece, statement)

    def _class(self, definition: Definition, piece: LinkedPiece, node: ast.ClassDef) -> Class:
        bases, is_open, is_layer = [], bool(node.keywords), False
        for base in node.bases:
            target, rest = self.target(base.value if isinstance(base, ast.Subscript) else base)
            if isinstance(target, Definition) and not rest:
                bases.append(target)
            elif isinstance(target, External) and _LAYER.fullmatch(name := ".".join([target.target, *rest])):
                is_layer = is_layer or name not in _CLOSED_BASES
            elif not (isinstance(target, External) and ".".join([target.target, *rest]) in _CLOSED_BASES):
                is_open = is_open or not (isinstance(base, ast.Name) and base.id == "object")
        is_decorated = any(id(decorator) not in self.dropped for decorator in node.decorator_list)
        found = Class(definition, piece, node, bases, is_open, is_layer, is_decorated)
        for statement in self.live_body(found):
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                if statement.name in found.methods or statement.name in ("__setattr__", "__getattribute__"):
                    found.is_open = True  # a property with a setter, an overload
                found.methods[statement.name] = self._function(piece, statement, found)
            elif not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr | ast.Pass):
                found.is_open = True
        return found

    def _function(self, piece: LinkedPiece, node: FunctionNode, owner: Class | None) -> Function:
        found = Function(piece, node, self._locals_of(node), owner)
        found.is_opaque = isinstance(node, ast.AsyncFunctionDef) or found.names.yields
        for decorator in node.decorator_list:
            if id(decorator) in self.dropped:
                continue
            name = decorator.id if isinstance(decorator, ast.Name) else ""
            dotted = self.dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
            if name == "staticmethod":
                found.kind = "static"
            elif name == "classmethod":
                found.kind = "class"
            elif name == "property" or dotted in ("functools.cached_property", "torch.jit.unused_property"):
                found.kind = "property"
            elif dotted not in _TRANSPARENT:
                found.is_opaque = True
        return found

    def _locals_of(self, node: FunctionNode) -> Locals:
        """What a function does with its names; remembered in the index, as its syntax is."""
        found = self.index.locals.get(node)
        if found is None:
            found = locals_of(node)
            if len(self.index.locals) < _MAX_REMEMBERED:
                self.index.locals[node] = found
        return found

    def _open_bases_of_inner_classes(self, piece: LinkedPiece) -> None:
        """A class inside a function or an `if` may override anything of what it inherits from."""
        known = {id(found.node) for found in self.classes.values()}
        if not piece.statements or piece.text.count("class ") <= (id(piece.statements[0]) in known):
            return
        for node in (inner for statement in piece.statements for inner in ast.walk(statement)):
            if isinstance(node, ast.ClassDef) and id(node) not in known:
                for base in node.bases:
                    target, _ = self.target(base)
                    if isinstance(target, Definition) and target in self.classes:
                        self.classes[target].family.is_open = True

    def _relate(self) -> None:
        for found in self.classes.values():
            known = [base for base in found.bases if base in self.classes]
            found.is_open = found.is_open or len(known) != len(found.bases)
            found.bases = known
        for found in self.classes.values():
            found.family.classes.append(found)
        for found in self.classes.values():
            for base in found.bases:
                _unite(found.family, self.classes[base].family)
        for found in self.classes.values():
            found.family.is_open = found.family.is_open or found.is_open or found.is_decorated
            found.family.is_layer = found.family.is_layer or found.is_layer


def _unite(first: Family, second: Family) -> None:
    if first is not second:
        for member in second.classes:
            member.family = first
        first.classes.extend(second.classes)
