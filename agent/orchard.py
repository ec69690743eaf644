"""The trees of a run, the edits that each still offers, and those that were tried."""

from collections.abc import Sequence

from archgraft.agent.attempt import Attempt
from archgraft.agent.store.reader import RunReader
from archgraft.evaluator.limits import CostCaps
from archgraft.tree_ops.edits import Edit, inverse
from archgraft.tree_ops.offering.crossover import Giver
from archgraft.tree_ops.offers import TreeOffers
from archgraft.tree_ops.shelf import Modules, Shelf
from archgraft.tree_ops.tree import Tree

N_DONORS = 4


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
        self._trees: dict[int, Tree] = {}
        self._givers: dict[int, Giver] = {}
        self._scores: dict[int, float] = {}
        self._helped: int | None = None
        self._offers: dict[int, tuple[object, TreeOffers]] = {}
        self._tried: dict[int, set[str]] = {}

    def tree(self, candidate_id: int) -> Tree:
        """A candidate's tree."""
        if candidate_id not in self._trees:
            self._trees[candidate_id] = self._store.candidate(candidate_id).tree
        return self._trees[candidate_id]

    def tell(self, attempt: Attempt) -> None:
        """Take note of a finished attempt: others may take subtrees from the best, and repeat what helped last."""
        if attempt.improved:
            self._helped = attempt.candidate_id
        if attempt.oriented_score is not None:
            self._scores[attempt.candidate_id] = attempt.oriented_score

    def offers(self, candidate_id: int) -> TreeOffers:
        """The edits possible on a candidate's tree."""
        donors = self._donors(candidate_id)
        known, offers = self._offers.get(candidate_id, (None, None))
        if offers is None or known != (donors, self._helped):
            tried = self._tried.setdefault(candidate_id, set())
            tried |= self._way_back(candidate_id)
            offers = TreeOffers(
                self.tree(candidate_id),
                self._shelf,
                causal=self._causal,
                max_parameters=self._caps.max_parameters,
                max_flops=self._caps.max_flops,
                tried=lambda edit: repr(edit) in tried,
                donors=[self._giver(donor) for donor in donors],
                example=None if self._helped is None else self._store.candidate(self._helped).edit,
            )
            self._offers[candidate_id] = (donors, self._helped), offers
        return offers

    def _donors(self, candidate_id: int) -> Sequence[int]:
        """The best other candidates; earlier ones first where scores are equal."""
        others = [one for one in self._scores if one != candidate_id]
        return sorted(others, key=lambda one: (-self._scores[one], one))[:N_DONORS]

    def _giver(self, candidate_id: int) -> Giver:
        if candidate_id not in self._givers:
            self._givers[candidate_id] = Giver(self.tree(candidate_id))
        return self._givers[candidate_id]

    def _way_back(self, candidate_id: int) -> set[str]:
        """The edit that leads back to the parent: taking it would only find the parent again."""
        candidate = self._store.candidate(candidate_id)
        if candidate.edit is None or candidate.parent_id is None:
            return set()
        back = inverse(candidate.edit, self.tree(candidate.parent_id))
        return set() if back is None else {repr(back)}

    def mark_tried(self, candidate_id: int, edit: Edit) -> None:
        """An edit that was proposed is not offered on the same tree again."""
        self._tried.setdefault(candidate_id, set()).add(repr(edit))
