"""One definition's code in a form that keeps what runs and drops how it is written.

Variables and parameters are numbered scope by scope, what a method reads off its own instance and what it takes from
the module are replaced by positions; formatting, comments, docstrings, annotations and the definition's own name are
left out. So two functions of equal form are renamings of each other, as long as the names at their positions mean the
same. Whoever compares forms has to say what these mean: `own` and `outer` list them.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_NAMED = ast.FunctionDef | ast.AsyncFunctionDef
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)
_ACCESSORS = frozenset({"getattr", "hasattr", "setattr", "delattr"})
_LOOSE = frozenset({"eval", "exec", "vars", "globals", "locals", "type", "__import__", "dir", "id"})
_MEASURING = frozenset({"len", "enumerate", "reversed", "iter", "list", "tuple", "zip"})
WHOLE = "*"
"""Stands in `own` for the instance as a whole."""
MEMBERS = "[]"
"""Stands in `own` for the instance's children, taken in order or by position."""
SUPER = "super."
"""Begins names in `own` that are looked up behind the class that holds the method."""


@dataclass(slots=True)
class Form:
    """A definition, printed. `parts` join to its text; the other fields are what the text points at."""

    text: str = ""
    own: list[str] = field(default_factory=list)
    """Names read or set on the instance, in order of appearance: `@0`, `@1` in the text."""
    outer: list[str] = field(default_factory=list)
    """Dotted names from outside the definition: `$0`, `$1` in the text."""
    parameters: list[str] = field(default_factory=list)
    """Of the function and those in it, in order of appearance."""
    reads: set[str] = field(default_factory=set)
    """Attributes that are read or set on anything but the instance; in the text by name."""
    keywords: set[str] = field(default_factory=set)
    """Names by which calls give arguments; in the text by name."""
    is_loose: bool = False
    """Whether names may be found at run time that the text doesn't show (`getattr(x, name)`, `type(x)`)."""


def method_form(function: _NAMED) -> Form:
    """The form of a method; its first parameter is the instance, or the class."""
    static = any(isinstance(item, ast.Name) and item.id == "staticmethod" for item in function.decorator_list)
    arguments = [*function.args.posonlyargs, *function.args.args]
    instance = arguments[0].arg if arguments and not static else None
    printer = _Printer(instance)
    printer.function(function)
    return printer.finish()


def definition_form(statement: ast.stmt | ast.expr) -> Form:
    """The form of any top-level statement or expression; attributes of instances are kept by name."""
    printer = _Printer(None)
    printer.visit(statement)
    return printer.finish()


class _Printer:
    """Writes a form. `_scopes` are those around the present place, innermost last: variable -> number."""

    def __init__(self, instance: str | None) -> None:
        self._instance = instance
        self._form = Form()
        self._parts: list[str] = []
        self._scopes: list[dict[str, str]] = []
        self._n_variables = 0

    def finish(self) -> Form:
        """The form of what was visited."""
        self._form.text = "".join(self._parts)
        return self._form

    def visit(self, node: object) -> None:
        """Print a node, a list of nodes, or a plain value."""
        match node:
            case ast.Name():
                self._name(node)
            case ast.Attribute():
                self._attribute(node)
            case ast.Call():
                self._call(node)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                self.function(node)
            case ast.ClassDef():
                self._class(node)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                self._comprehension(node)
            case ast.AnnAssign():
                self._annotated(node)
            case ast.ExceptHandler() if node.name is not None:
                self._parts.append(f"(except {self._variable(node.name) or node.name} ")
                self.visit(node.type)
                self.visit(without_texts(node.body))
                self._parts.append(")")
            case ast.alias():
                name = node.asname or node.name.partition(".")[0]
                self._parts.append(f"(alias {node.name!r} {self._variable(name) or name!r})")
            case ast.For():
                self._parts.append("(For ")
                self._iterable(node.iter)
                self._fields(node, skipped=("iter",))
                self._parts.append(")")
            case ast.Subscript() if self._is_instance(node.value):
                self._parts.append(f"(member {self._own(MEMBERS)} ")
                self.visit(node.slice)
                self._parts.append(")")
            case ast.Global() | ast.Nonlocal():
                self._form.is_loose = self._form.is_loose or isinstance(node, ast.Global)
                self._parts.append(repr(sorted(self._variable(name) or name for name in node.names)))
            case ast.AST():
                self._parts.append(f"({type(node).__name__} ")
                self._fields(node)
                self._parts.append(")")
            case list():
                self._parts.append("[")
                for item in node:
                    self.visit(item)
                self._parts.append("]")
            case _:
                self._parts.append(f"{node!r} ")

    def function(self, node: _Function) -> None:
        """A function with its own scope; defaults and decorators belong to the scope around it."""
        arguments = node.args
        body: list[ast.AST] = [*without_texts(node.body)] if isinstance(node, _NAMED) else [node.body]
        self._parts.append(f"({type(node).__name__} ")
        self.visit([*arguments.defaults, *arguments.kw_defaults])
        if isinstance(node, _NAMED):
            self.visit(node.decorator_list)
            if self._scopes:
                self._parts.append(f"{self._variable(node.name) or node.name} ")
        names = list(_parameters(arguments))
        self._form.parameters += names
        counts = (len(arguments.posonlyargs), len(arguments.args), len(arguments.kwonlyargs))
        self._parts.append(f"{counts} {arguments.vararg is not None} {arguments.kwarg is not None} ")
        bound = list(_bound(body))
        elsewhere = {
            name for item in _own_scope(body) if isinstance(item, ast.Global | ast.Nonlocal) for name in item.names
        }
        if not self._scopes and self._instance in bound:
            self._form.is_loose = True
        self._enter(name for name in [*names, *bound] if name not in elsewhere)
        self.visit(body)
        self._scopes.pop()
        self._parts.append(")")

    def _class(self, node: ast.ClassDef) -> None:
        """Names in a class body are kept: others look them up."""
        self._form.is_loose = self._form.is_loose or bool(self._scopes)
        self._parts.append("(class ")
        self.visit([*node.bases, *node.keywords, *node.decorator_list])
        for statement in without_texts(node.body):
            if isinstance(statement, _NAMED):
                self._parts.append(f"{statement.name} ")
            self.visit(statement)
        self._parts.append(")")

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        """Its targets have a scope of their own; the first iterable is found in the scope around it."""
        first, *others = node.generators
        self._parts.append(f"({type(node).__name__} ")
        self._iterable(first.iter)
        self._enter(name for generator in node.generators for name in _stored(generator.target))
        self._fields(first, skipped=("iter",))
        for generator in others:
            self._iterable(generator.iter)
            self._fields(generator, skipped=("iter",))
        self.visit([node.key, node.value] if isinstance(node, ast.DictComp) else node.elt)
        self._scopes.pop()
        self._parts.append(")")

    def _iterable(self, node: ast.expr) -> None:
        self._parts.append(self._own(MEMBERS)) if self._is_instance(node) else self.visit(node)

    def _annotated(self, node: ast.AnnAssign) -> None:
        """An annotation does nothing but in a class body, where it may make a dataclass's field."""
        if not self._scopes:
            self._parts.append("(field ")
            self._fields(node)
            self._parts.append(")")
        elif node.value is not None:
            self.visit(ast.Assign([node.target], node.value))

    def _name(self, node: ast.Name) -> None:
        if self._is_instance(node):
            self._parts.append(self._own(WHOLE))
        else:
            variable = self._variable(node.id)
            self._form.is_loose = self._form.is_loose or (variable is None and node.id in _LOOSE)
            self._parts.append(f"{variable or self._outer(node.id)} ")

    def _attribute(self, node: ast.Attribute) -> None:
        dotted = self._dotted(node)
        if self._is_instance(node.value):
            self._parts.append(f"{'' if isinstance(node.ctx, ast.Load) else 'set '}{self._own(node.attr)}")
        elif _is_super(node.value):
            self._parts.append(self._own(f"{SUPER}{node.attr}"))
        elif dotted is not None and isinstance(node.ctx, ast.Load):
            self._parts.append(f"{self._outer(dotted)} ")
        else:
            self._form.reads.add(node.attr)
            self._parts.append(f"({type(node.ctx).__name__} .{node.attr} ")
            self.visit(node.value)
            self._parts.append(")")

    def _call(self, node: ast.Call) -> None:
        self._form.keywords.update(keyword.arg for keyword in node.keywords if keyword.arg is not None)
        name = node.func.id if isinstance(node.func, ast.Name) and self._variable(node.func.id) is None else ""
        if name in _ACCESSORS and len(node.args) > 1:
            self._access(name, node)
            return
        if name in _MEASURING and any(map(self._is_instance, node.args)):
            self._parts.append(f"({name} ")
            for argument in node.args:
                self._iterable(argument)
            self.visit(node.keywords)
            self._parts.append(")")
            return
        self._parts.append("(Call ")
        self._fields(node)
        self._parts.append(")")

    def _access(self, function: str, node: ast.Call) -> None:
        """`getattr(x, "name")` is a read like any other; with a name found at run time anything may be read."""
        target, name, *rest = node.args
        self._parts.append(f"({function} ")
        if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
            self._form.is_loose = True
            self.visit([target, name])
        elif self._is_instance(target):
            self._parts.append(self._own(name.value))
        else:
            self._form.reads.add(name.value)
            self._parts.append(f"{name.value} ")
            self.visit(target)
        self.visit(rest)
        self._parts.append(")")

    def _fields(self, node: ast.AST, skipped: tuple[str, ...] = ()) -> None:
        for name, value in ast.iter_fields(node):
            if name not in skipped and name not in ("type_comment", "kind") and not isinstance(value, ast.Load):
                self.visit(value)

    def _enter(self, names: Iterable[str]) -> None:
        scope: dict[str, str] = {}
        for name in names:
            if name != self._instance or self._scopes:
                scope[name] = scope.get(name, f"v{self._n_variables + len(scope)}")
        self._n_variables += len(scope)
        self._scopes.append(scope)

    def _variable(self, name: str) -> str | None:
        return next((scope[name] for scope in reversed(self._scopes) if name in scope), None)

    def _is_instance(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Name)
            and node.id == self._instance
            and bool(self._scopes)
            and self._variable(node.id) is None
        )

    def _dotted(self, node: ast.expr) -> str | None:
        """`F.relu` of a name from outside; None for anything else."""
        if isinstance(node, ast.Name):
            return None if self._is_instance(node) or self._variable(node.id) is not None else node.id
        if isinstance(node, ast.Attribute) and (base := self._dotted(node.value)) is not None:
            return f"{base}.{node.attr}"
        return None

    def _own(self, name: str) -> str:
        return f"@{_place(self._form.own, name)} "

    def _outer(self, name: str) -> str:
        return f"${_place(self._form.outer, name)}"


def without_texts(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements without docstrings, other constants that stand alone, and `pass`: they do nothing."""
    return [item for item in body if not (isinstance(item, ast.Pass) or _is_text(item))]


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _place(names: list[str], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


def _is_super(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"


def _parameters(arguments: ast.arguments) -> Iterator[str]:
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    yield from (argument.arg for argument in [*named, arguments.vararg, arguments.kwarg] if argument is not None)


def _bound(body: Iterable[ast.AST]) -> Iterator[str]:
    """Names that a function's statements bind in its own scope, in order of appearance."""
    for node in _own_scope(body):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.Name() if not isinstance(node.ctx, ast.Load):
                yield node.id
            case ast.alias():
                yield node.asname or node.name.partition(".")[0]
            case ast.ExceptHandler() if node.name is not None:
                yield node.name


def _own_scope(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes below, without those in the scopes of inner functions; of comprehensions only what `:=` binds."""
    for node in body:
        yield node
        if isinstance(node, _COMPREHENSIONS):
            yield from (item.target for item in ast.walk(node) if isinstance(item, ast.NamedExpr))
        elif not isinstance(node, _NAMED | ast.Lambda | ast.ClassDef):
            yield from _own_scope(ast.iter_child_nodes(node))


def _stored(target: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
