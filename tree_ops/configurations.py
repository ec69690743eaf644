"""Configuration classes, read statically: which one a module's constructor means, and what its fields default to.

Half of all model code takes its numbers from a `config` object whose class the closure of a module rarely holds: it is
no more than an annotation there, or stands in a file beside. Nothing is executed here: a sandbox child builds an object
from the defaults, and runs the methods that derive further fields from them.
"""

import ast
import operator
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.modules import ModuleSource, dotted_name
from archgraft.tree_ops.spec import Parameter
from archgraft.tree_ops.syntax import literal, parse

PARAMETER_NAMES = frozenset({"config", "cfg", "configuration", "args", "hparams", "opts", "conf", "model_config"})
_CLASS_ENDINGS = ("Config", "Configuration", "Cfg", "Args", "Options", "HParams", "Params", "Settings")
_MAX_NESTING = 3
_MAX_METHODS = 40


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is known of a configuration class without running it.

    `values` are the fields' defaults as Python literals, bases first; `aliases` further names for them; `nested` the
    fields that hold configurations themselves. `methods` are the sources of its properties and of what runs when it is
    made, which may set more fields.
    """

    name: str
    values: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    nested: dict[str, "Configuration"] = field(default_factory=dict)
    methods: tuple[str, ...] = ()


def takes_configuration(parameter: Parameter) -> bool:
    """Whether a constructor's parameter asks for a configuration object, by its name or annotation."""
    if parameter.kind not in ("positional", "keyword"):
        return False
    annotation = (parameter.annotation or "").strip("'\" ")
    named = parameter.name in PARAMETER_NAMES or parameter.name.endswith(("_config", "_cfg"))
    return (named and parameter.default in (None, "None")) or annotation.rpartition(".")[2].endswith(
        ("Config", "Configuration")
    )


class ConfigurationReader:
    """Finds and reads the configuration classes of one index; each is read once."""

    def __init__(self, index: SourceIndex) -> None:
        self._index = index
        self._nodes: dict[Definition, ast.ClassDef | None] = {}
        self._configurations: dict[tuple[Definition, int], Configuration] = {}

    def of(self, definition: Definition, parameters: Sequence[Parameter]) -> dict[str, Configuration]:
        """The configuration of each constructor parameter that asks for one, as far as its class is found."""
        found = {}
        for parameter in parameters:
            if takes_configuration(parameter):
                meant = self._class_meant(definition, parameter)
                if meant is not None:
                    found[parameter.name] = self._configuration(meant, _MAX_NESTING)
        return found

    def _class_meant(self, definition: Definition, parameter: Parameter) -> Definition | None:
        """The annotated class; else, of those that the module knows, the one with the likest name."""
        module = self._index.modules[definition.module]
        for name in _names_in(parameter.annotation or ""):
            target = self._index.resolve_dotted(module, name)
            if isinstance(target, Definition) and _is_configuration(target.name):
                return target
        known = self._known(module)
        if not known:
            return None
        declared = self._declared(module, definition)
        return max(known, key=lambda one: (_likeness(one.name, definition.name), one == declared, -known.index(one)))

    def _known(self, module: ModuleSource) -> list[Definition]:
        found: dict[Definition, None] = {}
        for name in module.bindings:
            if _is_configuration(name):
                target = self._index.resolve(module, name)
                if isinstance(target, Definition) and self._class_node(target) is not None:
                    found.setdefault(target)
        return list(found)

    def _declared(self, module: ModuleSource, definition: Definition) -> Definition | None:
        """What a class of the module says: `config_class = X` or `config: X`; its own word before the others'."""
        own = [header for header in module.classes if header.name == definition.name]
        for header in [*own, *module.classes]:
            node = self._class_node(Definition(module.name, header.name))
            for statement in node.body if node else []:
                match statement:
                    case ast.Assign(targets=[ast.Name(id="config_class")], value=value):
                        name = dotted_name(value)
                    case ast.AnnAssign(target=ast.Name(id="config"), annotation=annotation):
                        name = dotted_name(annotation)
                    case _:
                        continue
                target = self._index.resolve_dotted(module, name) if name else None
                if isinstance(target, Definition) and _is_configuration(target.name):
                    return target
        return None

    def _class_node(self, definition: Definition) -> ast.ClassDef | None:
        if definition not in self._nodes:
            self._nodes[definition] = self._parse_class(definition)
        return self._nodes[definition]

    def _parse_class(self, definition: Definition) -> ast.ClassDef | None:
        module = self._index.modules.get(definition.module)
        for binding in module.bindings.get(definition.name, []) if module else []:
            assert module is not None
            for statement in parse(module.text_of(module.pieces[binding.piece])).body:
                if isinstance(statement, ast.ClassDef) and statement.name == definition.name:
                    return statement
        return None

    def _configuration(self, definition: Definition, depth: int) -> Configuration:
        key = (definition, depth)
        if key not in self._configurations:
            self._configurations[key] = Configuration(definition.name)  # so that circular bases end
            self._configurations[key] = self._read(definition, depth)
        return self._configurations[key]

    def _read(self, definition: Definition, depth: int) -> Configuration:
        """A configuration class with its indexed bases."""
        node = self._class_node(definition)
        if node is None:
            return Configuration(definition.name)
        module = self._index.modules[definition.module]
        found = Configuration(definition.name)
        methods: list[str] = []
        for base in reversed(node.bases):
            target = self._index.resolve_dotted(module, dotted_name(base) or "object")
            if isinstance(target, Definition) and target != definition:
                inherited = self._configuration(target, depth)
                found.values.update(inherited.values)
                found.aliases.update(inherited.aliases)
                found.nested.update(inherited.nested)
                methods.extend(inherited.methods)
        for statement in node.body:
            self._read_statement(module, statement, found, depth)
            if isinstance(statement, ast.FunctionDef) and _is_wanted(statement):
                methods.append(textwrap.dedent(ast.unparse(statement)))
        return Configuration(definition.name, found.values, found.aliases, found.nested, tuple(methods[-_MAX_METHODS:]))

    def _read_statement(self, module: ModuleSource, statement: ast.stmt, found: Configuration, depth: int) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id="attribute_map")], value=value):
                aliases = literal(_literal_text(value) or "None")
                if isinstance(aliases, dict):
                    found.aliases.update({str(name): str(meant) for name, meant in aliases.items()})
            case ast.Assign(targets=[ast.Name(id="sub_configs" | "sub_configs_defaults")], value=ast.Dict() as value):
                for key, meant in zip(value.keys, value.values):
                    if isinstance(key, ast.Constant):
                        self._nest(module, str(key.value), meant, found, depth)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                _default(name, value, found)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                _default(name, value, found)
                self._nest(module, name, annotation, found, depth)
            case ast.FunctionDef(name="__init__", args=arguments):
                positional = [*arguments.posonlyargs, *arguments.args]
                defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
                pairs = [*zip(positional, defaults), *zip(arguments.kwonlyargs, arguments.kw_defaults)]
                for argument, default in pairs:
                    _default(argument.arg, default, found)
                    if argument.annotation is not None:
                        self._nest(module, argument.arg, argument.annotation, found, depth)

    def _nest(self, module: ModuleSource, name: str, meant: ast.expr, found: Configuration, depth: int) -> None:
        if depth == 0:
            return
        for part in ast.walk(meant):
            dotted = dotted_name(part) if isinstance(part, ast.Name | ast.Attribute) else None
            if dotted and _is_configuration(dotted):
                target = self._index.resolve_dotted(module, dotted)
                if isinstance(target, Definition) and self._class_node(target) is not None:
                    found.nested[name] = self._configuration(target, depth - 1)
                    return


def _likeness(configuration: str, name: str) -> int:
    return next(
        (n for n, (one, other) in enumerate(zip(configuration, name)) if one != other),
        min(len(configuration), len(name)),
    )


def _is_configuration(name: str) -> bool:
    return name.endswith(_CLASS_ENDINGS)


def _names_in(annotation: str) -> Iterator[str]:
    try:
        nodes = list(ast.walk(parse(annotation.strip("'\" "))))
    except (SyntaxError, ValueError):
        return
    yield from (name for node in nodes if isinstance(node, ast.Name | ast.Attribute) and (name := dotted_name(node)))


def _default(name: str, value: ast.expr | None, found: Configuration) -> None:
    """A literal default, also as dataclass fields write one."""
    if isinstance(value, ast.Call):
        given = {keyword.arg: keyword.value for keyword in value.keywords}
        made = (
            {"list": "[]", "dict": "{}"}.get(dotted_name(given["default_factory"]) or "")
            if ("default_factory" in given)
            else None
        )
        if made is not None:
            found.values[name] = made
        value = given.get("default")
    if value is not None and (text := _literal_text(value)) is not None:
        found.values[name] = text


def _is_wanted(method: ast.FunctionDef) -> bool:
    """Properties, and what runs when a configuration is made."""
    decorators = [ast.unparse(decorator) for decorator in method.decorator_list]
    return method.name in ("__init__", "__post_init__") or decorators == ["property"]


_INFINITY = re.compile(r"float\('inf'\)")
_TOO_LARGE = "1e309"
"""What Python reads as infinity."""
_ARITHMETIC: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}


def _literal_text(node: ast.expr) -> str | None:
    """A literal with the value of one, or of arithmetic on numbers (`32 * 32`, `2048 ** -0.5`, `float("inf")`)."""
    try:
        text = _INFINITY.sub(_TOO_LARGE, ast.unparse(node))
        literal(text)
    except (ValueError, SyntaxError, TypeError, RecursionError):
        number = _number(node)
        return None if number is None else repr(number)
    return text


def _number(node: ast.expr) -> float | None:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number = _number(operand)
            return None if number is None else -number
        case ast.BinOp(left=left, op=operation, right=right):
            first, second = _number(left), _number(right)
            if first is None or second is None or (isinstance(operation, ast.Div | ast.FloorDiv) and second == 0):
                return None
            if isinstance(operation, ast.Pow):
                return float(first**second) if 0 < first < 1e6 and -4 <= second <= 4 else None
            work = _ARITHMETIC.get(type(operation))
            return None if work is None else work(first, second)
    return None
