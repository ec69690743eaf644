"""What a sandbox verdict means for a candidate."""

from archgraft.evaluator.results import Status
from archgraft.sandbox.protocol import Outcome, Verdict

_STATUS = {
    Verdict.OK: Status.OK,
    Verdict.TIMEOUT_WALL: Status.TIMEOUT,
    Verdict.TIMEOUT_CPU: Status.TIMEOUT,
    Verdict.OUT_OF_MEMORY: Status.OUT_OF_MEMORY,
    Verdict.NONFINITE: Status.NONFINITE,
}


def status_of(outcome: Outcome) -> Status:
    """The candidate's status; whatever has no kind of its own is a crash."""
    return _STATUS.get(outcome.verdict, Status.CRASH)
