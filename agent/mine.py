"""Mining: every `nn.Module` class of some sources, extracted, probed in the sandbox, stored with what was learnt."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

import numpy as np

from archgraft.agent.mining import Mined, Pipeline, root_of
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.library import Library
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
    """What one call of `mine` did; `n_modules` is what the whole library holds afterwards."""

    sources: tuple[SourceSummary, ...]
    n_modules: int
    wall_seconds: float
    tier: str


def mine(
    sources: Sequence[SourceRoot],
    library: Library,
    sandbox: Sandbox,
    *,
    limit: int | None = None,
    seed: int = 0,
    n_workers: int = 2,
    progress: Callable[[MineStep], None] = lambda _: None,
) -> MineSummary:
    """Mine all classes of the sources, or a random `limit` of them; classes of packages are not mined twice.

    The sources are indexed together, so that one may use code of another. What was stored before an interruption stays,
    and the next call goes on from there. Raises `SourceError` and `LibraryError` for what the user can mend, and
    `SandboxError`.
    """
    start = monotonic()
    index = SourceIndex.build(sources)
    tallies = {root: _Tally(root) for root in sources}
    definitions = choose(index.module_classes(), limit, seed)
    pipeline = Pipeline(index, library, sandbox, n_workers)
    for n_done, (definition, mined) in enumerate(pipeline.run(definitions), 1):
        root = root_of(index, definition)
        tallies[root].count(mined)
        name = f"{definition.module}.{definition.name}"
        progress(MineStep(root.name, name, mined.kind, mined.reason, n_done, len(definitions)))
    broken = [f"{file.path}: {file.reason}" for file in index.broken]
    summaries = tuple(tally.summary(broken) for tally in tallies.values())
    return MineSummary(summaries, len(library), monotonic() - start, sandbox.tier)


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

    def summary(self, broken: Sequence[str]) -> SourceSummary:
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
            unreadable_files=tuple(text for text in broken if text.startswith(str(self.root.folder))),
        )
