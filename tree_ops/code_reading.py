"""What the names of one source mean, as far as its text tells: forms of definitions, classes with their lines of bases.

Everything here is static and cached: a definition's form by its text, a reading by the whole source. Offspring share
almost all definitions with their parents, so a new source costs little more than parsing it.
"""

import ast
import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from archgraft.tree_ops.code_form import Form, definition_form, method_form
from archgraft.tree_ops.syntax import parse, parse_expression

_FORMS = 8192
_READINGS = 64
_TRANSPARENT = frozenset({"object", "abc.ABC", "typing.Generic", "typing_extensions.Generic"})


@dataclass(frozen=True, slots=True)
class Member:
    """A function or value in a class body. `owner` is the class that holds it."""

    owner: str
    name: str
    form: Form
    is_function: bool


@dataclass(frozen=True, slots=True)
class ClassReading:
    """A class of the source.

    `line` are the classes of the source that attributes are looked up in, itself first (C3, as Python does it);
    `outside` the qualified names of bases from elsewhere, in the order in which they are written. `is_plain` is false
    where the text doesn't tell what the class is: decorators, metaclasses, computed bases, branches in its body.
    """

    name: str
    line: tuple[str, ...]
    outside: tuple[str, ...]
    is_plain: bool
    own_members: dict[str, Member]


class SourceReading:
    """The definitions of one source, read once."""

    def __init__(self, source: str) -> None:
        self._lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # as the parser counts them
        self._statements: dict[str, list[ast.stmt]] = {}
        self._imports: dict[str, str] = {}
        self._classes: dict[str, ClassReading] = {}
        self._contents: dict[tuple[str, frozenset[str]], str] = {}
        for statement in parse(source).body:
            self._read(statement)

    def is_defined(self, name: str) -> bool:
        """Whether the source itself defines the name; an import doesn't."""
        return name in self._statements and name not in self._imports

    def is_class(self, name: str) -> bool:
        """Whether a plain class statement defines the name, and nothing else touches it."""
        found = self._statements.get(name, [])
        return len(found) == 1 and isinstance(found[0], ast.ClassDef)

    def class_named(self, name: str) -> ClassReading:
        """A class, by a name for which `is_class` holds."""
        if name not in self._classes:
            self._classes[name] = self._class(name)
        return self._classes[name]

    def members(self, name: str) -> dict[str, Member]:
        """What an instance of a class finds in its line of classes, by name."""
        found: dict[str, Member] = {}
        for owner in self.class_named(name).line:
            for member in self.class_named(owner).own_members.values():
                found.setdefault(member.name, member)
        return found

    def member_behind(self, name: str, owner: str, attribute: str) -> Member | None:
        """What `super().attribute` means in a method of `owner` on an instance of the class `name`."""
        line = self.class_named(name).line
        for behind in line[line.index(owner) + 1 :]:
            if attribute in (members := self.class_named(behind).own_members):
                return members[attribute]
        return None

    def qualified(self, dotted: str) -> str | None:
        """`F.relu` as `torch.nn.functional.relu`; None for what is not imported."""
        base, _, rest = dotted.partition(".")
        if base not in self._imports:
            return None
        return f"{self._imports[base]}.{rest}" if rest else self._imports[base]

    def meaning(self, dotted: str, keywords: Collection[str]) -> str:
        """A text that is equal for names that mean the same: an import's target, or the content of a definition."""
        base, _, rest = dotted.partition(".")
        if (target := self.qualified(dotted)) is not None:
            return f"import {target}"
        if base in self._statements:
            return f"{self.content(base, keywords)} {rest}"
        return f"builtin {dotted}"

    def content(self, name: str, keywords: Collection[str] = ()) -> str:
        """Digest of a definition and of all that it uses, in order of first use.

        Names of the definitions themselves don't count; those of parameters do where they are among `keywords`, or some
        call in all that gives an argument by that name.
        """
        key = (name, frozenset(keywords))
        if key not in self._contents:
            forms = [self.forms_of(used) for used in self.closure(name)]
            by_keyword = frozenset(keywords).union(*(form.keywords for many in forms for form in many))
            places = {used: place for place, used in enumerate(self.closure(name))}
            texts = [[self._text(form, by_keyword, places) for form in many] for many in forms]
            self._contents[key] = digest(repr(texts))
        return self._contents[key]

    def closure(self, name: str) -> list[str]:
        """The top-level names of this source that a definition uses, itself first, in order of first use."""
        order = [name]
        for used in order:  # grows while it is walked
            for form in self.forms_of(used):
                bases = (dotted.partition(".")[0] for dotted in form.outer)
                order += dict.fromkeys(base for base in bases if base in self._statements and base not in order)
        return order

    def closure_forms(self, name: str) -> Iterator[Form]:
        """The forms of all that a definition uses, its own first."""
        return (form for used in self.closure(name) for form in self.forms_of(used))

    def stored_by(self, name: str) -> frozenset[str]:
        """Attributes that the code of a class, or of one that it inherits from, sets."""
        line = self.class_named(name).line
        return frozenset().union(*(form.stores for owner in line for form in self.forms_of(owner)))

    @cached_property
    def set_from_outside(self) -> frozenset[str]:
        """Attributes that some code of the source sets on objects other than its own instance."""
        found: set[str] = set()
        for name in self._statements:
            if self.is_class(name):
                for member in self.class_named(name).own_members.values():
                    found |= member.form.stores & member.form.reads
            else:
                found.update(*(form.stores for form in self.forms_of(name)))
        return frozenset(found)

    @cached_property
    def set_anywhere(self) -> frozenset[str]:
        """Attributes that some code of the source sets on any object."""
        return frozenset().union(*(form.stores for name in self._statements for form in self.forms_of(name)))

    def _text(self, form: Form, keywords: Collection[str], places: dict[str, int]) -> str:
        meanings = []
        for dotted in form.outer:
            base, _, rest = dotted.partition(".")
            meanings.append(f"{places[base]} {rest}" if base in places else self.meaning(dotted, ()))
        return f"{form.text}{meanings}{by_keyword(form, keywords)}"

    def forms_of(self, name: str) -> Sequence[Form]:
        """The forms of all statements that bind or touch a top-level name."""
        return [_definition_form(self._segment(item), item.col_offset) for item in self._statements[name]]

    def _segment(self, statement: ast.stmt) -> str:
        first = min([statement.lineno, *(item.lineno for item in getattr(statement, "decorator_list", ()))])
        return "\n".join(self._lines[first - 1 : statement.end_lineno])

    def _read(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Import():
                for alias in statement.names:
                    top = alias.name.partition(".")[0]
                    self._imports[alias.asname or top] = alias.name if alias.asname else top
            case ast.ImportFrom():
                for alias in statement.names:
                    self._imports[alias.asname or alias.name] = f"{statement.module}.{alias.name}"
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._statements.setdefault(statement.name, []).append(statement)
            case ast.Expr() if isinstance(statement.value, ast.Constant):
                pass
            case _:
                for name in _touched(statement):
                    self._statements.setdefault(name, []).append(statement)

    def _class(self, name: str) -> ClassReading:
        statement = self._statements[name][0]
        assert isinstance(statement, ast.ClassDef)
        is_plain = not statement.decorator_list and not statement.keywords
        lines: list[tuple[str, ...]] = []
        inside: list[str] = []
        outside: list[str] = []
        for base in statement.bases:
            dotted = ast.unparse(base.value if isinstance(base, ast.Subscript) else base)
            if self.is_class(dotted) and dotted != name:
                read = self.class_named(dotted)
                lines.append(read.line)
                inside.append(dotted)
                outside += read.outside
                is_plain = is_plain and read.is_plain
            elif (target := self.qualified(dotted) or dotted) not in _TRANSPARENT:
                outside.append(target)
                is_plain = is_plain and self.qualified(dotted) is not None
        line = _merged([*lines, tuple(inside)])
        members, is_legible = _members(name, self._segment(statement))
        is_plain = is_plain and is_legible and line is not None
        return ClassReading(name, (name, *(line or ())), tuple(dict.fromkeys(outside)), is_plain, members)


@lru_cache(_READINGS)
def reading_of(source: str) -> SourceReading:
    """The reading of a source. Raises `SyntaxError`."""
    return SourceReading(source)


@lru_cache(_FORMS)
def expression_form(text: str) -> Form:
    """The form of an expression. Raises `SyntaxError`."""
    return definition_form(parse_expression(text))


@lru_cache(_FORMS)
def _definition_form(text: str, column: int) -> Form:
    """Of the statement that begins at a column: lines may hold several."""
    return definition_form(next(item for item in parse(text).body if item.col_offset == column))


def by_keyword(form: Form, keywords: Collection[str]) -> list[tuple[int, str]]:
    """Parameters that calls may give by name: for these the name is part of what the function does."""
    return [(place, name) for place, name in enumerate(form.parameters) if name in keywords]


def digest(text: str) -> str:
    """32 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _members(owner: str, segment: str) -> tuple[dict[str, Member], bool]:
    """A class's own functions and values, and whether its body holds nothing else."""
    found, is_legible = _member_forms(segment)
    return {name: Member(owner, name, form, is_function) for name, (form, is_function) in found.items()}, is_legible


@lru_cache(_FORMS)
def _member_forms(segment: str) -> tuple[dict[str, tuple[Form, bool]], bool]:
    [statement] = parse(segment).body
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


def _merged(lines: Iterable[tuple[str, ...]]) -> tuple[str, ...] | None:
    """C3 linearisation (Barrett et al. 1996, OOPSLA) of lines of classes; None where there is none."""
    rest = [list(line) for line in lines if line]
    merged: list[str] = []
    while rest:
        heads = [line[0] for line in rest]
        chosen = next((head for head in heads if all(head not in line[1:] for line in rest)), None)
        if chosen is None:
            return None
        merged.append(chosen)
        rest = [kept for line in rest if (kept := [name for name in line if name != chosen])]
    return tuple(merged)


def _touched(statement: ast.stmt) -> Iterable[str]:
    """Names that a statement binds, or names in any other way: `X = 1`, `X["key"] = f`, `register(X)`."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        nodes = [node for target in targets for node in ast.walk(target)]
    else:
        nodes = list(ast.walk(statement))
    names = [node.id for node in nodes if isinstance(node, ast.Name)]
    names += [node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    names += [node.asname or node.name.partition(".")[0] for node in nodes if isinstance(node, ast.alias)]
    return dict.fromkeys(names)
