"""What is known of a value: the few things that it can be, or nothing.

A value is a set of atoms, or `None` for "could be anything". The empty set says that no live code gives it one yet.
Operations hold for every atom of a set, so that `isinstance(act_layer, str)` is decided when no layer is a text. The
lattice is that of conditional constant propagation (Wegman and Zadeck 1991), with small sets in place of one constant.
"""

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from archgraft.tree_ops.index import Definition

MAX_ATOMS = 8
_PLAIN = (str, bytes, int, float, bool, complex, type(None), type(...))


@dataclass(frozen=True, slots=True)
class Constant:
    """An immutable Python value; `text` tells 1, 1.0 and True apart."""

    text: str
    value: Any = field(compare=False, hash=False)


@dataclass(frozen=True, slots=True)
class Reference:
    """A function or class of the closure itself."""

    definition: Definition


@dataclass(frozen=True, slots=True)
class Outside:
    """Something that is imported, by its dotted name."""

    target: str


@dataclass(frozen=True, slots=True)
class Thing:
    """Some object made while the code runs: an instance, a list, a function without a name. Never None, no number."""

    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """A dictionary of a module that has literal keys and is only looked up."""

    definition: Definition


@dataclass(frozen=True, slots=True)
class Bound:
    """What one call of `functools.partial` gives: a function with some keyword arguments."""

    call: ast.Call


Atom = Constant | Reference | Outside | Thing | Table | Bound
Value = frozenset[Atom] | None
ANY: Value = None
NOTHING: frozenset[Atom] = frozenset()

# Things of torch that are there in every supported version and are neither None nor numbers or texts.
_DEFINITE = re.compile(
    r"torch\.nn\.(modules\.\w+\.)?[A-Z]\w*|torch\.nn\.(functional|init)\.[a-z]\w*|torch\.(Tensor|Size)"
)
_CLASS = re.compile(r"torch\.nn\.(modules\.\w+\.)?[A-Z]\w*|torch\.(Tensor|Size)|numpy\.ndarray|functools\.partial")


def constant(value: Any) -> Value:
    """The value of a Python object, as far as it is a constant."""
    return frozenset([Constant(repr(value), value)]) if is_plain(value) else ANY


def is_plain(value: Any) -> bool:
    """Whether it is a number, text, None, or a tuple of such; not a number (`nan`) equals nothing, itself included."""
    if isinstance(value, tuple):
        return all(is_plain(item) for item in value)
    return isinstance(value, _PLAIN) and value == value


def join(first: Value, second: Value) -> Value:
    """What holds for either."""
    if first is None or second is None:
        return ANY
    both = first | second
    return both if len(both) <= MAX_ATOMS else ANY


def only(value: Value) -> Constant | None:
    """The one constant that it is."""
    if value is not None and len(value) == 1:
        (atom,) = value
        return atom if isinstance(atom, Constant) else None
    return None


def references(value: Value) -> list[Definition]:
    """The functions and classes of the closure among the atoms."""
    return [atom.definition for atom in value if isinstance(atom, Reference)] if value else []


def tables(value: Value) -> list[Definition]:
    """The tables among the atoms."""
    return [atom.definition for atom in value if isinstance(atom, Table)] if value else []


def decide(value: Value, question: Callable[[Atom], bool | None]) -> bool | None:
    """The answer on which all atoms agree."""
    if not value:
        return None
    answers = {question(atom) for atom in value}
    return answers.pop() if len(answers) == 1 else None


def truth(value: Value) -> bool | None:
    """Whether the value counts as true."""
    return decide(value, truth_of)


def truth_of(atom: Atom) -> bool | None:
    """Whether an atom counts as true; objects may have a length of zero."""
    if isinstance(atom, Constant):
        return bool(atom.value)
    return True if isinstance(atom, Reference | Bound) or is_definite(atom) else None


def is_definite(atom: Atom) -> bool:
    """Whether an imported thing is known to be a class or function."""
    return isinstance(atom, Outside) and _DEFINITE.fullmatch(atom.target) is not None


def is_class(atom: Atom) -> bool:
    """Whether an imported thing is known to be a class."""
    return is_definite(atom) and isinstance(atom, Outside) and atom.target.rpartition(".")[2][:1].isupper()


def is_none(atom: Atom) -> bool | None:
    """Whether an atom is None."""
    if isinstance(atom, Constant):
        return atom.value is None
    return False if isinstance(atom, Reference | Thing | Table | Bound) or is_definite(atom) else None


def truths(answers: Iterable[bool | None]) -> Value:
    """The set of truth values that answers give, where one is unknown: both."""
    found: set[bool] = set()
    for answer in answers:
        found |= {True, False} if answer is None else {answer}
    return frozenset(Constant(repr(answer), answer) for answer in found)


def instance_of(atom: Atom, kind: Atom) -> bool | None:
    """`isinstance(atom, kind)`."""
    name = kind.target if isinstance(kind, Outside) else ""
    if isinstance(atom, Constant):
        return _constant_instance(atom.value, kind)
    if name in ("functools.partial", "types.FunctionType", "types.MethodType", "types.BuiltinFunctionType"):
        return name == "functools.partial" if isinstance(atom, Bound) else False if is_class(atom) else None
    if name == "builtins.type" and isinstance(atom, Bound):
        return False
    if name == "builtins.type" and is_class(atom):
        return True
    if name.startswith("builtins."):
        if name in ("builtins.str", "builtins.bytes", "builtins.int", "builtins.float", "builtins.bool"):
            return False if isinstance(atom, Reference | Thing | Table | Bound) or is_definite(atom) else None
        if isinstance(atom, Thing) and atom.kind in ("list", "dict", "set", "tuple", "lambda"):
            return name == f"builtins.{atom.kind}" if name != "builtins.object" else True
        if isinstance(atom, Reference) or is_definite(atom):
            return False if name in ("builtins.list", "builtins.dict", "builtins.tuple", "builtins.set") else None
    if isinstance(atom, Thing) and atom.kind in ("list", "dict", "set", "tuple", "lambda"):
        return False if _CLASS.fullmatch(name) else None
    return None


def _constant_instance(value: Any, kind: Atom) -> bool | None:
    if isinstance(kind, Outside) and kind.target.startswith("builtins."):
        found = _BUILTIN_TYPES.get(kind.target.removeprefix("builtins."))
        return isinstance(value, found) if found is not None else None
    return False if isinstance(kind, Outside) and _CLASS.fullmatch(kind.target) else None


_BUILTIN_TYPES: dict[str, type] = {
    kind.__name__: kind
    for kind in (str, bytes, int, float, bool, complex, tuple, list, dict, set, frozenset, object, type)
}
