"""The trees of a run, the edits that each still offers, and those that were tried."""

from archgraft.agent.store.reader import RunReader
from archgraft.evaluator.limits import CostCaps
from archgraft.tree_ops.edits import Edit, inverse
from archgraft.tree_ops.offers import Modules, TreeOffers
from archgraft.tree_ops.tree import Tree


class Orchard:
    """Trees by candidate, read from the store when first asked for; fits are worked out once a tree."""

    def __init__(self, store: RunReader, modules: Modules, *, causal: bool, caps: CostCaps) -> None:
        self._store = store
        self._modules = modules
        self._causal = causal
        self._caps = caps
        self._trees: dict[int, Tree] = {}
        self._offers: dict[int, TreeOffers] = {}
        self._tried: dict[int, set[str]] = {}

    def tree(self, candidate_id: int) -> Tree:
        """A candidate's tree."""
        if candidate_id not in self._trees:
            self._trees[candidate_id] = self._store.candidate(candidate_id).tree
        return self._trees[candidate_id]

    def offers(self, candidate_id: int) -> TreeOffers:
        """The edits possible on a candidate's tree."""
        if candidate_id not in self._offers:
            tried = self._tried.setdefault(candidate_id, set())
            tried |= self._way_back(candidate_id)
            self._offers[candidate_id] = TreeOffers(
                self.tree(candidate_id),
                self._modules,
                causal=self._causal,
                max_parameters=self._caps.max_parameters,
                max_flops=self._caps.max_flops,
                tried=lambda edit: repr(edit) in tried,
            )
        return self._offers[candidate_id]

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
