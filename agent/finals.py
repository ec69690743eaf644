"""The last comparison: the best candidates and the rootstock, trained anew with the same seeds and recipe.

Where a candidate has genes of its own, the rootstock is trained with its recipe, too: its control. Validation picks the
winner among them; only the winner, its control and the rootstock then meet the sealed test split, once (law 9).
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from safetensors.numpy import load_file

from archgraft.agent.attempt import Attempt
from archgraft.agent.eligibility import Eligibility
from archgraft.agent.genes.fairness import ROOTSTOCK, control_owners
from archgraft.agent.store.records import Candidate, Role
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trainer
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.latency_comparison import TimedModel
from archgraft.evaluator.results import Result, Status

_FIRST_SEED = 1_000  # apart from the search's own seeds, so that no score is met twice

Entry = tuple[Role, int, int]
"""Why, whose recipe, and which seed: one training of the finals."""


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
        owners = control_owners(finalists, self.store.genes())
        self._each(self._train, self._entries("finalist", (ROOTSTOCK, *finalists)))
        self._each(self._train, self._entries("control", sorted(set(owners.values()))))
        phase("how fast they are beside the rootstock")
        for candidate in (ROOTSTOCK, *finalists):  # one after the other: what runs beside would be timed as well
            self._time(candidate)
        for candidate in finalists:
            self._hold_to_limits(candidate)
        winner = self.store.best()
        assert winner is not None, "the rootstock has a score before a search begins"
        phase("the sealed test split is opened, once")
        tested = self._trained("finalist", sorted({ROOTSTOCK, winner.index}))
        controls = self._trained("control", [owners[winner.index]] if winner.index in owners else [])
        self.store.open_test([entry[1:] for entry in tested], [entry[1:] for entry in controls])
        self._each(self._test, [*tested, *controls])
        return winner

    def _entries(self, role: Role, candidates: Iterable[int]) -> list[Entry]:
        return [(role, candidate, seed) for candidate in candidates for seed in self.seeds()]

    def _trained(self, role: Role, candidates: Iterable[int]) -> list[Entry]:
        """Those whose training came to weights."""
        entries = self._entries(role, candidates)
        return [entry for entry in entries if entry[2] in self.store.weights(entry[1], role)]

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

    def _each(self, work: Callable[[Role, int, int], None], entries: Iterable[Entry]) -> None:
        """Run side by side; the first error stops the rest."""
        with ThreadPoolExecutor(self.slots) as pool:
            try:
                for future in [pool.submit(work, *entry) for entry in entries]:
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.trainer.sandbox.close()
                raise

    def _train(self, role: Role, candidate_id: int, seed: int) -> None:
        measured = self._measured(role, candidate_id, seed, "validation")
        if measured is not None and (measured.metrics is None or seed in self.store.weights(candidate_id, role)):
            return
        model = self._model(role, candidate_id)
        trainer = self.trainer.with_genes(self.store.genes().get(candidate_id, {}))
        trained = trainer.train(model.source, model.construct, seed, keep_weights=True)
        if trained.weights is not None:
            self.store.save_weights(candidate_id, seed, trained.weights, role)
        if measured is None:
            self.store.record_measurement(candidate_id, role, trained.result, trained.compute)
        else:
            text = f"the weights of {role} {candidate_id}, seed {seed}, were missing or damaged: trained again"
            self.store.record_event("warning", text)

    def _model(self, role: Role, candidate_id: int) -> Candidate:
        """A control is the rootstock with a candidate's recipe."""
        return self.store.candidate(ROOTSTOCK if role == "control" else candidate_id)

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

    def _test(self, role: Role, candidate_id: int, seed: int) -> None:
        if self._measured(role, candidate_id, seed, "test") is not None:
            return
        model, weights = self._model(role, candidate_id), self.store.weights(candidate_id, role)[seed]
        tested = self.trainer.test(model.source, model.construct, seed, weights)
        self.store.record_measurement(candidate_id, role, tested.result, tested.compute)

    def _measured(self, role: Role, candidate_id: int, seed: int, split: str) -> Result | None:
        found = self.store.measurements(role, split)
        return next((m.result for m in found if (m.candidate_id, m.result.seed) == (candidate_id, seed)), None)


def _score(attempt: Attempt) -> float:
    """On the highest rung that the candidate was trained at; of several seeds where it had them."""
    return attempt.rung_scores[-1] if attempt.oriented_score is None else attempt.oriented_score
