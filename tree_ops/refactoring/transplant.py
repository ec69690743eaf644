"""Carries what an edit changed in the self-contained copy of a model over into its author's files.

The copy holds the author's definitions as they were written, so each changed definition is merged with the author's
line by line, as a version control system would; what is new goes in front of what first uses it.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from io import StringIO
from pathlib import Path

from archgraft.tree_ops.builder import BUILDER
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.apply import apply
from archgraft.tree_ops.refactoring.call_places import Home, bound_names
from archgraft.tree_ops.refactoring.edits import AddDefinitions, FileEdit
from archgraft.tree_ops.refactoring.symbols import FileSymbols, bindings
from archgraft.tree_ops.refactoring.user_file import UserFile
from archgraft.tree_ops.syntax import parse

_DEFINITIONS = (ast.ClassDef, ast.FunctionDef)


def transplanted(
    before: str, after: str, homes: Mapping[str, Home], files: Mapping[Path, UserFile]
) -> dict[Path, bytes]:
    """The author's files with the change from `before` to `after` made in them. `homes` are those of the copy's names.

    Raises `SourceError` when a change lies outside the author's definitions, or doesn't fit there.
    """
    old, new = _statements(before), _statements(after)
    changed = [name for name, text in new.items() if name in old and text != old[name]]
    added = [name for name in new if name not in old]
    path = _path_of(changed, homes)
    raw = files[path].text
    symbols = FileSymbols(path, raw)
    for name in changed:
        home = homes[name]
        if home.path != path or home.definition.name != name:
            raise SourceError(f"{name} is called {home.definition.name} in {home.path.name}")
        author = _statements(raw).get(name)
        if author is None:
            raise SourceError(f"{path.name} defines {name} in another way")
        raw = raw.replace(author, merged(author, old[name], new[name]), 1)
    file = UserFile.of(path, raw.encode(files[path].module.encoding))
    if taken := sorted(set(added) & symbols.taken):
        raise SourceError(f"{path.name} has another {taken[0]}")
    _import_what_is_new(after, [new[name] for name in (*changed, *added)], raw, symbols)
    edits: list[FileEdit] = []
    if added:
        edits.append(AddDefinitions("\n\n".join(new[name] for name in added), _first_user(raw, added)))
    return {path: apply(file, edits, symbols)}


def merged(author: str, before: str, after: str) -> str:
    """The author's text with the lines changed that differ between two others. Raises `SourceError` when they clash."""
    mine, old, new = (_lines(text) for text in (author, before, after))
    end = "\r\n" if mine and mine[0].endswith("\r\n") else "\n"
    bare = [[line.rstrip("\r\n") for line in side] for side in (mine, old, new)]
    place_of: dict[int, int] = {}
    for start, other, size in SequenceMatcher(None, bare[1], bare[0], autojunk=False).get_matching_blocks():
        place_of.update((start + n, other + n) for n in range(size))
    result, done = [], 0
    for kind, first, last, new_first, new_last in SequenceMatcher(None, bare[1], bare[2], autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        places = [place_of.get(line) for line in range(first, last)] or [place_of.get(first - 1)]
        if None in places or places != list(range(places[0] or 0, (places[0] or 0) + len(places))):
            raise SourceError("the author's lines are others there")
        start = (places[0] or 0) + (first == last)
        result += mine[done:start] + [f"{line}{end}" for line in bare[2][new_first:new_last]]
        done = start + (last - first)
    return "".join(result + mine[done:])


def _path_of(changed: Sequence[str], homes: Mapping[str, Home]) -> Path:
    if not changed or BUILDER in changed:
        raise SourceError("it would have to be set on the finished model")
    home = homes.get(changed[0])
    if home is None or not home.is_own:
        raise SourceError(f"{changed[0]} is code that isn't yours")
    return home.path


def _statements(source: str) -> dict[str, str]:
    """The text of each class and function at top level, decorators and comments right above it included."""
    lines = _lines(source)
    found = {}
    for statement in parse(source).body:
        if isinstance(statement, _DEFINITIONS):
            first = min([statement.lineno, *(one.lineno for one in statement.decorator_list)]) - 1
            while first and lines[first - 1].startswith("#"):
                first -= 1
            found[statement.name] = "".join(lines[first : statement.end_lineno])
    return found


def _lines(text: str) -> list[str]:
    return StringIO(text, newline="").readlines()


def _first_user(source: str, names: Sequence[str]) -> str | None:
    """The first definition that uses one of these."""
    for statement in parse(source).body:
        if isinstance(statement, _DEFINITIONS) and set(names) & set(_names(statement)):
            return statement.name
    return None


def _import_what_is_new(source: str, texts: Sequence[str], author: str, symbols: FileSymbols) -> None:
    """Note the imports of the copy that changed and new definitions use, and the author's file lacks."""
    used = {name for text in texts for name in _names(parse(text))}
    known = {name for statement in parse(author).body for name in _bound(statement)}
    for statement in parse(source).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias, (name, module, attribute) in zip(statement.names, bindings(statement)):
                if name not in used or symbols.has(name, module, attribute):
                    continue
                if name in known:
                    raise SourceError(f"{name} means something else in {symbols.path.name}")
                one = ast.copy_location(type(statement)(**{**vars(statement), "names": [alias]}), statement)
                symbols.needed_lines[ast.unparse(one)] = module


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        yield from (name for name, _, _ in bindings(statement))
    else:
        yield from bound_names(statement)


def _names(tree: ast.AST) -> Iterator[str]:
    return (node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
