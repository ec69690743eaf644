"""A search's best model, applied back to the repository that the search began from.

Each edit of its lineage is made in place, one after the other, as `archgraft refactor` would, in a copy of the files;
the model that they then give must be the search's, module by module. Where an edit can't be written in place, the best
model goes whole into a new file beside the user's, which stays as it is.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from archgraft.agent.errors import UsageError
from archgraft.agent.exported_source import mined_parts
from archgraft.agent.refactoring.model import own_files
from archgraft.agent.refactoring.overlay import overlay, top_of
from archgraft.agent.refactoring.refactor import Refactored, RefactorRequest, refactor
from archgraft.agent.refactoring.replacement import Replacement, read_replacement
from archgraft.agent.refactoring.writing import write
from archgraft.agent.show_tree import traced_model
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.refactoring.patch import FileChange
from archgraft.tree_ops.tree import Tree

_IN_PLACE = ("swap", "delete", "insert")
_HOLDERS = {"": "Grafted", "after": "Grafted", "before": "GraftedBefore"}
"""By the form of an insertion."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The change of the user's files; `fallback` says why it is a new file, and is empty where it is in place."""

    top: Path
    changes: tuple[FileChange, ...]
    fallback: str = ""


def applied(
    model: str,
    edits: Sequence[Edit],
    winner: Tree,
    module_of: Callable[[str], LibraryModule],
    sources: Sequence[str],
    cache: Path,
    sandbox: Sandbox,
) -> Applied:
    """The edits made in the files of `model` (`FILE:CLASS(...)`), verified to give the winner; or the winner's file.

    Raises `SourceError` when the model can't be read.
    """
    reference = ModelReference.parse(model)
    if not reference.is_file:
        raise UsageError(f"{model} is an installed package: export the best model as a file instead, without --patch")
    main = Path(reference.place).resolve()
    top, files = top_of(main), own_files(main, cache)
    try:
        with overlay(top, set(files), {}) as folder:
            place = folder / main.relative_to(top)
            moved = f"{place}{model[len(reference.place) :]}"
            shape = _shape(winner)
            for edit in edits:
                _make(edit, moved, shape, module_of, sources, cache, sandbox)
            found = traced_model(moved, shape, list(sources), cache, sandbox, Limits()).tree
            if (fault := _difference(found, winner)) is not None:
                raise _NotInPlaceError(f"the edited files give another model: {fault}")
            return Applied(top, tuple(_changes(folder, top)))
    except _NotInPlaceError as error:
        return Applied(top, (_whole(main, top, winner),), str(error))


class _NotInPlaceError(Exception):
    """An edit can't be written into the user's files."""


def _make(
    edit: Edit,
    model: str,
    shape: tuple[int, ...] | None,
    module_of: Callable[[str], LibraryModule],
    sources: Sequence[str],
    cache: Path,
    sandbox: Sandbox,
) -> None:
    """Make one edit in the copy."""
    if edit.operator == "compound":
        for step in edit.steps:
            _make(step, model, shape, module_of, sources, cache, sandbox)
        return
    if edit.operator not in _IN_PLACE:
        raise _NotInPlaceError(f"{edit.operator} at {edit.path or 'the model'} has no form in your own code")
    paths = tuple(path for _, path in edit.places)
    request = RefactorRequest(
        model, paths, _replacement(edit, module_of, cache), input_shape=shape, sources=tuple(sources)
    )
    try:
        result = refactor(request, cache, sandbox, Limits())
    except (SourceError, UsageError) as error:
        raise _NotInPlaceError(f"{edit.operator} at {edit.path}: {error}") from None
    if not isinstance(result, Refactored):
        raise _NotInPlaceError(f"{edit.operator} at {edit.path}: {result.reasons[0]}")
    write(result.top, result.changes)


def _replacement(edit: Edit, module_of: Callable[[str], LibraryModule], cache: Path) -> Replacement:
    if edit.graft is None:
        return read_replacement("torch.nn:Identity()", None, (), cache, {})
    module = module_of(edit.graft.module_id)
    spec = module.spec
    fitted = Replacement(spec.class_name, None, spec, module.contract, spec.parameters, None)
    return replace(fitted, graft=edit.graft, holder=_HOLDERS[edit.form] if edit.operator == "insert" else "")


def _shape(tree: Tree) -> tuple[int, ...] | None:
    """One sample's shape; None for tokens, which are found again by trying."""
    shapes = tree.nodes[tree.root].input_shapes
    return tuple(shapes[0][1:]) if shapes else None


def _difference(found: Tree, winner: Tree) -> str | None:
    """The first module that is another; names of classes may have been numbered where they met equal ones."""
    here, there = (
        {node.path: re.sub(r"_?\d+$", "", node.class_name) for node in tree if not node.opaque}
        for tree in (found, winner)
    )
    odd = next((path for path in (*there, *here) if here.get(path) != there.get(path)), None)
    if odd is not None:
        return f"{odd or 'the model'} is a {here.get(odd, 'module that is missing')}, not a {there.get(odd, 'module')}"
    if found.n_parameters != winner.n_parameters:
        return f"it has {found.n_parameters:,} parameters, not {winner.n_parameters:,}"
    return None


def _changes(folder: Path, top: Path) -> list[FileChange]:
    """The files of the copy that are new or other than the user's."""
    changes = []
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder)
        original = top / name
        before = original.read_bytes() if original.exists() else None
        if before != path.read_bytes():
            changes.append(FileChange(PurePosixPath(name), before, path.read_bytes()))
    return changes


def _whole(main: Path, top: Path, winner: Tree) -> FileChange:
    """A new file with the whole model, under a name that is free."""
    names = (f"{main.stem}_evolved{number}.py" for number in ("", *range(2, 1000)))
    path = next(place for place in map(main.with_name, names) if not place.exists())
    credits = "".join(f"#   {part}\n" for part in mined_parts(winner.source))
    header = f"# Evolved by archgraft from {main.name}; {winner.construct} builds it.\n"
    header += f"# Parts written by others, each under its own licence:\n{credits}" if credits else ""
    return FileChange(PurePosixPath(path.relative_to(top)), None, f"{header}\n{winner.source}".encode())
