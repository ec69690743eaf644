"""Near-duplicates: modules that differ in name only, or that compute the same. One of each group stands for all.

Two modules are duplicates when both fit the same places (layout, width rule and scale, stride) and either their sources
differ by a renaming only (`normal_form`), or they gave the same output for the same seeded weights and input
(`fingerprint` in their contracts). Duplicates of duplicates are one group.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PERMISSIVE = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "CC0-1.0",
        "ISC",
        "MIT",
        "MIT-0",
        "PSF-2.0",
        "Unlicense",
        "Zlib",
    }
)
"""SPDX identifiers of licences that let the code go into anybody's model for no more than a notice."""


@dataclass(frozen=True, slots=True)
class Member:
    """What grouping needs to know of a module. An empty `body` or `behaviour` is not known, and equals nothing."""

    id: str
    place: tuple[str, ...]
    body: str
    behaviour: str
    is_verified: bool
    multiples: tuple[int, ...]
    """Of which widths and positions must be multiples, the least width, 1 if only for squares: small ones fit more."""
    n_lines: int
    licences: tuple[str, ...]
    """Of its origins."""
    first_origin: tuple[str, ...]

    def rank(self) -> tuple[bool, bool, tuple[int, ...], int, tuple[str, ...], str]:
        """The smallest one stands for its group: probed, free to use, widely fit, short, first by source and name."""
        is_permissive = bool(PERMISSIVE.intersection(self.licences))
        return not self.is_verified, not is_permissive, self.multiples, self.n_lines, self.first_origin, self.id


def representatives(members: Iterable[Member]) -> dict[str, str]:
    """For each module's id, the id of the one that stands for its group (often its own)."""
    by_id = {member.id: member for member in members}
    parents = {module_id: module_id for module_id in by_id}
    for twins in _twins(by_id.values()).values():
        for twin in twins[1:]:
            parents[_root(parents, twin)] = _root(parents, twins[0])
    groups: dict[str, list[str]] = defaultdict(list)
    for module_id in by_id:
        groups[_root(parents, module_id)].append(module_id)
    return {module_id: _best(by_id, group) for group in groups.values() for module_id in group}


def _best(by_id: Mapping[str, Member], group: Iterable[str]) -> str:
    return min(group, key=lambda module_id: by_id[module_id].rank())


def _twins(members: Iterable[Member]) -> dict[tuple[str, ...], list[str]]:
    """Ids by what makes duplicates."""
    twins: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for member in members:
        if member.body:
            twins["body", member.body, *member.place].append(member.id)
        if member.behaviour and member.is_verified:  # a claim may not pull a module that was probed into its group
            twins["behaviour", member.behaviour, *member.place].append(member.id)
    return twins


def _root(parents: dict[str, str], module_id: str) -> str:
    while parents[module_id] != module_id:
        parents[module_id] = parents[parents[module_id]]  # halve the path for the next one
        module_id = parents[module_id]
    return module_id
