"""Carries out one planned attempt, in a worker thread, and writes down what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from archgraft.agent.attempt import Attempt
from archgraft.agent.descriptor import describe
from archgraft.agent.noise import mean_result, noise_of_gain
from archgraft.agent.orchard import Orchard
from archgraft.agent.store.records import Candidate, Compute, Proposal
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trainer
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.results import Result, Stage, Status
from archgraft.evaluator.tasks.protocol import Metric
from archgraft.tree_ops.identity import tree_hash


class StoppedError(RuntimeError):
    """The search is being stopped; what this attempt came to is not to be believed, and is not recorded."""


@dataclass
class AttemptRunner:
    """Turns a proposal with its answer into a recorded attempt."""

    store: RunStore
    orchard: Orchard
    workshop: Workshop
    trainer: Trainer
    metric: Metric
    noise: float
    """Standard deviation of the rootstock's score over seeds: a gain within the noise of both is no improvement."""
    seeds: Sequence[int]
    stopped: bool = False

    def stop(self) -> None:
        """Kill what runs and record nothing more."""
        self.stopped = True
        self.workshop.sandbox.close()

    def run(self, proposal: Proposal, told: Sequence[Attempt]) -> Attempt:
        """Edit, verify, train, record. `told` are the attempts that the plan was made from."""
        started = time.perf_counter()
        result, candidate, cpu_seconds = self._result(proposal, told)
        wall_seconds = time.perf_counter() - started
        attempt = self._attempt(proposal, told, replace(result, wall_seconds=wall_seconds), candidate)
        self._check_running()
        self.store.record_result(attempt, Compute(wall_seconds, cpu_seconds))
        return attempt

    def _result(self, proposal: Proposal, told: Sequence[Attempt]) -> tuple[Result, Candidate | None, float]:
        plan, answer = proposal.question.plan, proposal.answer
        if answer is None or not plan.options:
            return self._failure(Status.NO_OPTION, Stage.EDIT, plan.reason), None, 0.0
        edit = plan.options[answer.option].edit
        verified = self.workshop.offspring(self.orchard.tree(plan.parent_id), edit)
        if verified.tree is None:
            return self._failure(verified.status, verified.stage, verified.reason), None, verified.cpu_seconds
        candidate = Candidate(
            id=proposal.attempt,
            parent_id=plan.parent_id,
            operator=plan.operator,
            edit=edit,
            tree_hash=tree_hash(verified.tree),
            source=verified.tree.source,
            construct=verified.tree.construct,
            tree=verified.tree,
        )
        twin = self._twin(candidate, told)
        self._check_running()
        self.store.record_candidate(candidate)
        if twin is not None:
            reason = f"the same tree as candidate {twin}"
            return self._failure(Status.DUPLICATE, Stage.VERIFY, reason), candidate, verified.cpu_seconds
        result, cpu_seconds = self._trained(candidate, told[plan.parent_id])
        return result, candidate, verified.cpu_seconds + cpu_seconds

    def _trained(self, candidate: Candidate, parent: Attempt) -> tuple[Result, float]:
        """Train with one seed, and with the others as well while their mean promises a gain.

        The best of many single scores is mostly luck; a mean over seeds that the parent was trained with is not.
        """
        results: list[Result] = []
        cpu_seconds = 0.0
        for seed in self.seeds:
            trained = self.trainer.train(candidate.source, candidate.construct, seed)
            cpu_seconds += trained.compute.cpu_seconds
            results.append(trained.result)
            if not self._promising(results, parent):
                break
        self._check_running()
        if len(results) > 1:
            self._keep(candidate, results)
        return mean_result(results), cpu_seconds

    def _promising(self, results: Sequence[Result], parent: Attempt) -> bool:
        metrics = mean_result(results).metrics
        if metrics is None or parent.oriented_score is None:
            return False
        return self.metric.oriented(metrics.score) > parent.oriented_score

    def _keep(self, candidate: Candidate, results: Sequence[Result]) -> None:
        """Record the scores that a mean was taken of; they are charged with the attempt."""
        known = {m.result.seed for m in self.store.measurements("confirmation") if m.candidate_id == candidate.id}
        for result in results:
            if result.seed not in known:
                self.store.record_measurement(candidate.id, "confirmation", result, Compute())

    def _twin(self, candidate: Candidate, told: Sequence[Attempt]) -> int | None:
        """An earlier candidate with the same tree, among those known when this attempt was planned (law 8)."""
        known = self.store.tree_hashes()
        ids = (attempt.index for attempt in told)
        return next((index for index in ids if known.get(index) == candidate.tree_hash), None)

    def _failure(self, status: Status, stage: Stage, reason: str) -> Result:
        return Result(status, stage, reason, self.workshop.seed, "validation", None, 0.0, self.workshop.sandbox.tier)

    def _attempt(
        self, proposal: Proposal, told: Sequence[Attempt], result: Result, candidate: Candidate | None
    ) -> Attempt:
        plan, answer = proposal.question.plan, proposal.answer
        chosen = plan.options[answer.option] if answer is not None and plan.options else None
        score = self.metric.oriented(result.metrics.score) if result.ok and result.metrics is not None else None
        parent = told[plan.parent_id]
        gain = None if score is None or parent.oriented_score is None else score - parent.oriented_score
        noise = noise_of_gain(self.noise, result.n_seeds, parent.result.n_seeds)
        tree = candidate.tree if candidate is not None else None
        return Attempt(
            index=proposal.attempt,
            parent_id=plan.parent_id,
            operator=chosen.edit.operator if chosen is not None else plan.operator,
            depth_band=chosen.depth_band if chosen is not None else plan.depth_band,
            family=chosen.family if chosen is not None else plan.family,
            result=result,
            oriented_score=score,
            gain=gain,
            improved=gain is not None and gain > noise,
            descriptor=describe(tree, self.workshop.rootstock.tree) if tree is not None else None,
            n_parameters=tree.n_parameters if tree is not None else None,
        )

    def _check_running(self) -> None:
        if self.stopped:
            raise StoppedError("the search is being stopped")
