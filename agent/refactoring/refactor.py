"""From a request to a verified patch: read the model, find the places, write the change, rebuild it, compare.

Nothing is written here: see `archgraft.agent.refactoring.writing`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np

from archgraft.agent.errors import UsageError
from archgraft.agent.refactoring.model import UserModel, places_of, read_model, read_source, scopes_at
from archgraft.agent.refactoring.overlay import top_of
from archgraft.agent.refactoring.replacement import Parts, Way, read_replacement
from archgraft.agent.refactoring.verification import Effect, Rebuilt, Verifier
from archgraft.agent.show_tree import traced_inputs
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.model_reference import ModelReference
from archgraft.tree_ops.refactoring.calls import written_arguments
from archgraft.tree_ops.refactoring.draft import Draft
from archgraft.tree_ops.refactoring.new_source import NewSource
from archgraft.tree_ops.refactoring.patch import FileChange, n_changed_lines
from archgraft.tree_ops.refactoring.rungs import drafts, why_none
from archgraft.tree_ops.refactoring.spots import Group, Setting, Spot
from archgraft.tree_ops.refactoring.symbols import FileSymbols, snake_case
from archgraft.tree_ops.refactoring.targets import Scope, select
from archgraft.tree_ops.refactoring.user_file import UserFile
from archgraft.tree_ops.tree import Node, Tree

MAX_REBUILDS = 12
"""Ways to write a change that are tried before the refactoring is given up."""


@dataclass(frozen=True)
class RefactorRequest:
    """What the user asked for; `into` is where copied code goes, None for a new file beside the one that is changed."""

    model: str
    at: tuple[str, ...]
    replacement: str | Parts
    scope: Scope = "instance"
    library: Path | None = None
    input_shape: tuple[int, ...] | None = None
    sources: tuple[str, ...] = ()
    into: Path | None = None


@dataclass(frozen=True)
class Refactored:
    """A verified change: the files before and after, how it was written, and what it does."""

    targets: tuple[Node, ...]
    top: Path
    changes: tuple[FileChange, ...]
    rungs: tuple[str, ...]
    arguments: str
    """Where the new module's arguments come from."""
    effect: Effect
    n_rebuilt: int
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """Why no change was made, the plainest reason first."""

    targets: tuple[Node, ...]
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def refactor(request: RefactorRequest, cache: Path, sandbox: Sandbox, limits: Limits) -> Refactored | Refused:
    """Work out the change and verify it. Raises `SourceError` and `UsageError` for what the user can mend."""
    reference = ModelReference.parse(request.model)
    if not reference.is_file:
        raise UsageError(
            f"{request.model} is an installed package, which others use, too: write a class of your own that builds or "
            "subclasses it, and refactor that: 'FILE.py:CLASS'"
        )
    source = read_source(reference, request.sources, cache)
    inputs = traced_inputs(reference.text, source, request.input_shape, sandbox, limits)
    model = read_model(reference, source, cache, sandbox, inputs, limits)
    return _Refactoring(request, model, cache, sandbox, inputs, limits).run()


class _Refactoring:
    def __init__(
        self,
        request: RefactorRequest,
        model: UserModel,
        cache: Path,
        sandbox: Sandbox,
        inputs: np.ndarray,
        limits: Limits,
    ) -> None:
        self._request, self._model, self._sandbox, self._limits = request, model, sandbox, limits
        self._files = {path: UserFile.read(path) for path in model.files}
        self._places = places_of(model, {path: file.text for path, file in self._files.items()})
        self._top = top_of(model.main_file)
        self._replacement: Parts = (
            read_replacement(request.replacement, request.library, request.sources, cache, model.files)
            if isinstance(request.replacement, str)
            else request.replacement
        )
        self._verifier = Verifier(
            model, self._top, request.sources, cache, sandbox, inputs, limits, self._replacement.files
        )
        self._n_rebuilt = 0

    def run(self) -> Refactored | Refused:
        tree = self._model.tree
        targets = tuple(select(tree, self._request.at, self._request.scope))
        if (closed := _closed(tree, targets)) is not None:
            return Refused(targets, (closed,))
        spots = list(self._spots(tree, targets))
        made = [node for spot in spots for node in spot.made]
        scopes = scopes_at(self._sandbox, tree, made, self._limits)
        setting = Setting(tree, self._model.homes, scopes, self._places.find)
        reasons: list[str] = []
        for way in self._replacement.ways(setting, spots, lambda name: self._new_source(name, spots), self._sandbox):
            groups = [Group(spot, part) for spot, part in zip(spots, way.parts)]
            done = self._written_and_verified(way, groups, setting, reasons)
            if done is not None:
                return replace(done, warnings=_warnings(targets))
        reasons += self._replacement.problems
        return Refused(
            targets, tuple(dict.fromkeys(reasons)) or ("no way to build it there is known",), _warnings(targets)
        )

    def _spots(self, tree: Tree, targets: Sequence[Node]) -> Iterator[Spot]:
        """The targets by the call that made them, in the order of the tree."""
        for site in dict.fromkeys(node.site for node in targets):
            assert site is not None, "what torch made is refused before"
            mine = tuple(node for node in targets if node.site == site)
            made = tuple(node for node in tree if node.site == site)
            home = self._places.home_of(site)
            place = self._places.find(site) if home is not None and home.is_own else None
            written = None
            if place is not None:
                parameters = [argument.name for argument in mine[0].arguments]
                written = written_arguments(self._files[place.path].module, place.number, parameters)
            yield Spot(mine, made, place, written)

    def _new_source(self, class_name: str, spots: Sequence[Spot]) -> NewSource:
        """Where a copied class goes: the file that was asked for, or a new one beside the file that is changed."""
        place = next((spot.place for spot in spots if spot.place is not None), None)
        beside = place.path if place is not None else self._model.main_file
        into = self._request.into
        path = beside.with_name(f"{snake_case(class_name)}.py") if into is None else into.resolve()
        if not path.is_relative_to(self._top):
            raise UsageError(f"--into {into}: it lies outside {self._top}, where the model's files are")
        if path in self._files:
            return NewSource(
                path, self._model.files[path], FileSymbols(path, self._files[path].text), self._files[path].text
            )
        if path.exists():
            what = f"--into {into}" if into is not None else str(path)
            raise UsageError(
                f"{what}: there is such a file, and the model doesn't use it: name one of the model's own files or a "
                "new one with --into"
            )
        package, dot, _ = self._model.files[beside].rpartition(".")
        return NewSource(path, f"{package}{dot}{path.stem}")

    def _written_and_verified(
        self, way: Way, groups: Sequence[Group], setting: Setting, reasons: list[str]
    ) -> Refactored | None:
        for draft in self._drafts(way, groups, setting, reasons):
            if self._n_rebuilt >= MAX_REBUILDS:
                break
            self._n_rebuilt += 1
            new_files = _new_files(way.source)
            rebuilt = self._verifier.rebuild(draft, new_files)
            if rebuilt.is_intended:
                return self._finished(way, draft, new_files, rebuilt, groups)
            reasons.append(f"{way.told}, written as {' and '.join(dict.fromkeys(draft.rungs))}: {rebuilt.reason}")
        return None

    def _drafts(self, way: Way, groups: Sequence[Group], setting: Setting, reasons: list[str]) -> Iterator[Draft]:
        """The change written in every way, the likeliest first; with several calls, one is varied at a time."""
        start = Draft.of(self._files)
        if way.source is not None and way.source.symbols is not None:
            path = way.source.path
            start.symbols[path] = way.source.symbols
            if not way.source.is_empty:
                start.add(path, way.source.pasted(_first_user(groups, path)))
        best: list[Draft] = [start]
        choices: list[list[Draft]] = []
        for group in groups:
            found = sorted(drafts(best[-1], group, setting), key=self._length)
            if not found:
                reasons.append(f"{group.targets[0].path}: {why_none(best[-1], group, setting)}")
                return
            choices.append(found)
            best.append(found[0])
        yield best[-1]
        yield from choices[-1][1:]
        for number in range(len(groups) - 1):
            for other in choices[number][1:]:
                draft: Draft | None = other
                for group in groups[number + 1 :]:
                    draft = min(drafts(draft, group, setting), key=self._length, default=None) if draft else None
                if draft is not None:
                    yield draft

    def _length(self, draft: Draft) -> tuple[bool, int]:
        """What to prefer: editing the call itself, then fewer lines."""
        changes = [FileChange(PurePosixPath(), self._files[path].raw, after) for path, after in draft.result().items()]
        return draft.rungs[-1] != "call", n_changed_lines(changes)

    def _finished(
        self, way: Way, draft: Draft, new_files: Mapping[Path, bytes], rebuilt: Rebuilt, groups: Sequence[Group]
    ) -> Refactored:
        targets = tuple(node for group in groups for node in group.targets)
        changes = [
            FileChange(PurePosixPath(path.relative_to(self._top)), self._files[path].raw, after)
            for path, after in draft.result().items()
        ]
        changes += [
            FileChange(PurePosixPath(path.relative_to(self._top)), None, after) for path, after in new_files.items()
        ]
        effect = self._verifier.effect(rebuilt, tuple(node.path for node in targets))
        return Refactored(targets, self._top, tuple(changes), tuple(draft.rungs), way.told, effect, self._n_rebuilt)


def _closed(tree: Tree, targets: Sequence[Node]) -> str | None:
    """Why one of the targets can't be exchanged at all."""
    for node in targets:
        parent = tree.parent_of(node.nid)
        if node.opaque or node.site is None:
            owner = f" by {parent.path or 'the model'} ({parent.class_name})" if parent is not None else ""
            return f"{node.path} is made inside torch{owner}: exchange that as a whole"
    return None


def _warnings(targets: Sequence[Node]) -> tuple[str, ...]:
    """What a reader should know of these places, whatever came of it."""
    found = []
    for node in targets:
        if node.attribute_reads:
            found.append(f"other code reads .{', .'.join(node.attribute_reads)} off {node.path}")
        if node.shared:
            found.append(f"{node.path} is shared, or shares a parameter with another module")
        if not node.n_calls:
            found.append(f"{node.path} is never called in a forward pass")
    return tuple(found)


def _new_files(source: NewSource | None) -> dict[Path, bytes]:
    if source is None or source.symbols is not None:
        return {}
    return {source.path: source.file_text().encode()}


def _first_user(groups: Sequence[Group], path: Path) -> str | None:
    """The definition at top level that the first change is in: what it needs goes before it."""
    place = next((group.place for group in groups if group.place is not None and group.place.path == path), None)
    return place.function.partition(".")[0] if place is not None else None
