"""A search's best model, applied back to the repository that the search began from.

Each edit of its lineage is made in a copy of the files, and after each the model that they give must be the search's,
by the hash of their trees. An edit is written as `archgraft refactor` would write it; where that doesn't give the
model, what the search itself changed in its copy of the code is carried over. Where neither does, a new file beside the
user's says what is different (`archgraft.agent.refactoring.beside`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

import numpy as np

from archgraft.agent.errors import UsageError
from archgraft.agent.refactoring.beside import beside, whole
from archgraft.agent.refactoring.edit_parts import parts_of
from archgraft.agent.refactoring.model import UserModel, homes_of, own_files, read_source
from archgraft.agent.refactoring.overlay import overlay, top_of
from archgraft.agent.refactoring.refactor import Refactored, RefactorRequest, refactor
from archgraft.agent.refactoring.sameness import fault
from archgraft.agent.refactoring.writing import write
from archgraft.agent.rootstock import plant
from archgraft.agent.show_tree import traced_inputs
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.emission import emissions
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.refactoring.patch import FileChange
from archgraft.tree_ops.refactoring.transplant import transplanted
from archgraft.tree_ops.refactoring.user_file import UserFile
from archgraft.tree_ops.source_text import call_with
from archgraft.tree_ops.tree import Node, Tree


@dataclass(frozen=True, slots=True)
class Applied:
    """The change of the user's files. `model` is the reference that builds the winner once it is made.

    `fallback` says why it is a new file, and is empty where it is in place; `is_whole` that the file holds the whole
    model, and imports nothing of the user's.
    """

    top: Path
    changes: tuple[FileChange, ...]
    model: str
    fallback: str = ""
    is_whole: bool = False


def applied(
    model: str,
    steps: Sequence[tuple[Edit, Tree]],
    module_of: Callable[[str], LibraryModule],
    sources: Sequence[str],
    cache: Path,
    sandbox: Sandbox,
) -> Applied:
    """The edits, each with the tree that it gave, made in the files of `model` (`FILE:CLASS(...)`).

    Raises `SourceError` when the model can't be read.
    """
    reference = ModelReference.parse(model)
    if not reference.is_file:
        raise UsageError(f"{model} is an installed package: export the best model as a file instead, without --patch")
    main = Path(reference.place).resolve()
    top, files = top_of(main), own_files(main, cache)
    with overlay(top, set(files), {}) as folder:
        place = folder / main.relative_to(top)
        copy = _Copy(folder, place, reference, module_of, tuple(sources), cache, sandbox)
        start = copy.read()
        try:
            for edit, tree in steps:
                copy.make(edit, tree)
        except _NotInPlaceError as error:
            winner, name = steps[-1][1], PurePosixPath(_free_name(main).relative_to(top))
            copy.shape = _shape(winner)
            parts = beside(start, place, winner)
            is_whole = not parts or not copy.gives(folder / name, winner.construct, parts, winner)
            source = whole(place, winner) if is_whole else parts
            change = FileChange(name, None, source.encode())
            return Applied(top, (change,), f"{name}:{winner.construct}", str(error), is_whole)
        built = f"{place.relative_to(folder)}:{reference.name}({copy.arguments})"
        return Applied(top, tuple(_changes(folder, top)), built)


class _NotInPlaceError(Exception):
    """An edit can't be written into the user's files."""


@dataclass
class _Copy:
    """The user's files in a temporary folder, on their way to the winner; `arguments` are those of the model."""

    folder: Path
    place: Path
    reference: ModelReference
    module_of: Callable[[str], LibraryModule]
    sources: tuple[str, ...]
    cache: Path
    sandbox: Sandbox
    arguments: str = field(init=False)
    shape: tuple[int, ...] | None = None
    inputs: np.ndarray | None = None

    def __post_init__(self) -> None:
        self.arguments = self.reference.arguments

    def make(self, edit: Edit, wanted: Tree) -> None:
        """Make one edit so that the files give the tree that the search found. Raises `_NotInPlaceError`."""
        self.shape = _shape(wanted)
        before, arguments = self._texts(), self.arguments
        reasons = []
        for way in (self._written, self._carried_over):
            try:
                for _ in way(edit):
                    if (reason := self.fault(wanted, self.read().tree)) is None:
                        return
                    reasons.append(f"the edited files would give another model: {reason}")
                    self._restore(before, arguments)
            except (SourceError, UsageError, _NotInPlaceError) as error:
                reasons.append(str(error).replace(f"{self.folder}/", ""))
            self._restore(before, arguments)
        raise _NotInPlaceError(f"{edit.operator} at {edit.path or 'the model'}: {'; '.join(dict.fromkeys(reasons))}")

    def read(self) -> UserModel:
        """The model that the files now give."""
        return self._model(f"{self.place}:{self.reference.name}({self.arguments})")

    def fault(self, wanted: Tree, found: Tree) -> str | None:
        """In what the model is not the one that was wanted."""
        assert self.inputs is not None, "it was read before"
        return fault(wanted, found, self.inputs, self.sandbox)

    def gives(self, path: Path, construct: str, source: str, wanted: Tree) -> bool:
        """Whether a file beside the model's with this text builds the model that is wanted."""
        path.write_text(source, encoding="utf-8")
        try:
            return self.fault(wanted, self._model(f"{path}:{construct}").tree) is None
        except SourceError:
            return False  # the user's module can't be imported so
        finally:
            path.unlink()

    def _model(self, text: str) -> UserModel:
        reference = ModelReference.parse(text)
        source = read_source(reference, self.sources, self.cache)
        self.inputs = traced_inputs(text, source, self.shape, self.sandbox, Limits())
        rootstock = plant(text, source, self.sandbox, self.inputs, Limits())
        files = own_files(self.place, self.cache)
        return UserModel(reference, rootstock, files, homes_of(source.emitted, files))

    def _written(self, edit: Edit) -> Iterator[None]:
        """Each step as a refactoring of its own."""
        for step in edit.steps or (edit,):
            if step.operator == "change_argument" and not step.path and self._set_in_reference(step):
                continue
            parts = parts_of(step, self.module_of, self.cache)
            if parts is None:
                next(self._carried_over(step), None)
                continue
            paths = tuple(path for _, path in step.places)
            text = f"{self.place}:{self.reference.name}({self.arguments})"
            request = RefactorRequest(text, paths, parts, input_shape=self.shape, sources=self.sources)
            result = refactor(request, self.cache, self.sandbox, Limits())
            if not isinstance(result, Refactored):
                raise _NotInPlaceError(result.reasons[0])
            write(result.top, result.changes)
        yield

    def _carried_over(self, edit: Edit) -> Iterator[None]:
        """What the search changed in its copy of the code, in each of the ways that it may be printed."""
        model = self.read()
        files = {path: UserFile.read(path) for path in model.files}
        reasons: list[str] = []
        is_printed = False
        for emitted in emissions(model.tree, _moved(edit, model.tree), lambda key: self.module_of(key).spec):
            try:
                texts = transplanted(model.tree.source, emitted.source, model.homes, files)
            except SourceError as error:
                reasons.append(str(error))
                continue
            is_printed = True
            for path, text in texts.items():
                path.write_bytes(text)
            yield
        if not is_printed:
            raise _NotInPlaceError("; ".join(dict.fromkeys(reasons)) or "the search's own code for it can't be told")

    def _set_in_reference(self, edit: Edit) -> bool:
        """Arguments of the model itself are the caller's, who builds it, where no code of the files does."""
        root = self._root()
        if root.class_name != self.reference.name:
            return False
        parameters = [argument.name for argument in root.arguments]
        text = call_with(f"f({self.arguments})", edit.changes, parameters)
        if text is None:
            return False
        self.arguments = text[2:-1]
        return True

    def _root(self) -> Node:
        tree = self.read().tree
        return tree.nodes[tree.root]

    def _texts(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.folder.rglob("*.py")}

    def _restore(self, texts: dict[Path, bytes], arguments: str) -> None:
        self.arguments = arguments
        for path in self.folder.rglob("*.py"):
            if path not in texts:
                path.unlink()
        for path, text in texts.items():
            path.write_bytes(text)


def _moved(edit: Edit, tree: Tree) -> Edit:
    """The edit at the nodes of another tree with the same paths. Raises `SourceError` when one is missing."""
    try:
        others = tuple((tree.at(path).nid, path) for _, path in edit.others)
        steps = tuple(_moved(step, tree) for step in edit.steps)
        return replace(edit, nid=tree.at(edit.path).nid, others=others, steps=steps)
    except KeyError as error:
        raise SourceError(f"no module stands at {error.args[0]}") from None


def _shape(tree: Tree) -> tuple[int, ...] | None:
    """One sample's shape; None for tokens, which are found again by trying."""
    shapes = tree.nodes[tree.root].input_shapes
    return tuple(shapes[0][1:]) if shapes else None


def _changes(folder: Path, top: Path) -> Iterator[FileChange]:
    """The files of the copy that are new or other than the user's."""
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder)
        original = top / name
        before = original.read_bytes() if original.exists() else None
        if before != path.read_bytes():
            yield FileChange(PurePosixPath(name), before, path.read_bytes())


def _free_name(main: Path) -> Path:
    names = (f"{main.stem}_evolved{number}.py" for number in ("", *range(2, 1000)))
    return next(place for place in map(main.with_name, names) if not place.exists())
