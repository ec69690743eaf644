import pytest

from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Respond, Sandbox, Verdict
from archgraft.sandbox.testing import ScriptedSandbox, failed, succeeded


def test_outcomes_come_in_order_and_jobs_are_kept() -> None:
    scripted = ScriptedSandbox([succeeded(Message({"n": 1})), failed(Verdict.TIMEOUT_WALL, "too long")])
    sandbox: Sandbox = scripted
    first, second = (sandbox.run(Job(f"m:{name}"), Limits()) for name in "ab")
    assert first.message is not None
    assert first.message.header == {"n": 1}
    assert (second.verdict, second.reason, second.message) == (Verdict.TIMEOUT_WALL, "too long", None)
    assert [job.entry for job in scripted.jobs] == ["m:a", "m:b"]


def test_a_script_that_has_run_out_says_so() -> None:
    with pytest.raises(AssertionError, match="no outcome left for m:a"):
        ScriptedSandbox([]).run(Job("m:a"), Limits())


def test_a_function_can_play_the_childs_questions() -> None:
    def script(job: Job, limits: Limits, respond: Respond | None) -> Outcome:
        assert respond is not None
        return succeeded(respond(Message({"question": job.entry})))

    outcome = ScriptedSandbox(script).run(
        Job("m:a"), Limits(), lambda message: Message({"saw": message.header["question"]})
    )
    assert outcome.message == Message({"saw": "m:a"})
