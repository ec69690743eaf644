"""Which names a top-level statement takes from its module: a small scope analysis on `ast`.

Python's own `symtable` knows scopes but no positions, and positions are what renaming needs. Every name that resolves
to the module's own scope becomes a `Use`; whether it is needed while the module is executed (`eager`) or only when a
function is called decides the order of definitions.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from archgraft.tree_ops.syntax import parse_expression

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ImportNode = ast.Import | ast.ImportFrom
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
_LEAVES = (ast.Lambda, ast.Name, ast.Constant, ast.expr_context, ast.operator)


@dataclass(frozen=True, slots=True)
class Annotation:
    """An annotation that names something: `node` is the `arg`, function or annotated assignment that carries it."""

    node: ast.arg | FunctionNode | ast.AnnAssign
    expression: ast.expr


@dataclass(frozen=True, slots=True)
class LocalImport:
    """The import inside a function that binds a name there."""

    node: ImportNode
    alias: ast.alias


@dataclass(frozen=True, slots=True)
class Use:
    """One appearance of a module-level name.

    `chain` holds the attribute accesses on it, innermost first. `hidden` are the names that the enclosing functions
    bind themselves: a new name for this use must avoid them. `node` is None inside quoted annotations.
    """

    name: str
    node: ast.AST | None
    chain: tuple[ast.Attribute, ...] = ()
    kind: Literal["load", "store", "global"] = "load"
    eager: bool = True
    annotation: Annotation | None = None
    hidden: frozenset[str] = frozenset()
    local_import: LocalImport | None = None
    f_string: ast.JoinedStr | None = None
    essential: bool = False
    """Whether executing the statement does something with the value beyond passing it on: call it, inherit from it."""


@dataclass(slots=True)
class Uses:
    """All that one top-level statement has to do with its module's names."""

    uses: list[Use] = field(default_factory=list)
    imports: list[tuple[ImportNode, bool]] = field(default_factory=list)
    """Import statements anywhere in it, and whether each is at module level."""
    rebound: set[int] = field(default_factory=set)
    """Aliases, by identity, of imports in functions that bind the same name otherwise, too: a variable, then."""
    eager_calls: list[ast.AST] = field(default_factory=list)
    """What may run functions while the statement is executed: calls, decorators, classes with bases."""


@dataclass(slots=True)
class _Scope:
    kind: Literal["function", "class", "comprehension"]
    names: set[str] = field(default_factory=set)
    imports: dict[str, LocalImport] = field(default_factory=dict)
    global_names: set[str] = field(default_factory=set)


def analyse(statement: ast.stmt) -> Uses:
    """The uses of one top-level statement."""
    visitor = _Visitor()
    visitor.visit(statement)
    return visitor.found


def walk_scope(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of a scope, not entering the bodies of nested functions and classes (their headers are included)."""
    stack: list[ast.AST] = [*statements]
    stack.reverse()
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _DEFINITIONS):
            stack.extend(node.decorator_list)
        elif not isinstance(node, _LEAVES):
            stack.extend(children(node)[::-1])


def children(node: ast.AST) -> list[ast.AST]:
    """`ast.iter_child_nodes`, twice as fast."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def stored_names(node: ast.AST) -> Iterator[str]:
    """Names that this node alone binds in its scope (imports left out)."""
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, _DEFINITIONS):
        yield node.name
    else:
        bound = (
            getattr(node, "name", None) if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) else None
        )
        bound = node.rest if isinstance(node, ast.MatchMapping) else bound
        if bound:
            yield bound


def bound_name(alias: ast.alias, node: ImportNode) -> str:
    """The name that an import's alias binds."""
    if alias.asname:
        return alias.asname
    return alias.name.split(".")[0] if isinstance(node, ast.Import) else alias.name


def _imported(found: LocalImport) -> tuple[str | int | None, ...]:
    """What it imports, as it is written."""
    is_from = isinstance(found.node, ast.ImportFrom)
    home = (found.node.module, found.node.level) if isinstance(found.node, ast.ImportFrom) else ("", 0)
    name = found.alias.name if is_from or found.alias.asname else found.alias.name.split(".")[0]
    return is_from, *home, name


def _scope_of(arguments: ast.arguments | None, body: Sequence[ast.stmt]) -> _Scope:
    scope = _Scope("function")
    if arguments is not None:
        scope.names.update(argument.arg for argument in all_arguments(arguments))
    imports: dict[str, LocalImport] = {}
    elsewhere: set[str] = set()
    for node in walk_scope(body):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                found = LocalImport(node, alias)
                before = imports.setdefault(bound_name(alias, node), found)
                if _imported(before) != _imported(found):
                    scope.names.add(bound_name(alias, node))
        elif isinstance(node, ast.Global):
            scope.global_names.update(node.names)
        elif isinstance(node, ast.Nonlocal):
            elsewhere.update(node.names)
        else:
            scope.names.update(stored_names(node))
    scope.imports = {name: found for name, found in imports.items() if name not in scope.names}
    scope.names |= set(imports)
    scope.names -= scope.global_names | elsewhere
    return scope


def all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    """Every parameter of a function, `*` and `**` included."""
    extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


class _Visitor(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found = Uses()
        self._scopes: list[_Scope] = []
        self._lazy = 0
        self._annotation: Annotation | None = None
        self._f_string: ast.JoinedStr | None = None
        self._essential = False

    # Names

    def _resolve(self, name: str) -> tuple[bool, LocalImport | None]:
        """Whether the name is the module's, or an import inside a function."""
        inside_function = False
        for scope in reversed(self._scopes):
            if scope.kind == "class" and inside_function:
                continue
            if name in scope.global_names:
                return True, None
            if name in scope.names:
                found = scope.imports.get(name)
                return found is not None, found
            inside_function = inside_function or scope.kind == "function"
        return True, None

    def _hidden(self) -> frozenset[str]:
        hidden: set[str] = set()
        inside_function = False
        for scope in reversed(self._scopes):
            if scope.kind != "class" or not inside_function:
                hidden |= scope.names - set(scope.imports)
            inside_function = inside_function or scope.kind == "function"
        return frozenset(hidden)

    def _use(
        self,
        name: str,
        node: ast.AST | None,
        chain: Sequence[ast.Attribute] = (),
        kind: Literal["load", "store", "global"] = "load",
    ) -> None:
        is_global, local_import = self._resolve(name)
        if is_global:
            self.found.uses.append(
                Use(
                    name,
                    node,
                    tuple(chain),
                    kind,
                    not self._lazy,
                    self._annotation,
                    self._hidden(),
                    local_import,
                    self._f_string,
                    not self._lazy and (self._essential or bool(chain)),
                )
            )

    def _bind(self, name: str, node: ast.AST) -> None:
        """A definition or assignment in the current scope."""
        if self._scopes and self._scopes[-1].kind == "class" and name not in self._scopes[-1].global_names:
            self._scopes[-1].names.add(name)
        elif self._resolve(name) == (True, None):
            self._use(name, node, kind="store")

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._bind(node.id, node)
        else:
            self._use(node.id, node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        chain = [node]
        value = node.value
        while isinstance(value, ast.Attribute):
            chain.append(value)
            value = value.value
        if isinstance(value, ast.Name) and isinstance(value.ctx, ast.Load):
            self._use(value.id, value, chain[::-1])
        else:
            self.visit(value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        outer, self._f_string = self._f_string, self._f_string or node
        self.generic_visit(node)
        self._f_string = outer

    def visit_Global(self, node: ast.Global) -> None:
        for name in node.names:
            self._use(name, node, kind="global")

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name:
            self._bind(node.name, node)
        self._visit_all(node.body)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self._bind(node.name, node)
        self.generic_visit(node)

    # Statements whose parts run in an order, or scope, of their own

    def _visit_all(self, nodes: Iterable[ast.AST | None]) -> None:
        for node in nodes:
            if node is not None:
                self.visit(node)

    def _visit_essential(self, nodes: Iterable[ast.AST]) -> None:
        outer, self._essential = self._essential, True
        self._visit_all(nodes)
        self._essential = outer

    def visit_Assign(self, node: ast.Assign) -> None:
        self._visit_all([node.value, *node.targets])

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._use(node.target.id, node.target)
            self.visit(node.value)
        else:
            self._visit_all([node.value, node.target])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit_annotation(node, node.annotation)
        self._visit_all([node.value, node.target])

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self._visit_all([node.iter, node.target, *node.body, *node.orelse])

    def _visit_annotation(self, owner: ast.arg | FunctionNode | ast.AnnAssign, expression: ast.expr | None) -> None:
        if expression is None:
            return
        outer, self._annotation = self._annotation, Annotation(owner, expression)
        self.visit(expression)
        self._annotation = outer

    def visit_Subscript(self, node: ast.Subscript) -> None:
        is_literal = isinstance(node.value, ast.Name | ast.Attribute) and ast.unparse(node.value).endswith("Literal")
        if self._annotation is not None and is_literal:
            self.visit(node.value)
        else:
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if self._annotation is None or not isinstance(node.value, str):
            return
        try:
            quoted = parse_expression(node.value.strip())
        except SyntaxError:
            return
        for inner in ast.walk(quoted):
            if isinstance(inner, ast.Name):
                self._use(inner.id, None)

    def visit_FunctionDef(self, node: FunctionNode) -> None:
        self._calls(node.decorator_list)
        self._visit_essential(node.decorator_list)
        self._visit_signature(node.args)
        self._visit_annotation(node, node.returns)
        self._bind(node.name, node)
        self._visit_function(_scope_of(node.args, node.body), node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_signature(node.args)
        self._visit_function(_scope_of(node.args, [ast.Expr(node.body)]), [node.body])

    def _visit_signature(self, arguments: ast.arguments) -> None:
        self._visit_all([*arguments.defaults, *arguments.kw_defaults])
        for argument in all_arguments(arguments):
            self._visit_annotation(argument, argument.annotation)

    def _visit_function(self, scope: _Scope, body: Sequence[ast.AST]) -> None:
        self._scopes.append(scope)
        self._lazy += 1
        self._visit_all(body)
        self._lazy -= 1
        self._scopes.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._calls([*node.decorator_list, *([node] if node.bases or node.keywords else [])])
        self._visit_essential([*node.decorator_list, *node.bases, *node.keywords])
        scope = _Scope("class")
        for inner in walk_scope(node.body):
            if isinstance(inner, ast.Global):
                scope.global_names.update(inner.names)
        self._scopes.append(scope)
        self._visit_all(node.body)
        self._scopes.pop()
        self._bind(node.name, node)

    def visit_Call(self, node: ast.Call) -> None:
        self._calls([node])
        self._visit_essential([node.func])
        self._visit_all([*node.args, *node.keywords])

    def _calls(self, nodes: Iterable[ast.AST]) -> None:
        if not self._lazy:
            self.found.eager_calls.extend(nodes)

    def visit_any_comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.visit(node.generators[0].iter)
        scope = _Scope("comprehension")
        for generator in node.generators:
            scope.names.update(inner.id for inner in ast.walk(generator.target) if isinstance(inner, ast.Name))
        self._scopes.append(scope)
        for index, generator in enumerate(node.generators):
            self._visit_all([generator.iter] if index else [])
            self._visit_all(generator.ifs)
        self._visit_all([node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt])
        self._scopes.pop()

    # Imports

    def visit_import(self, node: ImportNode) -> None:
        is_inside = any(scope.kind == "function" for scope in self._scopes)
        self.found.imports.append((node, not is_inside))
        for alias in node.names:
            if is_inside and bound_name(alias, node) in self._scopes[-1].names - set(self._scopes[-1].imports):
                self.found.rebound.add(id(alias))
            if alias.name != "*" and not self._lazy:
                self._bind(bound_name(alias, node), alias)


for _names, _visit in (
    (("AsyncFor",), _Visitor.visit_For),
    (("AsyncFunctionDef",), _Visitor.visit_FunctionDef),
    (("Import", "ImportFrom"), _Visitor.visit_import),
    (("ListComp", "SetComp", "DictComp", "GeneratorExp"), _Visitor.visit_any_comprehension),
):
    for _name in _names:
        setattr(_Visitor, f"visit_{_name}", _visit)
