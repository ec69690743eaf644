"""Taking an exported library in: what it says of its modules is a claim until a probe has confirmed it here."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from archgraft.agent.errors import UsageError
from archgraft.agent.steady_sandbox import SteadySandbox
from archgraft.evaluator.probing import ProbeRejection, probe_module
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_bundle import Refused, read_bundle
from archgraft.tree_ops.library_records import LibraryModule, LicenceOfSource
from archgraft.tree_ops.spec import ModuleSpec

_BATCH = 64
"""Modules read before they are probed together: a file may be larger than the memory."""
_N_REASONS = 5


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What came of an import. `n_corrected`: modules whose probe here found another contract than the file claims."""

    n_added: int
    n_known: int
    n_taken: int
    n_corrected: int
    n_verified: int
    refused: tuple[str, ...]

    def check(self, path: Path) -> None:
        """Raises `UsageError`, with the first reasons, when the file held nothing that could be taken."""
        if self.n_added or self.n_known or self.n_taken:
            return
        if not self.refused:
            raise UsageError(f"{path} holds no modules: export more, or name another file")
        reasons = "\n".join(f"- {reason}" for reason in self.refused[:_N_REASONS])
        more = f"\n- and {n_more:,} more" if (n_more := len(self.refused) - _N_REASONS) > 0 else ""
        raise UsageError(f"nothing in {path} can be taken in; all of it was refused:\n{reasons}{more}")


@contextmanager
def never_empty(path: Path) -> Iterator[Library]:
    """A library to add to. One that was made for it and got nothing, for whatever reason, is taken away again."""
    is_new, is_empty = not path.exists(), False
    try:
        with Library(path, create=True) as library:
            try:
                yield library
            finally:
                is_empty = len(library) == 0
    finally:
        if is_new and is_empty:
            path.unlink(missing_ok=True)


def import_library(
    path: Path,
    library: Library,
    sandbox: Sandbox | None,
    *,
    n_workers: int = 2,
    progress: Callable[[int], None] = lambda _: None,
) -> ImportSummary:
    """Take the modules of an exported file into a library, and probe each that is new; without a sandbox, none.

    What is not probed is stored as unverified, and not offered for grafting. Nothing that the library knows is
    displaced. Raises `LibraryError` and `SandboxError`.
    """
    tally = _Tally()
    steady = None if sandbox is None else SteadySandbox(sandbox)
    licences: list[LicenceOfSource] = []
    with ThreadPoolExecutor(n_workers, "probe") as pool:
        for batch in _batches(path, tally, licences):
            new = [module for module in batch if not library.is_verified(module.id)]
            checked = dict(zip([m.id for m in new], pool.map(lambda m: _probed(m, steady), new), strict=True))
            for module in batch:
                tally.store(library, module, checked.get(module.id, module))
            progress(tally.n_seen)
    for licence in licences:
        if library.licence_of(licence.source, licence.version) is None:
            library.add_licence(licence.source, licence.version, licence.text)
    return tally.summary()


def _batches(path: Path, tally: "_Tally", licences: list[LicenceOfSource]) -> Iterator[list[LibraryModule]]:
    """The file's modules, some at a time; licences and refusals are put aside."""
    batch: list[LibraryModule] = []
    for record in read_bundle(path):
        if isinstance(record, Refused):
            tally.refused.append(f"line {record.line}: {record.reason}" if record.line else record.reason)
        elif isinstance(record, LicenceOfSource):
            licences.append(record)
        else:
            batch.append(record)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def _probed(module: LibraryModule, sandbox: Sandbox | None) -> LibraryModule | ProbeRejection:
    """The module with the contract that a probe found; the way to build it that the file names is tried first."""
    if sandbox is None:
        return module
    learnt = probe_module(sandbox, module.spec, templates=[module.contract.template])
    return learnt if isinstance(learnt, ProbeRejection) else replace(module, contract=learnt, is_verified=True)


class _Tally:
    """Counts what comes of each module."""

    def __init__(self) -> None:
        self.n_seen = 0
        self.refused: list[str] = []
        self._kinds = {"added": 0, "verified": 0, "known": 0, "conflict": 0, "taken": 0}
        self._n_corrected = self._n_probed = 0

    def store(self, library: Library, claimed: LibraryModule, found: LibraryModule | ProbeRejection) -> None:
        """Take in what the probe found."""
        self.n_seen += 1
        if isinstance(found, ProbeRejection):
            name = _name(claimed.spec)
            self.refused.append(f"{name}: the probe rejects it ({found.kind}: {found.reason})")
            return
        kind = library.absorb(found)
        self._kinds[kind] += 1
        if found.is_verified:
            self._n_probed += kind in ("added", "verified")
            self._n_corrected += found.contract != claimed.contract

    def summary(self) -> ImportSummary:
        return ImportSummary(
            n_added=self._kinds["added"],
            n_known=self._kinds["known"] + self._kinds["conflict"] + self._kinds["verified"],
            n_taken=self._kinds["taken"],
            n_corrected=self._n_corrected,
            n_verified=self._n_probed,
            refused=tuple(self.refused),
        )


def _name(spec: ModuleSpec) -> str:
    return f"{spec.id} {spec.origin.qualified_name}"
