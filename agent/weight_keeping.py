"""The trained weights that a search keeps for children to inherit: whose, how many, and for how long.

Who is kept follows from what was told alone, so that a resumed run inherits the same (law 8): the best candidates as
far as the cap reaches, counted from the best down. Who falls behind never comes back, as others only push further. A
file goes only when no attempt that is still in flight can have been planned with it.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from safetensors.numpy import load_file

from archgraft.agent.attempt import Attempt
from archgraft.agent.store.run_store import RunStore
from archgraft.evaluator.evaluate import Arrays
from archgraft.evaluator.trained_state import state_bytes, state_fault
from archgraft.tree_ops.tree import Tree


@dataclass
class WeightKeeper:
    """Keeps and drops trained weights in a run's folder, `max_bytes` of them beside what is in flight."""

    store: RunStore
    max_bytes: int
    n_slots: int
    _kept: dict[int, Attempt] = field(default_factory=dict)
    _dropped: deque[tuple[int, int]] = field(default_factory=deque)
    """Candidates whose files are to go, each with how many had been told by then."""
    _n_told: int = 0

    def wants(self, tree: Tree) -> bool:
        """Whether a model is small enough for its weights to be kept."""
        return state_bytes(tree) <= self.max_bytes

    def keep(self, candidate_id: int, tree: Tree, states: Mapping[int, Arrays]) -> int:
        """Write the states, by seed, that are the tree's own. Returns the bytes of all files of the candidate."""
        for seed, state in states.items():
            if fault := state_fault(tree, state):
                text = f"the weights of candidate {candidate_id}, seed {seed}, are not kept: {fault}"
                self.store.record_event("weights", text)
            else:
                self.store.save_weights(candidate_id, seed, state, "search")
        return sum(path.stat().st_size for path in self.store.weights(candidate_id, "search").values())

    def load(self, candidate_id: int, seed: int) -> Arrays | None:
        """What a candidate was trained to; None where the file is gone or damaged."""
        path = self.store.weights(candidate_id, "search").get(seed)
        return None if path is None else load_file(path)

    def holders(self, told: Iterable[Attempt]) -> set[int]:
        """The candidates that children may inherit from, as far as is known from these attempts."""
        holding = [attempt for attempt in told if attempt.weights_bytes and attempt.oriented_score is not None]
        found, n_bytes = set(), 0
        for attempt in sorted(holding, key=lambda one: (-(one.oriented_score or 0.0), one.index)):
            n_bytes += attempt.weights_bytes
            if n_bytes > self.max_bytes:
                break
            found.add(attempt.candidate_id)
        return found

    def tell(self, attempt: Attempt) -> None:
        """Take note of an attempt, and remove the files that nobody will ask for any more."""
        self._n_told += 1
        if attempt.weights_bytes:
            self._kept[attempt.index] = attempt
            left = self._kept.keys() - self.holders(self._kept.values())
            self._dropped += [(self._n_told, candidate) for candidate in sorted(left)]
            self._kept = {index: one for index, one in self._kept.items() if index not in left}
        # At most 2 * slots steps are in flight, each of an attempt and a promotion (agent/loop.py).
        while self._dropped and self._n_told - self._dropped[0][0] >= 4 * self.n_slots:
            self.store.drop_search_weights(self._dropped.popleft()[1])
