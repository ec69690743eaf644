"""The search loop: plan, choose, carry out, record, learn, until the budget is spent.

Attempts run side by side, yet the run is the same whatever finishes first (law 8): attempt `i` is planned when exactly
the attempts up to `i - window` have been told to the planner, and all choosing is done here, in order of attempts. What
is written before it is acted on makes a killed run go on as if nothing had happened.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from archgraft.agent.attempt import Attempt
from archgraft.agent.attempt_runner import AttemptRunner
from archgraft.agent.budget import Budget, Spend
from archgraft.agent.choosers.protocol import Answer, Chooser, Question
from archgraft.agent.history import line
from archgraft.agent.orchard import Orchard
from archgraft.agent.planners.protocol import Planner
from archgraft.agent.store.records import Proposal
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.tree_text import summary

N_HISTORY = 8
NO_ANSWER = Answer(option=-1, reason="", chooser="")


@dataclass
class SearchLoop:
    """One search. `on_attempt` hears of each attempt as it is told, in order."""

    store: RunStore
    planner: Planner
    chooser: Chooser
    runner: AttemptRunner
    orchard: Orchard
    budget: Budget
    task_line: str
    seed: int
    slots: int
    on_attempt: Callable[[Attempt], None]
    _told: list[Attempt] = field(default_factory=list)

    def run(self) -> str:
        """Search until the budget is spent. Returns which part of it was spent first."""
        finished = {attempt.index: attempt for attempt in self.store.attempts()}
        proposals = {proposal.attempt: proposal for proposal in self.store.proposals()}
        in_flight: dict[int, Future[Attempt]] = {}
        self._tell(finished[0])
        index = 1
        with ThreadPoolExecutor(self.slots) as pool:
            try:
                while (spent := self._spent(index, proposals)) is None:
                    self._catch_up(index - 2 * self.slots, finished, in_flight)
                    proposal = self._answered(proposals.get(index) or self._propose(index))
                    if index not in finished:
                        in_flight[index] = pool.submit(self.runner.run, proposal, tuple(self._told))
                    index += 1
                self._catch_up(index - 1, finished, in_flight)
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

    def _catch_up(self, last: int, finished: dict[int, Attempt], in_flight: dict[int, Future[Attempt]]) -> None:
        """Tell the planner all attempts up to `last`, waiting for those still in flight."""
        while len(self._told) <= last:
            index = len(self._told)
            self._tell(finished[index] if index in finished else in_flight.pop(index).result())

    def _tell(self, attempt: Attempt) -> None:
        self._told.append(attempt)
        self.planner.tell(attempt)
        self.orchard.tell(attempt)
        self.on_attempt(attempt)

    def _propose(self, index: int) -> Proposal:
        plan = self.planner.ask(self.orchard.offers, np.random.default_rng([self.seed, index, 0]))
        question = Question(
            attempt=index,
            plan=plan,
            parent_summary=summary(self.orchard.tree(plan.parent_id)),
            history=tuple(line(attempt) for attempt in self._told[-N_HISTORY:]),
            task=self.task_line,
        )
        self.store.record_proposal(question)
        return Proposal(question, None)

    def _answered(self, proposal: Proposal) -> Proposal:
        """The proposal with an answer: the stored one, or the chooser's."""
        plan, answer = proposal.question.plan, proposal.answer
        if answer is None:
            generator = np.random.default_rng([self.seed, proposal.attempt, 1])
            answer = self.chooser.choose(proposal.question, generator) if plan.options else NO_ANSWER
            self.store.record_answer(proposal.attempt, answer)
        if plan.options:
            self.orchard.mark_tried(plan.parent_id, plan.options[answer.option].edit)
        return Proposal(proposal.question, answer)


def spent(store: RunStore, n_attempts: int) -> Spend:
    """What a run has spent so far, in the budget's terms."""
    total = store.spend()
    return Spend(n_attempts, store.elapsed_seconds() / 60, total.gpu_seconds / 3600, total.usd)
