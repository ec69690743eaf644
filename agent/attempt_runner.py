"""Carries out one planned attempt, in a worker thread, and writes down what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from archgraft.agent.attempt import Attempt
from archgraft.agent.descriptor import describe
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
    """Standard deviation of the rootstock's score over seeds: a gain within it is no improvement."""
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
        trained = self.trainer.train(candidate.source, candidate.construct, self.workshop.seed)
        return trained.result, candidate, verified.cpu_seconds + trained.compute.cpu_seconds

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
        parent_score = told[plan.parent_id].oriented_score
        gain = None if score is None or parent_score is None else score - parent_score
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
            improved=gain is not None and gain > self.noise,
            descriptor=describe(tree, self.workshop.rootstock.tree) if tree is not None else None,
            n_parameters=tree.n_parameters if tree is not None else None,
        )

    def _check_running(self) -> None:
        if self.stopped:
            raise StoppedError("the search is being stopped")
