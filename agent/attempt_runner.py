"""Carries out one planned attempt, or a promotion, in a worker thread, and writes down what came of it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from archgraft.agent.attempt import Attempt
from archgraft.agent.descriptor import describe
from archgraft.agent.genes.space import Genes
from archgraft.agent.heritage import Account, Nursery
from archgraft.agent.ladder import Promotion
from archgraft.agent.orchard import Orchard
from archgraft.agent.scoring import Scored, Scoring, Standing
from archgraft.agent.screening import Entrant, Screen
from archgraft.agent.store.records import Candidate, Compute, Proposal
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.results import Passage, Result, Stage, StageRecord, Status, joined
from archgraft.sandbox.metered import Metered
from archgraft.tree_ops.identity import tree_hash
from archgraft.tree_ops.tree import Tree


@dataclass
class _Course:
    """How far an attempt came, and what that cost."""

    stages: tuple[StageRecord, ...] = ()
    cpu_seconds: float = 0.0
    tree: Tree | None = None
    proxy_scores: Mapping[str, float] = field(default_factory=dict)
    weights_bytes: int = 0
    control_seconds: float = 0.0
    """Of wall-clock time, for controls: they are charged apart."""


class StoppedError(RuntimeError):
    """The search is being stopped; what this attempt came to is not to be believed, and is not recorded."""


@dataclass
class AttemptRunner:
    """Turns a proposal with its answer into a recorded attempt."""

    store: RunStore
    orchard: Orchard
    workshop: Workshop
    scoring: Scoring
    screens: Sequence[Screen] = ()
    """What a verified candidate must pass before it is trained, the cheapest first."""
    nursery: Nursery | None = None
    """Where candidates inherit weights; without it all start from scratch, and no weights are kept."""
    stopped: bool = False

    def stop(self) -> None:
        """Kill what runs and record nothing more."""
        self.stopped = True
        self.workshop.sandbox.close()

    def run(self, proposal: Proposal, told: Sequence[Attempt]) -> Attempt:
        """Edit, verify, screen, train on the lowest rung, record. `told` are the attempts that the plan came from."""
        started, course = time.perf_counter(), _Course()
        standing = self._standing(proposal, told, course)
        wall_seconds = time.perf_counter() - started - course.control_seconds
        stages = joined((course.stages, standing.result.stages))
        standing = replace(standing, result=replace(standing.result, wall_seconds=wall_seconds, stages=stages))
        attempt = self._attempt(proposal, standing, course)
        self._check_running()
        self.store.record_result(attempt, Compute(wall_seconds, course.cpu_seconds))
        return attempt

    def promote(self, promotion: Promotion, told: Sequence[Attempt]) -> Attempt:
        """Train a candidate on a higher rung and record how its attempt stands then."""
        started, course = time.perf_counter(), _Course()
        attempt = told[promotion.candidate_id]
        standing = self._trained(
            self.store.candidate(promotion.candidate_id),
            promotion.rung,
            told,
            attempt.genes,
            course,
            attempt.rung_scores,
        )
        wall_seconds = time.perf_counter() - started - course.control_seconds
        promoted = replace(
            attempt,
            result=replace(standing.result, wall_seconds=wall_seconds),
            oriented_score=standing.oriented_score,
            gain=standing.gain,
            improved=standing.improved,
            rung_scores=standing.rung_scores,
            weights_bytes=course.weights_bytes,
        )
        self.store.record_promotion(promotion, promoted, Compute(wall_seconds, course.cpu_seconds))
        return promoted

    def _standing(self, proposal: Proposal, told: Sequence[Attempt], course: _Course) -> Standing:
        plan, answer = proposal.question.plan, proposal.answer
        if answer is None or not plan.options:
            return self._failure(Status.NO_OPTION, Stage.EDIT, plan.reason)
        started = time.perf_counter()
        edit = plan.options[answer.option].edit
        verified = self.workshop.offspring(self.orchard.tree(plan.parent_id), edit)
        seconds = time.perf_counter() - started
        course.cpu_seconds, course.tree = verified.cpu_seconds, verified.tree
        if verified.tree is None:
            course.stages = _stages(verified.stage, seconds, verified.reason)
            return self._failure(verified.status, verified.stage, verified.reason)
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
            course.stages = _stages(Stage.VERIFY, seconds, reason)
            return self._failure(Status.DUPLICATE, Stage.VERIFY, reason)
        course.stages = _stages(Stage.GATES, seconds)
        return self._screened(candidate, told, course) or self._trained(candidate, 0, told, proposal.genes, course)

    def _screened(self, candidate: Candidate, told: Sequence[Attempt], course: _Course) -> Standing | None:
        """The standing of a candidate that a screen rejected, or None."""
        for screen in self.screens:
            screened = screen(Entrant(_source(candidate), candidate.id, told))
            course.cpu_seconds += screened.cpu_seconds
            course.stages = joined((course.stages, (screened.record,)))
            course.proxy_scores = {**course.proxy_scores, **screened.proxy_scores}
            if screened.status is not Status.OK:
                return self._failure(screened.status, screened.record.stage, screened.record.reason)
        return None

    def _trained(
        self,
        candidate: Candidate,
        rung: int,
        told: Sequence[Attempt],
        genes: Genes,
        course: _Course,
        below: tuple[float, ...] = (),
    ) -> Standing:
        """The standing after a training on a rung, when the scores on those under it were `below`."""
        assert candidate.parent_id is not None, "the rootstock was on every rung from the start"
        source, parent = _source(candidate), told[candidate.parent_id]
        if self.nursery is None or rung < self.scoring.top:
            scored = self.scoring.train(source, candidate.id, rung, parent, genes)
        else:
            account, keeper = Account(Metered(self.workshop.sandbox), self._check_running), self.nursery.keeper
            heritage = self.nursery.heritage(candidate, genes, told, account)
            keeps = keeper.wants(candidate.tree)
            scored = self.scoring.train(source, candidate.id, rung, parent, genes, heritage, keep_weights=keeps)
            self._check_running()
            course.weights_bytes = keeper.keep(candidate.id, candidate.tree, scored.weights)
            course.cpu_seconds += account.sandbox.cpu_seconds
            course.control_seconds = account.control_seconds
        self._check_running()
        self._keep(candidate, scored)
        course.cpu_seconds += scored.cpu_seconds
        return self.scoring.standing(scored, candidate.parent_id, told, below)

    def _keep(self, candidate: Candidate, scored: Scored) -> None:
        """Record the scores that a mean was taken of; they are charged with the attempt."""
        if len(scored.results) == 1:
            return
        known = {m.result.seed for m in self.store.measurements("confirmation") if m.candidate_id == candidate.id}
        for result in scored.results:
            if result.seed not in known:
                self.store.record_measurement(candidate.id, "confirmation", result, Compute())

    def _twin(self, candidate: Candidate, told: Sequence[Attempt]) -> int | None:
        """An earlier candidate with the same tree, whatever its genes, among those known when this was planned."""
        known = self.store.tree_hashes()
        ids = (attempt.index for attempt in told)
        return next((index for index in ids if known.get(index) == candidate.tree_hash), None)

    def _failure(self, status: Status, stage: Stage, reason: str) -> Standing:
        seed, tier = self.workshop.seed, self.workshop.sandbox.tier
        result = Result(status, stage, reason, seed, "validation", None, 0.0, tier)
        return Standing(result, None, None, improved=False, rung_scores=())

    def _attempt(self, proposal: Proposal, standing: Standing, course: _Course) -> Attempt:
        tree, plan, answer = course.tree, proposal.question.plan, proposal.answer
        chosen = plan.options[answer.option] if answer is not None and plan.options else None
        return Attempt(
            index=proposal.attempt,
            parent_id=plan.parent_id,
            operator=chosen.edit.operator if chosen is not None else plan.operator,
            depth_band=chosen.depth_band if chosen is not None else plan.depth_band,
            family=chosen.family if chosen is not None else plan.family,
            result=standing.result,
            oriented_score=standing.oriented_score,
            gain=standing.gain,
            improved=standing.improved,
            descriptor=describe(tree, self.workshop.rootstock.tree) if tree is not None else None,
            n_parameters=tree.n_parameters if tree is not None else None,
            rung_scores=standing.rung_scores,
            weights_bytes=course.weights_bytes,
            proxy_scores=course.proxy_scores,
            genes=proposal.genes,
        )

    def _check_running(self) -> None:
        if self.stopped:
            raise StoppedError("the search is being stopped")


def _source(candidate: Candidate) -> CandidateSource:
    return CandidateSource(candidate.source, candidate.construct)


def _stages(last: Stage, verify_seconds: float, fault: str = "") -> tuple[StageRecord, ...]:
    """What comes before a training: the stages up to the last, which rejected the candidate if there is a fault.

    Editing, printing and rebuilding are one stage here: nobody else could tell where one ends. Counting costs nothing.
    """
    passage = Passage.REJECTED if fault else Passage.PASSED
    if last is Stage.GATES:
        return StageRecord(Stage.VERIFY, Passage.PASSED, verify_seconds), StageRecord(last, passage, 0.0, fault)
    return (StageRecord(Stage.VERIFY, passage, verify_seconds, fault),)
