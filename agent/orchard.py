"""The trees of a run, the edits that each still offers, and those that were tried."""

from archgraft.agent.store.reader import RunReader
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.offers import Modules, TreeOffers
from archgraft.tree_ops.tree import Tree


class Orchard:
    """Trees by candidate, read from the store when first asked for; fits are worked out once a tree."""

    def __init__(self, store: RunReader, modules: Modules, *, causal: bool, max_parameters: int) -> None:
        self._store = store
        self._modules = modules
        self._causal = causal
        self._max_parameters = max_parameters
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
            self._offers[candidate_id] = TreeOffers(
                self.tree(candidate_id),
                self._modules,
                causal=self._causal,
                max_parameters=self._max_parameters,
                tried=lambda edit: repr(edit) in tried,
            )
        return self._offers[candidate_id]

    def mark_tried(self, candidate_id: int, edit: Edit) -> None:
        """An edit that was proposed is not offered on the same tree again."""
        self._tried.setdefault(candidate_id, set()).add(repr(edit))
