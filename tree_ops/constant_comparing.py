"""Comparisons of single atoms, and what is left of a value once its truth is known."""

import ast

from archgraft.tree_ops.constant_calls import operation, version_answer
from archgraft.tree_ops.constant_values import (
    ANY,
    Atom,
    Constant,
    Outside,
    Reference,
    Thing,
    Value,
    is_definite,
    is_none,
    only,
    tables,
    truth_of,
)
from archgraft.tree_ops.index import Definition


def those(value: Value, side: bool) -> Value:
    """The atoms that may count as `side`."""
    return frozenset(atom for atom in value if truth_of(atom) is not (not side)) if value is not None else ANY


def compare(operator: ast.cmpop, first: Atom, second: Atom) -> bool | None:
    """One comparison of two atoms."""
    name = type(operator).__name__
    if name in ("Is", "IsNot"):
        same = _is_same(first, second)
        return same if same is None or name == "Is" else not same
    if isinstance(first, Outside) and isinstance(second, Constant):
        answer = version_answer(first.target, name, second.value)
        if answer is not None:
            return answer
    if isinstance(first, Constant) and isinstance(second, Constant):
        return _compare_constants(name, first, second)
    if name in ("Eq", "NotEq") and (_is_callable(first) or _is_callable(second)):
        same = True if first == second else False if {type(first), type(second)} != {Outside} else None
        if isinstance(first, Thing) or isinstance(second, Thing):
            same = None
        return same if same is None or name == "Eq" else not same
    return None


def _is_callable(atom: Atom) -> bool:
    return isinstance(atom, Reference) or is_definite(atom)


def _is_same(first: Atom, second: Atom) -> bool | None:
    for one, other in ((first, second), (second, first)):
        if isinstance(other, Constant) and other.value is None:
            return is_none(one)
        if isinstance(other, Constant) and isinstance(other.value, bool):
            return one == other if isinstance(one, Constant) else None if isinstance(one, Outside) else False
    if isinstance(first, Reference) and isinstance(second, Reference):
        return first == second
    if first == second and is_definite(first):
        return True
    return None


def _compare_constants(name: str, first: Constant, second: Constant) -> bool | None:
    try:
        if name in ("In", "NotIn"):
            return bool(first.value in second.value) is (name == "In")
        found = only(operation(name, frozenset([first]), frozenset([second])))
    except TypeError:
        return None
    return bool(found.value) if found is not None else None


def only_table(value: Value) -> Definition | None:
    """The one table that a value is."""
    found = tables(value)
    return found[0] if value is not None and len(value) == len(found) == 1 else None
