"""The trees of a run, the edits that each still offers, and those that were tried."""

import hashlib

from archgraft.agent.attempt import Attempt
from archgraft.agent.store.reader import RunReader
from archgraft.evaluator.limits import CostCaps
from archgraft.tree_ops.edits import Edit, inverse
from archgraft.tree_ops.offering.crossover import Giver
from archgraft.tree_ops.offers import TreeOffers
from archgraft.tree_ops.recently_used import RecentlyUsed
from archgraft.tree_ops.shelf import Modules, Shelf
from archgraft.tree_ops.tree import Tree

N_DONORS = 4
N_TREES, N_OFFERS, N_GIVERS = 32, 8, 2 * N_DONORS
"""How many are held at once: what is asked for again later is read and worked out again."""

OffersFor = tuple[int, tuple[int, ...], int | None]
"""What offers depend on: the candidate, its donors, and the candidate whose edit is worth repeating."""


class Orchard:
    """Trees by candidate, read from the store when first asked for; what fits is worked out once a signature.

    The best candidates that it was told of give subtrees to the others. Like a planner, it knows of attempts by `tell`
    alone, so that a resumed run offers the same (law 8).
    """

    def __init__(self, store: RunReader, modules: Modules, *, causal: bool, caps: CostCaps) -> None:
        self._store = store
        self._shelf = Shelf(modules, causal=causal)
        self._causal = causal
        self._caps = caps
        self._trees: RecentlyUsed[int, Tree] = RecentlyUsed(N_TREES)
        self._givers: RecentlyUsed[int, Giver] = RecentlyUsed(N_GIVERS)
        self._offers: RecentlyUsed[OffersFor, TreeOffers] = RecentlyUsed(N_OFFERS)
        self._scores: dict[int, float] = {}
        self._helped: int | None = None
        self._tried: dict[int, set[bytes]] = {}

    def tree(self, candidate_id: int) -> Tree:
        """A candidate's tree."""
        return self._trees.get(candidate_id, lambda: self._store.candidate(candidate_id).tree)

    def tell(self, attempt: Attempt) -> None:
        """Take note of a finished attempt: others may take subtrees from the best, and repeat what helped last."""
        if attempt.improved:
            self._helped = attempt.candidate_id
        if attempt.oriented_score is not None:
            self._scores[attempt.candidate_id] = attempt.oriented_score

    def offers(self, candidate_id: int) -> TreeOffers:
        """The edits possible on a candidate's tree."""
        wanted = candidate_id, self._donors(candidate_id), self._helped
        return self._offers.get(wanted, lambda: self._made(*wanted))

    def _made(self, candidate_id: int, donors: tuple[int, ...], helped: int | None) -> TreeOffers:
        tried = self._tried.setdefault(candidate_id, set())
        tried |= self._way_back(candidate_id)
        return TreeOffers(
            self.tree(candidate_id),
            self._shelf,
            causal=self._causal,
            max_parameters=self._caps.max_parameters,
            max_flops=self._caps.max_flops,
            tried=lambda edit: _digest(edit) in tried,
            donors=[self._giver(donor) for donor in donors],
            example=None if helped is None else self._store.candidate(helped).edit,
        )

    def _donors(self, candidate_id: int) -> tuple[int, ...]:
        """The best other candidates; earlier ones first where scores are equal."""
        others = [one for one in self._scores if one != candidate_id]
        return tuple(sorted(others, key=lambda one: (-self._scores[one], one))[:N_DONORS])

    def _giver(self, candidate_id: int) -> Giver:
        return self._givers.get(candidate_id, lambda: Giver(self.tree(candidate_id)))

    def _way_back(self, candidate_id: int) -> set[bytes]:
        """The edit that leads back to the parent: taking it would only find the parent again."""
        candidate = self._store.candidate(candidate_id)
        if candidate.edit is None or candidate.parent_id is None:
            return set()
        back = inverse(candidate.edit, self.tree(candidate.parent_id))
        return set() if back is None else {_digest(back)}

    def mark_tried(self, candidate_id: int, edit: Edit) -> None:
        """An edit that was proposed is not offered on the same tree again."""
        self._tried.setdefault(candidate_id, set()).add(_digest(edit))


def _digest(edit: Edit) -> bytes:
    """Tells one edit from another. An edit that carries code would be large to remember."""
    return hashlib.blake2b(repr(edit).encode(), digest_size=16).digest()
