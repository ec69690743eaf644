"""What the names of one source mean, as far as its text tells: forms of definitions, classes with their lines of bases.

Everything here is static and cached: a statement by its text, the content of a definition by the statements that it
uses, a reading by the whole source.
"""

import hashlib
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar, cast

from archgraft.tree_ops.code_form import Form, definition_form
from archgraft.tree_ops.code_statements import Statement, statements_of
from archgraft.tree_ops.recently_used import remembered_by_text
from archgraft.tree_ops.syntax import parse_expression

_MAX_READINGS, _MAX_CONTENTS = 64, 512
_MAX_FORM_CHARACTERS, _MAX_SOURCE_CHARACTERS = 2**18, 2**21
_Answer = TypeVar("_Answer")
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
        self._statements: dict[str, list[Statement]] = {}
        self._imports: dict[str, str] = {}
        self._classes: dict[str, ClassReading] = {}
        self._members: dict[str, dict[str, Member]] = {}
        self._closures: dict[str, tuple[str, ...]] = {}
        self._contents: dict[tuple[str, frozenset[str]], str] = {}
        self._answers: dict[Hashable, object] = {}
        for statement in statements_of(source):
            self._imports |= statement.imports
            for name in statement.names:
                self._statements.setdefault(name, []).append(statement)

    def is_defined(self, name: str) -> bool:
        """Whether the source itself defines the name; an import doesn't."""
        return name in self._statements and name not in self._imports

    def is_class(self, name: str) -> bool:
        """Whether a plain class statement defines the name, and nothing else touches it."""
        found = self._statements.get(name, [])
        return len(found) == 1 and found[0].bases is not None

    def class_named(self, name: str) -> ClassReading:
        """A class, by a name for which `is_class` holds."""
        if name not in self._classes:
            self._classes[name] = self._class(name)
        return self._classes[name]

    def members(self, name: str) -> dict[str, Member]:
        """What an instance of a class finds in its line of classes, by name."""
        if name not in self._members:
            found: dict[str, Member] = {}
            for owner in self.class_named(name).line:
                found = dict(self.class_named(owner).own_members) | found
            self._members[name] = found
        return self._members[name]

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
            names = self.closure(name)
            statements = tuple(tuple(self._statements[used]) for used in names)
            used = dict.fromkeys(base for many in statements for one in many for base in one.uses)
            imports = tuple((base, self._imports[base]) for base in used if base in self._imports)
            self._contents[key] = _content(names, statements, imports, key[1])
        return self._contents[key]

    def answered(self, question: Hashable, answer: Callable[[], _Answer]) -> _Answer:
        """What others find out about the source: worked out once, and kept as long as the reading is."""
        if question not in self._answers:
            self._answers[question] = answer()
        return cast(_Answer, self._answers[question])

    def closure(self, name: str) -> tuple[str, ...]:
        """The top-level names of this source that a definition uses, itself first, in order of first use."""
        if name not in self._closures:
            order, seen = [name], {name}
            for used in order:  # grows while it is walked
                for base in (base for statement in self._statements[used] for base in statement.uses):
                    if base not in seen and base in self._statements:
                        seen.add(base)
                        order.append(base)
            self._closures[name] = tuple(order)
        return self._closures[name]

    def stored_by(self, name: str) -> frozenset[str]:
        """Attributes that the code of a class, or of one that it inherits from, sets."""
        line = self.class_named(name).line
        return frozenset().union(*(one.stores for owner in line for one in self._statements[owner]))

    @cached_property
    def set_from_outside(self) -> frozenset[str]:
        """Attributes that some code of the source sets on objects other than its own instance."""
        return frozenset().union(*(one.stores_elsewhere for many in self._statements.values() for one in many))

    @cached_property
    def set_anywhere(self) -> frozenset[str]:
        """Attributes that some code of the source sets on any object."""
        return frozenset().union(*(one.stores for many in self._statements.values() for one in many))

    def forms_of(self, name: str) -> Sequence[Form]:
        """The forms of all statements that bind or touch a top-level name."""
        return [statement.form for statement in self._statements[name]]

    def _class(self, name: str) -> ClassReading:
        [statement] = self._statements[name]
        assert statement.bases is not None
        is_plain = statement.bases.is_plain
        lines: list[tuple[str, ...]] = []
        inside: list[str] = []
        outside: list[str] = []
        for dotted in statement.bases.names:
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
        forms, is_legible = statement.members
        members = {own: Member(name, own, form, is_function) for own, (form, is_function) in forms.items()}
        is_plain = is_plain and is_legible and line is not None
        return ClassReading(name, (name, *(line or ())), tuple(dict.fromkeys(outside)), is_plain, members)


@remembered_by_text(_MAX_SOURCE_CHARACTERS, _MAX_READINGS)
def reading_of(source: str) -> SourceReading:
    """The reading of a source. Raises `SyntaxError`."""
    return SourceReading(source)


@remembered_by_text(_MAX_FORM_CHARACTERS)
def expression_form(text: str) -> Form:
    """The form of an expression. Raises `SyntaxError`."""
    return definition_form(parse_expression(text))


@lru_cache(_MAX_CONTENTS)
def _content(
    names: tuple[str, ...],
    statements: tuple[tuple[Statement, ...], ...],
    imports: tuple[tuple[str, str], ...],
    keywords: frozenset[str],
) -> str:
    """Of names of one source, with the statements that each stands for and what those import."""
    forms = [[statement.form for statement in many] for many in statements]
    called_by = keywords.union(*(form.keywords for many in forms for form in many))
    meanings = {name: f"import {target}" for name, target in imports}
    meanings |= {used: f"definition {place}" for place, used in enumerate(names)}
    texts = [[f"{form.text}{_meant(form, meanings)}{by_keyword(form, called_by)}" for form in many] for many in forms]
    return digest(repr(texts))


def _meant(form: Form, meanings: Mapping[str, str]) -> list[str]:
    """What each name from outside means, with its attributes."""
    parts = (dotted.partition(".") for dotted in form.outer)
    return [f"{meanings.get(base, f'builtin {base}')}{dot}{rest}" for base, dot, rest in parts]


def by_keyword(form: Form, keywords: Collection[str]) -> list[tuple[int, str]]:
    """Parameters that calls may give by name: for these the name is part of what the function does."""
    return [(place, name) for place, name in enumerate(form.parameters) if name in keywords]


def digest(text: str) -> str:
    """32 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


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
