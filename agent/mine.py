"""Mining: every `nn.Module` class of some sources, extracted, probed in the sandbox, stored with what was learnt."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import numpy as np

from archgraft.agent.argument_question import ArgumentQuestion
from archgraft.agent.mining import MAX_LINES, Mined, Pipeline, root_of
from archgraft.agent.nothing_to_mine import explain_nothing
from archgraft.agent.steady_sandbox import SteadySandbox
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.file_reading import Progress, no_progress
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.requirements import with_requirements
from archgraft.tree_ops.source_files import BrokenFile
from archgraft.tree_ops.sources import SourceRoot

ACCEPTED = ("stored", "known")


@dataclass(frozen=True, slots=True)
class MineStep:
    """One class that is done. `kind` is `stored`, `known` (mined before), or a rejection's."""

    source: str
    qualified_name: str
    kind: str
    reason: str
    n_done: int
    n_classes: int


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """What one call of `mine` made of one source. Of `n_classes`, `n_known` had been mined before."""

    source: str
    version: str
    licence: str
    n_classes: int
    n_known: int
    n_extracted: int
    n_stored: int
    by_family: tuple[tuple[str, int], ...]
    by_rejection: tuple[tuple[str, int], ...]
    unreadable_files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MineSummary:
    """What one call of `mine` did; `n_modules` is what the whole library holds afterwards.

    `index_seconds` are part of `wall_seconds`; `cache_problem` says why indexing can't be quicker next time, if so.
    `closed_with` are packages that were not mined, but whose code the sources' modules were given where they use it.
    """

    sources: tuple[SourceSummary, ...]
    n_modules: int
    wall_seconds: float
    index_seconds: float
    cache_problem: str
    tier: str
    closed_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadSources:
    """Sources whose files were read, with what they need that is at hand (in `closing`), and their module classes."""

    sources: tuple[SourceRoot, ...]
    closing: tuple[SourceRoot, ...]
    index: SourceIndex
    classes: tuple[Definition, ...]
    seconds: float


def read_sources(
    sources: Sequence[SourceRoot], *, cache: Path | None = None, progress: Progress = no_progress
) -> ReadSources:
    """Read the sources together, so that one may use code of another; so are packages that they need and are at hand.

    What was read is kept in the folder `cache`. Raises `SourceError`, when there is nothing to mine, too.
    """
    start = monotonic()
    closing = with_requirements(sources, cache)
    index = SourceIndex.build(closing, cache=cache, progress=progress)
    classes = index.module_classes()
    if not classes:
        raise SourceError(explain_nothing(index, sources))
    return ReadSources(tuple(sources), tuple(closing), index, tuple(classes), monotonic() - start)


def mine(
    read: ReadSources,
    library: Library,
    sandbox: Sandbox,
    *,
    limit: int | None = None,
    seed: int = 0,
    n_workers: int = 2,
    progress: Callable[[MineStep], None] = lambda _: None,
    question: ArgumentQuestion | None = None,
    max_lines: int = MAX_LINES,
) -> MineSummary:
    """Mine all classes of the sources, or a random `limit` of them; classes of packages are not mined twice.

    What was stored before an interruption stays, and the next call goes on from there. Raises `SourceError` and
    `LibraryError` for what the user can mend, and `SandboxError`. With a `question`, a language model is asked for the
    constructor arguments of what nothing else could build. Classes of more than `max_lines` with all they need are
    kept out.
    """
    start = monotonic()
    index = read.index
    for root in read.closing:
        library.add_licence(root.name, root.version, root.licence_text)
    tallies = {root: _Tally(root) for root in read.sources}
    definitions = choose(read.classes, limit, seed)
    pipeline = Pipeline(index, library, SteadySandbox(sandbox), n_workers, question, max_lines)
    for n_done, (definition, mined) in enumerate(pipeline.run(definitions), 1):
        root = root_of(index, definition)
        tallies[root].count(mined)
        name = f"{definition.module}.{definition.name}"
        progress(MineStep(root.name, name, mined.kind, mined.reason, n_done, len(definitions)))
    summaries = tuple(tally.summary(index.broken) for tally in tallies.values())
    return MineSummary(
        sources=summaries,
        n_modules=len(library),
        wall_seconds=read.seconds + monotonic() - start,
        index_seconds=read.seconds,
        cache_problem=index.cache_problem,
        tier=sandbox.tier,
        closed_with=tuple(f"{root.name} {root.version}".strip() for root in read.closing if root.only_closes),
    )


def choose(definitions: Sequence[Definition], limit: int | None, seed: int) -> tuple[Definition, ...]:
    """At most `limit` of the classes, drawn fairly, in their own order."""
    if limit is None or limit >= len(definitions):
        return tuple(definitions)
    drawn = np.random.default_rng(seed).choice(len(definitions), size=limit, replace=False)
    return tuple(definitions[position] for position in sorted(drawn))


@dataclass(slots=True)
class _Tally:
    """Counts of one source."""

    root: SourceRoot
    kinds: Counter[str] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)
    n_extracted: int = 0

    def count(self, mined: Mined) -> None:
        self.kinds[mined.kind] += 1
        self.n_extracted += mined.is_extracted
        if mined.kind == "stored":
            self.families[mined.family] += 1

    def summary(self, broken: Sequence[BrokenFile]) -> SourceSummary:
        rejected = {kind: n for kind, n in self.kinds.items() if kind not in ACCEPTED}
        return SourceSummary(
            source=self.root.name,
            version=self.root.version,
            licence=self.root.licence,
            n_classes=self.kinds.total(),
            n_known=self.kinds["known"],
            n_extracted=self.n_extracted,
            n_stored=self.kinds["stored"],
            by_family=tuple(sorted(self.families.items())),
            by_rejection=tuple(sorted(rejected.items())),
            unreadable_files=tuple(
                f"{file.path}: {file.reason}" for file in broken if file.path.is_relative_to(self.root.folder)
            ),
        )
