"""The last comparison: the best candidates and the rootstock, trained anew with the same seeds and recipe.

Validation picks the winner among them; only the winner and the rootstock then meet the sealed test split, once (law 9).
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from safetensors.numpy import load_file

from archgraft.agent.attempt import Attempt
from archgraft.agent.eligibility import Eligibility
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trainer
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.latency_comparison import TimedModel
from archgraft.evaluator.results import Result, Status

ROOTSTOCK = 0
_FIRST_SEED = 1_000  # apart from the search's own seeds, so that no score is met twice


@dataclass
class Finals:
    """Trains finalists and opens the test split. A resumed run goes on where it stopped."""

    store: RunStore
    trainer: Trainer
    eligibility: Eligibility
    n_finalists: int
    n_seeds: int
    seed: int
    slots: int

    def run(self, phase: Callable[[str], None]) -> Attempt:
        """Returns the winner's attempt; it is the rootstock's when nothing that may be returned beat it."""
        finalists = self.finalists()
        phase(f"finals: {len(finalists)} candidates and the rootstock, {self.n_seeds} seeds each")
        self._each(self._train, [(candidate, seed) for candidate in (ROOTSTOCK, *finalists) for seed in self.seeds()])
        phase("how fast they are beside the rootstock")
        for candidate in (ROOTSTOCK, *finalists):  # one after the other: what runs beside would be timed as well
            self._time(candidate)
        for candidate in finalists:
            self._hold_to_limits(candidate)
        winner = self.store.best()
        assert winner is not None, "the rootstock has a score before a search begins"
        phase("the sealed test split is opened, once")
        pairs = [(candidate, seed) for candidate in sorted({ROOTSTOCK, winner.index}) for seed in self.seeds()]
        pairs = [(candidate, seed) for candidate, seed in pairs if seed in self.store.weights(candidate)]
        self.store.open_test(pairs)
        self._each(self._test, pairs)
        return winner

    def seeds(self) -> range:
        """The seeds of the last comparison, the same for all."""
        first = _FIRST_SEED * (self.seed + 1)
        return range(first, first + self.n_seeds)

    def finalists(self) -> list[int]:
        """The candidates with the best scores on the highest rung, then those below; ties go to the earlier one."""
        run_well = (Status.OK, Status.NOT_PROMOTED)
        scored = [a for a in self.store.attempts() if a.index != ROOTSTOCK and a.status in run_well]
        scored.sort(key=lambda attempt: (-attempt.result.rung, -_score(attempt), attempt.index))
        return [attempt.index for attempt in scored[: self.n_finalists]]

    def _each(self, work: Callable[[int, int], None], pairs: Iterable[tuple[int, int]]) -> None:
        """Run side by side; the first error stops the rest."""
        with ThreadPoolExecutor(self.slots) as pool:
            try:
                for future in [pool.submit(work, candidate, seed) for candidate, seed in pairs]:
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.trainer.sandbox.close()
                raise

    def _train(self, candidate_id: int, seed: int) -> None:
        measured = self._measured(candidate_id, seed, "validation")
        if measured is not None and (measured.metrics is None or seed in self.store.weights(candidate_id)):
            return
        candidate = self.store.candidate(candidate_id)
        trained = self.trainer.train(candidate.source, candidate.construct, seed, keep_weights=True)
        if trained.weights is not None:
            self.store.save_weights(candidate_id, seed, trained.weights)
        if measured is None:
            self.store.record_measurement(candidate_id, "finalist", trained.result, trained.compute)
        else:
            text = f"the weights of candidate {candidate_id}, seed {seed}, were missing or damaged: trained again"
            self.store.record_event("warning", text)

    def _time(self, candidate_id: int) -> None:
        if candidate_id in self.store.latencies():
            return
        compared, compute = self.trainer.time(self._timed(candidate_id), self._timed(ROOTSTOCK), self.seed)
        self.store.record_latency(candidate_id, compared, compute)

    def _hold_to_limits(self, candidate_id: int) -> None:
        """Exclude what breaks a hard limit: no such candidate is returned."""
        timed = self._timed(candidate_id)
        candidate, comparisons = self.store.candidate(candidate_id), self.store.latencies().get(candidate_id, ())
        refusal = self.eligibility.refusal(candidate, timed.weights, comparisons)
        if refusal:
            self.store.exclude(candidate_id, refusal)

    def _timed(self, candidate_id: int) -> TimedModel:
        """With the weights of its first training that went well, if any did."""
        candidate = self.store.candidate(candidate_id)
        weights = self.store.weights(candidate_id)
        source = CandidateSource(candidate.source, candidate.construct)
        return TimedModel(source, load_file(weights[min(weights)]) if weights else {})

    def _test(self, candidate_id: int, seed: int) -> None:
        if self._measured(candidate_id, seed, "test") is not None:
            return
        candidate = self.store.candidate(candidate_id)
        tested = self.trainer.test(candidate.source, candidate.construct, seed, self.store.weights(candidate_id)[seed])
        self.store.record_measurement(candidate_id, "finalist", tested.result, tested.compute)

    def _measured(self, candidate_id: int, seed: int, split: str) -> Result | None:
        found = self.store.measurements("finalist", split)
        return next((m.result for m in found if (m.candidate_id, m.result.seed) == (candidate_id, seed)), None)


def _score(attempt: Attempt) -> float:
    """On the highest rung that the candidate was trained at; of several seeds where it had them."""
    return attempt.rung_scores[-1] if attempt.oriented_score is None else attempt.oriented_score
