"""Tables: names that are bound once to a dictionary, or to a collection of names."""

import ast
from collections.abc import Callable, Sequence

from archgraft.tree_ops.constant_definitions import Entry
from archgraft.tree_ops.index import Definition, Target
from archgraft.tree_ops.parts import sliceable
from archgraft.tree_ops.reach import Reached


def entries_of(reached: Reached, definition: Definition) -> dict[object, Entry] | None:
    """The entries of a name that is bound to a dict with literal keys; None unless all its pieces are entries."""
    entries: dict[object, Entry] = {}
    for key in reached.definitions[definition]:
        piece = reached.pieces[key]
        if not piece.statements:
            continue
        parts = [part for part in piece.parts.all if part.kind == "entry" and part.path == (definition.name,)]
        if not parts and not (sliceable(piece.statements[0]) == definition.name and len(piece.statements) == 1):
            return None
        for part in parts:
            if part.number in reached.live[piece.key]:
                entries[part.name] = Entry(piece, part.number, _entry_value(part.node))
    return entries


def _entry_value(node: ast.AST) -> ast.expr:
    """What an entry of a dict holds: an item of a display, a keyword of `dict(...)`, an assignment to a key."""
    if isinstance(node, ast.Tuple):
        return node.elts[1]
    assert isinstance(node, ast.keyword | ast.Assign | ast.AnnAssign)
    assert node.value is not None
    return node.value


def named_items(statement: ast.stmt) -> list[ast.expr]:
    """The items of a set, list or tuple of names that the statement binds."""
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and len(value.args) == 1:
        value = value.args[0] if value.func.id in ("set", "frozenset", "tuple", "list") else None
    if isinstance(value, ast.Set | ast.List | ast.Tuple) and all(
        isinstance(item, ast.Name | ast.Attribute) for item in value.elts
    ):
        return value.elts
    return []


def collected_table(
    statement: ast.stmt, target: Callable[[ast.expr], tuple[Target | None, Sequence[str]]]
) -> Definition | None:
    """The table whose values `{value for key, value in TABLE.items()}` collects."""
    value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
    if not isinstance(value, ast.SetComp | ast.ListComp) or len(value.generators) != 1 or value.generators[0].ifs:
        return None
    generator = value.generators[0]
    bound, iterated = generator.target, generator.iter
    if not (isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Attribute) and not iterated.args):
        return None
    names = [item.id for item in getattr(bound, "elts", [bound]) if isinstance(item, ast.Name)]
    expected = {"items": 2, "values": 1}.get(iterated.func.attr)
    if len(names) != expected or not isinstance(value.elt, ast.Name) or value.elt.id != names[-1]:
        return None
    found, rest = target(iterated.func.value)
    return found if isinstance(found, Definition) and not rest else None
