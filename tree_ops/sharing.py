"""Equal code in several modules is written once: same text, and the same meaning of every name in it.

Only definitions of functions and classes, and values that nobody can change in place, are shared: two modules that each
have a `_CACHE = {}` have two caches.
"""

import ast
from collections import Counter
from collections.abc import Mapping

from archgraft.tree_ops.index import Definition
from archgraft.tree_ops.links import LinkedPiece, PieceKey
from archgraft.tree_ops.reach import Reached

_MUTABLE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.Call)


def share(reached: Reached) -> tuple[dict[PieceKey, PieceKey], dict[Definition, Definition]]:
    """Representatives: of each piece, and of each definition."""
    pieces = {key: key for key in sorted(reached.pieces)}
    names = {definition: definition for definition in reached.definitions}
    candidates = [key for key in pieces if _is_sharable(reached, key)]
    texts = {key: reached.text(reached.pieces[key]) for key in candidates}
    counts = Counter(texts.values())
    candidates = [key for key in candidates if counts[texts[key]] > 1]
    while True:
        first: dict[object, PieceKey] = {}
        shared = dict(pieces)
        for key in candidates:
            shared[key] = first.setdefault((texts[key], _meaning(reached, reached.pieces[key], names)), key)
        moved = {definition: _representative(reached, definition, shared) for definition in names}
        if moved == names:
            return shared, names
        names = moved


def _meaning(reached: Reached, piece: LinkedPiece, names: Mapping[Definition, Definition]) -> object:
    targets = []
    for found in reached.links(piece):
        target: object = found.target
        if isinstance(target, Definition):
            own = target.module == piece.module.name and target.name in piece.piece.defines
            target = (
                ("own", target.name) if own else names.get(target, target if found.use.annotation is None else None)
            )
        targets.append(target)
    return tuple(targets)


def _representative(reached: Reached, definition: Definition, shared: Mapping[PieceKey, PieceKey]) -> Definition:
    keys = reached.definitions[definition]
    if len(keys) != 1 or shared[keys[0]] == keys[0]:
        return definition
    other = Definition(shared[keys[0]][0], definition.name)
    return other if len(reached.definitions.get(other, ())) == 1 else definition


def _is_sharable(reached: Reached, key: PieceKey) -> bool:
    piece = reached.pieces[key]
    if len(piece.statements) != 1 or not piece.piece.defines:
        return False
    for name in piece.piece.defines:
        if len(reached.definitions.get(Definition(key[0], name), ())) > 1:
            return False
    if isinstance(piece.statements[0], ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return True
    return not any(isinstance(node, _MUTABLE) for node in ast.walk(piece.statements[0]))
