"""The search loop: plan, choose, carry out, record, learn, until the budget is spent.

Attempts run side by side, yet the run is the same whatever finishes first (law 8): in step `i` attempt `i` is planned,
when exactly the steps up to `i - window` have been told to the planner, and all choosing is done here, in order of
attempts. What is written before it is acted on makes a killed run go on as if nothing had happened.

A step may also promote a candidate to a higher rung; when no trials are left, steps that do nothing else follow, until
nobody is due. Promotions need no plan on disk: who is due follows from what was told.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.agent.attempt_runner import AttemptRunner
from archgraft.agent.budget import Budget, Spend
from archgraft.agent.choosers.protocol import Answer, Chooser, Question
from archgraft.agent.genes.pool import GenePool
from archgraft.agent.history import line
from archgraft.agent.ladder import Ladder, Promotion
from archgraft.agent.orchard import Orchard
from archgraft.agent.planners.protocol import Planner
from archgraft.agent.store.records import Proposal
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.tree_text import summary

N_HISTORY = 8
_PLANNING, _CHOOSING = 0, 1
"""Random streams of an attempt; agent/ladder.py, scoring.py, proxies.py and genes/pool.py have others."""
NO_ANSWER = Answer(option=-1, reason="", chooser="")


@dataclass
class SearchLoop:
    """One search. `on_attempt` hears of each attempt as it is told, in order."""

    store: RunStore
    planner: Planner
    chooser: Chooser
    runner: AttemptRunner
    orchard: Orchard
    ladder: Ladder
    genes: GenePool
    budget: Budget
    task_line: str
    seed: int
    slots: int
    on_attempt: Callable[[Attempt], None]
    _told: list[Attempt] = field(default_factory=list)
    """The attempts that were told, by index, as they stand after the promotions that were told."""
    _steps: deque[list[Future[Attempt]]] = field(default_factory=deque)
    """The steps that were not told yet, the oldest first."""
    _finished: dict[int, Attempt] = field(default_factory=dict)
    _promoted: dict[Promotion, Attempt] = field(default_factory=dict)
    """What earlier sessions of the run came to."""

    def run(self) -> str:
        """Search until the budget is spent. Returns which part of it was spent first."""
        self._finished = {attempt.index: attempt for attempt in self.store.first_attempts()}
        self._promoted = {one.promotion: one.attempt for one in self.store.promotions()}
        proposals = {proposal.attempt: proposal for proposal in self.store.proposals()}
        self._tell(self._finished[0])
        index = 1
        with ThreadPoolExecutor(self.slots) as pool:
            try:
                while (spent := self._spent(index, proposals)) is None:
                    self._catch_up(2 * self.slots - 1)
                    step = self._promotion(pool)
                    proposal = self._answered(proposals.get(index) or self._propose(index))
                    step.append(self._attempt(proposal, pool))
                    self._steps.append(step)
                    index += 1
                self._promote_the_rest(pool)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self.runner.stop()
                raise
        return spent

    def _spent(self, index: int, proposals: dict[int, Proposal]) -> str | None:
        """Why no further attempt may be planned. One that was planned before a kill is always taken up again."""
        if index in proposals:
            return None
        return self.budget.exhausted(spent(self.store, index - 1))

    def _promote_the_rest(self, pool: ThreadPoolExecutor) -> None:
        """Promote whoever is due still, while time and money last, and tell all that is in flight."""
        while True:
            self._catch_up(2 * self.slots - 1)
            step = [] if self.budget.exhausted(spent(self.store, 0)) else self._promotion(pool)
            if step:
                self._steps.append(step)
            elif self._steps:
                self._catch_up(len(self._steps) - 1)
            else:
                return

    def _promotion(self, pool: ThreadPoolExecutor) -> list[Future[Attempt]]:
        """At most one promotion, running or done."""
        promotion = self.ladder.next_promotion()
        if promotion is None:
            return []
        if promotion in self._promoted:
            return [_done(self._promoted[promotion])]
        return [pool.submit(self.runner.promote, promotion, tuple(self._told))]

    def _attempt(self, proposal: Proposal, pool: ThreadPoolExecutor) -> Future[Attempt]:
        if proposal.attempt in self._finished:
            return _done(self._finished[proposal.attempt])
        return pool.submit(self.runner.run, proposal, tuple(self._told))

    def _catch_up(self, n_left: int) -> None:
        """Tell the planner all steps but the last so many, waiting for those still in flight."""
        while len(self._steps) > n_left:
            for future in self._steps.popleft():
                self._tell(future.result())

    def _tell(self, attempt: Attempt) -> None:
        if attempt.index < len(self._told):
            self._told[attempt.index] = attempt
        else:
            self._told.append(attempt)
        self.planner.tell(attempt)
        self.orchard.tell(attempt)
        self.ladder.tell(attempt)
        self.genes.tell(attempt)
        self.on_attempt(attempt)

    def _propose(self, index: int) -> Proposal:
        plan = self.planner.ask(self.orchard.offers, np.random.default_rng([self.seed, index, _PLANNING]))
        question = Question(
            attempt=index,
            plan=plan,
            parent_summary=summary(self.orchard.tree(plan.parent_id)),
            history=tuple(line(attempt) for attempt in self._told[-N_HISTORY:]),
            task=self.task_line,
        )
        genes = self.genes.suggest(index, plan.parent_id) if plan.options else {}
        self.store.record_proposal(question, genes)
        return Proposal(question, None, genes)

    def _answered(self, proposal: Proposal) -> Proposal:
        """The proposal with an answer: the stored one, or the chooser's."""
        plan, answer = proposal.question.plan, proposal.answer
        if answer is None:
            generator = np.random.default_rng([self.seed, proposal.attempt, _CHOOSING])
            answer = self.chooser.choose(proposal.question, generator) if plan.options else NO_ANSWER
            self.store.record_answer(proposal.attempt, answer)
        if plan.options:
            self.orchard.mark_tried(plan.parent_id, plan.options[answer.option].edit)
        return replace(proposal, answer=answer)


def _done(attempt: Attempt) -> Future[Attempt]:
    """What an earlier session of the run finished."""
    future: Future[Attempt] = Future()
    future.set_result(attempt)
    return future


def spent(store: RunStore, n_attempts: int) -> Spend:
    """What a run has spent so far, in the budget's terms."""
    total = store.spend()
    return Spend(n_attempts, store.elapsed_seconds() / 60, total.gpu_seconds / 3600, total.usd)
