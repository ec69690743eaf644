"""How the best candidate came about: one step per edit, each with its diff and its reason."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from archgraft.agent.attempt import Attempt
from archgraft.agent.store.reader import RunReader
from archgraft.agent.store.records import Proposal

FOLD_ABOVE = 40
"""A diff of more lines starts folded."""
N_OPEN = 6
"""In a longer lineage only the last diffs start open."""

LineKind = Literal["added", "removed", "context", "gap"]


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a diff; a gap stands for lines left out."""

    kind: LineKind
    old: int | None
    new: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """One edit on the way from the rootstock to the best candidate."""

    attempt: Attempt
    label: str
    plan_reason: str
    answer_reason: str
    chooser: str
    lines: tuple[DiffLine, ...]
    n_added: int
    n_removed: int
    folded: bool


def lineage(run: RunReader, candidate_id: int) -> list[Step]:
    """The steps from the rootstock to a candidate, oldest first; empty for the rootstock itself."""
    attempts = {attempt.index: attempt for attempt in run.attempts()}
    proposals = {proposal.attempt: proposal for proposal in run.proposals()}
    steps: list[Step] = []
    attempt = attempts[candidate_id]
    while attempt.parent_id is not None:
        before, after = run.candidate(attempt.parent_id).source, run.candidate(attempt.index).source
        lines = diff(before, after)
        folded = len(lines) > FOLD_ABOVE or len(steps) >= N_OPEN
        steps.insert(0, _step(attempt, proposals.get(attempt.index), lines, folded))
        attempt = attempts[attempt.parent_id]
    return steps


def _step(attempt: Attempt, proposal: Proposal | None, lines: tuple[DiffLine, ...], folded: bool) -> Step:
    plan = proposal.question.plan if proposal is not None else None
    answer = proposal.answer if proposal is not None else None
    option = plan.options[answer.option] if plan is not None and answer is not None else None
    return Step(
        attempt=attempt,
        label=option.label if option is not None else f"{attempt.operator} {attempt.family}",
        plan_reason=plan.reason if plan is not None else "",
        answer_reason=answer.reason if answer is not None else "",
        chooser=answer.chooser if answer is not None else "",
        lines=lines,
        n_added=sum(line.kind == "added" for line in lines),
        n_removed=sum(line.kind == "removed" for line in lines),
        folded=folded,
    )


def diff(before: str, after: str, n_context: int = 3) -> tuple[DiffLine, ...]:
    """The lines that changed, with their neighbours and their numbers on both sides."""
    old, new = before.splitlines(), after.splitlines()
    lines: list[DiffLine] = []
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(n_context):
        if lines:
            lines.append(DiffLine("gap", None, None, ""))
        for tag, i, i_end, j, j_end in group:
            lines += _changed(tag, old[i:i_end], new[j:j_end], i, j)
    return tuple(lines)


def _changed(tag: str, old: Sequence[str], new: Sequence[str], i: int, j: int) -> list[DiffLine]:
    if tag == "equal":
        return [DiffLine("context", i + n + 1, j + n + 1, text) for n, text in enumerate(old)]
    removed = [DiffLine("removed", i + n + 1, None, text) for n, text in enumerate(old)]
    return removed + [DiffLine("added", None, j + n + 1, text) for n, text in enumerate(new)]
