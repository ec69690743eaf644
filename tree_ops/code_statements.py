"""The top-level statements of a source, each read once however many sources hold it.

Offspring share almost all statements with their parents: equal blocks of text give the same `Statement` objects, and
what is worked out of a statement is kept on it.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from archgraft.tree_ops.block_reading import blocks_by
from archgraft.tree_ops.code_form import Form, definition_form, method_form
from archgraft.tree_ops.recently_used import remembered_by_text
from archgraft.tree_ops.syntax import parse

_MAX_CHARACTERS = 2**19
ANY_NAME = "*"
"""Stands among the attributes that code sets for those whose names the text doesn't show: `setattr(x, name, value)`."""
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Bases:
    """What a class statement inherits from, as it is written; `is_plain` unless it has decorators or keywords."""

    names: tuple[str, ...]
    is_plain: bool


@dataclass(frozen=True, eq=False)
class Statement:
    """One top-level statement. It is equal to itself alone, so that it can stand for its text where that is a key.

    `text` are its lines; where lines hold several statements, `column` tells which one.
    """

    text: str
    column: int
    names: tuple[str, ...]
    """Names that it binds, or names in any other way: `X = 1`, `X["key"] = f`, `register(X)`."""
    imports: Mapping[str, str]
    """What a plain import binds: name -> qualified name."""
    bases: Bases | None
    """None unless it is a class."""
    stores: frozenset[str]
    """Attributes that it sets, on anything."""
    stores_elsewhere: frozenset[str]
    """Those that it sets on objects other than the instance whose method does it."""

    @cached_property
    def form(self) -> Form:
        """The whole statement's form."""
        return definition_form(self._parsed())

    @cached_property
    def uses(self) -> tuple[str, ...]:
        """Names from outside that it uses, without their attributes, in order of appearance."""
        return tuple(dict.fromkeys(dotted.partition(".")[0] for dotted in self.form.outer))

    @cached_property
    def members(self) -> tuple[Mapping[str, tuple[Form, bool]], bool]:
        """A class's own functions and values with whether each is a function; and whether it holds nothing else."""
        statement = self._parsed()
        assert isinstance(statement, ast.ClassDef)
        found: dict[str, tuple[Form, bool]] = {}
        is_legible = True
        for item in statement.body:
            match item:
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    is_legible = is_legible and item.name not in found  # property setters, overloads
                    found[item.name] = (method_form(item), True)
                case ast.Assign(targets=[ast.Name(id=name)]):
                    found[name] = (definition_form(item.value), False)
                case ast.AnnAssign(target=ast.Name(id=name), value=value):
                    if value is not None:
                        found[name] = (definition_form(value), False)
                case ast.Pass() | ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    is_legible = False
        return found, is_legible

    def _parsed(self) -> ast.stmt:
        return next(item for item in parse(self.text).body if item.col_offset == self.column)


def statements_of(source: str) -> Iterator[Statement]:
    """In their order, without texts that stand alone. Raises `SyntaxError`."""
    for block, found in blocks_by(source, _of_block):
        yield from _read(block) if found is None else found


@remembered_by_text(_MAX_CHARACTERS)
def _of_block(block: str) -> Sequence[Statement] | None:
    """None when the block is not Python by itself."""
    try:
        return _read(block)
    except (SyntaxError, ValueError):
        return None


def _read(text: str) -> Sequence[Statement]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # as the parser counts them
    found = []
    for node in parse(text).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        imports = _imports(node)
        stores, stores_elsewhere = _stores(node)
        first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
        found.append(
            Statement(
                text="\n".join(lines[first - 1 : node.end_lineno]),
                column=node.col_offset,
                names=() if imports else tuple(_touched(node)),
                imports=imports,
                bases=_bases(node) if isinstance(node, ast.ClassDef) else None,
                stores=stores,
                stores_elsewhere=stores_elsewhere,
            )
        )
    return found


def _imports(statement: ast.stmt) -> dict[str, str]:
    if isinstance(statement, ast.Import):
        tops = [(alias, alias.name.partition(".")[0]) for alias in statement.names]
        return {alias.asname or top: alias.name if alias.asname else top for alias, top in tops}
    if isinstance(statement, ast.ImportFrom):
        return {alias.asname or alias.name: f"{statement.module}.{alias.name}" for alias in statement.names}
    return {}


def _bases(statement: ast.ClassDef) -> Bases:
    names = (ast.unparse(base.value if isinstance(base, ast.Subscript) else base) for base in statement.bases)
    return Bases(tuple(names), not statement.decorator_list and not statement.keywords)


def _touched(statement: ast.stmt) -> Iterable[str]:
    if isinstance(statement, _FUNCTIONS | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        nodes = [node for target in targets for node in ast.walk(target)]
    else:
        nodes = list(ast.walk(statement))
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    names += [node.name for node in nodes if isinstance(node, _FUNCTIONS | ast.ClassDef)]
    names += [node.asname or node.name.partition(".")[0] for node in nodes if isinstance(node, ast.alias)]
    return dict.fromkeys(names)


def _stores(statement: ast.stmt) -> tuple[frozenset[str], frozenset[str]]:
    """`Statement.stores` and `stores_elsewhere`."""
    everything: set[str] = set()
    elsewhere: set[str] = set()
    is_class = isinstance(statement, ast.ClassDef)
    for part in ast.iter_child_nodes(statement) if is_class else [statement]:
        nodes = list(ast.walk(part))
        instance = _instance(part, nodes) if is_class and isinstance(part, _FUNCTIONS) else None
        for target, name in _settings(nodes):
            everything.add(name)
            if instance is None or not (isinstance(target, ast.Name) and target.id == instance):
                elsewhere.add(name)
    return frozenset(everything), frozenset(elsewhere)


def _settings(nodes: Iterable[ast.AST]) -> Iterator[tuple[ast.expr, str]]:
    """Each object of which an attribute is set or deleted, by `setattr` too, and which one."""
    for node in nodes:
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            yield node.value, node.attr
        elif isinstance(node, ast.Call):
            match node:
                case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[target, name, *_]):
                    yield target, _text_of(name) or ANY_NAME


def _text_of(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _instance(method: ast.FunctionDef | ast.AsyncFunctionDef, nodes: Iterable[ast.AST]) -> str | None:
    """What a method calls its instance; None where it has none, or something else goes by that name, too."""
    parameters = [*method.args.posonlyargs, *method.args.args]
    decorators = {item.id for item in method.decorator_list if isinstance(item, ast.Name)}
    if not parameters or not decorators.isdisjoint(("staticmethod", "classmethod")):
        return None
    name = parameters[0].arg
    others = (node for node in nodes if isinstance(node, ast.arg) and node is not parameters[0])
    return None if any(other.arg == name for other in others) else name
