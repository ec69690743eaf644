"""One job that ends the sandbox stops neither the others nor the whole."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from archgraft.agent.steady_sandbox import SteadySandbox, once_more_when_lost
from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Respond, SandboxError, SandboxLostError, Verdict
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.sandbox.testing import ScriptedSandbox, succeeded


def test_a_job_beside_the_one_at_fault_is_run_again() -> None:
    seen: list[str] = []
    entered = threading.Barrier(2)

    def script(job: Job, _limits: Limits, _respond: Respond | None) -> Outcome:
        is_first = job.label not in seen
        seen.append(job.label)
        if is_first:
            entered.wait(10)  # both run at once, and both are lost
        if is_first or job.label == "killer":
            raise SandboxLostError("the zygote ended")
        return succeeded()

    sandbox = SteadySandbox(ScriptedSandbox(script))
    with ThreadPoolExecutor(2) as pool:
        killer, other = pool.map(lambda name: sandbox.run(Job("m:f", label=name), Limits()), ("killer", "other"))
    assert other.verdict is Verdict.OK
    assert killer.verdict is Verdict.SIGNAL
    assert "ends the sandbox" in killer.reason


def test_a_sandbox_that_does_not_start_again_is_broken() -> None:
    class Broken(ScriptedSandbox):
        @property
        def tier(self) -> str:  # type: ignore[override]
            raise SandboxError("no child came back")

    def script(_job: Job, _limits: Limits, _respond: Respond | None) -> Outcome:
        raise SandboxLostError("the zygote ended")

    with pytest.raises(SandboxError, match="no child came back"):
        SteadySandbox(Broken(script)).run(Job("m:f"), Limits())


def test_a_job_that_asks_is_not_run_again() -> None:
    def script(_job: Job, _limits: Limits, _respond: Respond | None) -> Outcome:
        raise SandboxLostError("the zygote ended")

    inner = ScriptedSandbox(script)
    with pytest.raises(SandboxLostError):
        SteadySandbox(inner).run(Job("m:f"), Limits(), lambda message: message)
    assert len(inner.jobs) == 1


def test_a_job_that_would_kill_its_parent_comes_to_nothing_and_the_next_runs() -> None:
    with LocalSandbox(training=False) as inner:
        sandbox = SteadySandbox(inner)
        killer = sandbox.run(Job("archgraft.sandbox.conformance_jobs:kill_parent"), Limits())
        after = sandbox.run(Job("archgraft.sandbox.conformance_jobs:echo", Message({"n": 1})), Limits())
    assert killer.message is None
    assert after.message is not None
    assert after.message.header == {"n": 1}


def test_work_in_a_dialogue_is_begun_anew_when_its_sandbox_is_killed() -> None:
    """For real: what kills the zygote here comes from outside, as the system does for want of memory."""
    begun: list[str] = []
    with LocalSandbox(training=False) as sandbox:

        def work() -> Outcome:
            begun.append("begun")

            def respond(message: Message) -> Message:
                if len(begun) == 1:
                    zygote, _ = sandbox._holder.get()
                    zygote._process.kill()
                return Message({}, {"value": np.ones(1, np.float32)})

            return sandbox.run(Job("archgraft.sandbox.conformance_jobs:ask_thrice"), Limits(), respond)

        outcome = once_more_when_lost(sandbox, work)
    assert outcome.verdict is Verdict.OK
    assert len(begun) == 2


def test_a_sandbox_that_is_lost_again_is_broken() -> None:
    def lost() -> Outcome:
        raise SandboxLostError("the zygote ended")

    with pytest.raises(SandboxLostError):
        once_more_when_lost(ScriptedSandbox(lambda *_: succeeded()), lost)
