"""Two libraries into one: origins are united, and of two contracts for the same code one stays, by a stated rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import LibraryModule

_BATCH = 100


@dataclass(frozen=True, slots=True)
class Conflict:
    """Code that both libraries hold, with contracts that differ in these fields."""

    module_id: str
    qualified_name: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergeSummary:
    """What came of a merge. `n_taken`: modules left out because this library has other code at all their places."""

    n_added: int
    n_known: int
    n_verified: int
    n_taken: int
    n_rejections: int
    conflicts: tuple[Conflict, ...]


def merge_libraries(target: Library, other: Library) -> MergeSummary:
    """Take all that `other` holds into `target`. Raises `LibraryError`.

    Verified contracts replace claimed ones; otherwise, where the contracts for the same code differ, the target's stays
    and the conflict is reported. What the target knows of a class is never replaced; its cap stays.
    """
    kinds: dict[str, int] = {}
    conflicts = []
    packages = set()
    for some in _batches(other.modules(everything=True)):
        with target.together():
            for module in some:
                kind = target.absorb(module)
                kinds[kind] = kinds.get(kind, 0) + 1
                packages |= {(origin.source, origin.version) for origin in module.origins}
                if kind == "conflict":
                    conflicts.append(_conflict(target.get(module.id), module))
    with target.together():
        for source, version in sorted(packages):
            licence = other.licence_of(source, version)
            if licence is not None and target.licence_of(source, version) is None:
                target.add_licence(source, version, licence.text)
        n_rejections = sum(target.absorb_rejection(rejection) for rejection in other.rejections())
    n_known = kinds.get("known", 0) + len(conflicts)
    return MergeSummary(
        kinds.get("added", 0), n_known, kinds.get("verified", 0), kinds.get("taken", 0), n_rejections, tuple(conflicts)
    )


def _batches(modules: Sequence[LibraryModule]) -> Iterator[Sequence[LibraryModule]]:
    """Some at a time: a transaction for each would be slow, one for all would keep other writers waiting for long."""
    return (modules[start : start + _BATCH] for start in range(0, len(modules), _BATCH))


def _conflict(kept: LibraryModule, other: LibraryModule) -> Conflict:
    return Conflict(kept.id, kept.spec.origin.qualified_name, contract_differences(kept, other))


def contract_differences(first: LibraryModule, second: LibraryModule) -> tuple[str, ...]:
    """The fields in which two contracts differ."""
    names = type(first.contract).__slots__
    return tuple(name for name in names if getattr(first.contract, name) != getattr(second.contract, name))
