"""A sandbox that runs nothing: the tests of other rooms script what it answers."""

from collections.abc import Callable, Iterable, Iterator

from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Respond, Verdict

TIER = "scripted"
Script = Callable[[Job, Limits, Respond | None], Outcome]


def succeeded(message: Message | None = None, wall_seconds: float = 0.1) -> Outcome:
    """An outcome of a job that went well."""
    return Outcome(Verdict.OK, "", message or Message(), wall_seconds, wall_seconds, 0, TIER)


def failed(verdict: Verdict = Verdict.RUNTIME_ERROR, reason: str = "ValueError: scripted", log: str = "") -> Outcome:
    """An outcome of a job that went wrong."""
    return Outcome(verdict, reason, None, 0.1, 0.1, 0, TIER, log)


class ScriptedSandbox:
    """Gives the outcomes of a list in order, or those of a function; `jobs` holds what it was asked to run.

    A function may call `respond` to play the child's questions, and may raise `SandboxError`. A list that has run out
    raises `AssertionError`: the test foresaw fewer jobs.
    """

    tier = TIER

    def __init__(self, script: Iterable[Outcome] | Script) -> None:
        self.jobs: list[Job] = []
        self.closed = False
        self._script: Script = script if callable(script) else _in_order(iter(script))

    def run(self, job: Job, limits: Limits, respond: Respond | None = None) -> Outcome:
        """The next scripted outcome."""
        self.jobs.append(job)
        return self._script(job, limits, respond)

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


def _in_order(outcomes: Iterator[Outcome]) -> Script:
    def script(job: Job, limits: Limits, respond: Respond | None) -> Outcome:  # noqa: ARG001 - a script's signature
        outcome = next(outcomes, None)
        if outcome is None:
            raise AssertionError(f"the script has no outcome left for {job.label or job.entry}")
        return outcome

    return script
