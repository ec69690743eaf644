"""What every sandbox must do, whatever isolates its jobs. `CHECKS` take a sandbox, `FACTORY_CHECKS` what makes one.

A new tier runs the suite in its tests:

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_conforms(sandbox: Sandbox, check: Check) -> None:
        check(sandbox)

Each check raises `AssertionError` with the outcome that it got. They need Linux's /proc.
"""

# ruff: noqa: D103 - the names of the checks say what must hold

import os
import socket
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from archgraft.sandbox.protocol import Job, Json, Limits, Message, Outcome, Respond, Sandbox, SandboxError, Verdict

Check = Callable[[Sandbox], None]
Factory = Callable[[], Sandbox]
MEBIBYTE = 2**20
WAIT_SECONDS = 20.0


def expect(outcome: Outcome, verdict: Verdict, reason: str = "") -> Outcome:
    """Raise unless the outcome has this verdict and its reason holds this text."""
    if outcome.verdict is not verdict or reason not in outcome.reason or "\n" in outcome.reason:
        raise AssertionError(f"expected {verdict} with {reason!r} in its one-line reason, but got {outcome}")
    if (outcome.message is None) == (verdict is Verdict.OK):
        raise AssertionError(f"a message must be there exactly when the verdict is ok, but got {outcome}")
    return outcome


def run(sandbox: Sandbox, entry: str, limits: Limits | None = None, **header: Json) -> Outcome:
    """Run one program of the suite; `conformance_torch_jobs:NAME` for those that need torch."""
    name = entry if ":" in entry else f"conformance_jobs:{entry}"
    return sandbox.run(Job(f"archgraft.sandbox.{name}", Message(header)), limits or Limits())


def answer(outcome: Outcome) -> Message:
    """The message of a job that must have gone well."""
    message = expect(outcome, Verdict.OK).message
    assert message is not None
    return message


def processes_named(mark: str) -> list[str]:
    """The living processes that a job has marked."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                alive = ") Z " not in (folder / "stat").read_text(errors="replace")
                if alive and (folder / "comm").read_text(errors="replace").strip() == mark:
                    found.append(folder.name)
            except OSError:
                continue
    return found


def new_mark() -> str:
    """A name that fits the kernel's 15 characters."""
    return f"ag-{uuid.uuid4().hex[:12]}"


def arrays_and_header_come_back(sandbox: Sandbox) -> None:
    arrays = {
        name: np.arange(6).reshape(2, 3).astype(name) for name in ("float32", "float64", "int64", "int32", "uint8")
    }
    arrays |= {"bool": np.array([True, False]), "scalar": np.array(2.5), "empty": np.zeros((0, 4), np.float32)}
    arrays["strided"] = np.arange(12.0).reshape(3, 4).T
    header: dict[str, Json] = {"text": "ä", "list": [1, None, {"deep": 2.5}]}
    message = answer(sandbox.run(Job("archgraft.sandbox.conformance_jobs:echo", Message(header, arrays)), Limits()))
    assert message.header == header, message.header
    assert message.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        got = message.arrays[name]
        assert got.dtype == array.dtype, name
        assert got.shape == array.shape, name
        assert np.array_equal(got, array), name


def large_arrays_travel(sandbox: Sandbox) -> None:
    array = np.arange(50 * MEBIBYTE // 8, dtype=np.int64)
    job = Job("archgraft.sandbox.conformance_jobs:echo", Message({}, {"large": array}))
    assert np.array_equal(answer(sandbox.run(job, Limits())).arrays["large"], array)


def questions_are_answered(sandbox: Sandbox) -> None:
    asked = []

    def respond(message: Message) -> Message:
        asked.append(message.header["number"])
        return Message({}, {"value": np.full(2, len(asked), np.float32)})

    outcome = sandbox.run(Job("archgraft.sandbox.conformance_jobs:ask_thrice"), Limits(), respond)
    assert answer(outcome).header == {"total": 12.0}
    assert asked == [0, 1, 2]


def error_in_respond_propagates(sandbox: Sandbox) -> None:
    mark = new_mark()
    job = Job("archgraft.sandbox.conformance_jobs:sleep_with_descendants", Message({"mark": mark, "then": "ask"}))
    for error in (LookupError("mine"), ConnectionError("mine too")):
        assert _error_of(lambda: sandbox.run(job, Limits(), _raising(error))) is error  # noqa: B023 - called at once
        assert not processes_named(mark)


def _raising(error: Exception) -> Respond:
    def respond(message: Message) -> Message:  # noqa: ARG001 - the protocol's signature
        raise error

    return respond


def _error_of(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - the check looks at whatever comes
        return error
    return None


def unexpected_question_is_refused(sandbox: Sandbox) -> None:
    expect(run(sandbox, "ask_once"), Verdict.PROTOCOL)


def exception_is_reported(sandbox: Sandbox) -> None:
    outcome = expect(run(sandbox, "fail"), Verdict.RUNTIME_ERROR, "ValueError: first line")
    assert "second line" in outcome.log
    assert "conformance_jobs.py" in outcome.log
    assert outcome.tier == sandbox.tier
    reason = expect(run(sandbox, "fail_with_escape_codes"), Verdict.RUNTIME_ERROR, "ValueError: ").reason
    assert reason.isprintable(), reason
    assert len(reason) < 1000, reason


def wrong_programs_are_reported(sandbox: Sandbox) -> None:
    expect(run(sandbox, "no_such_function"), Verdict.RUNTIME_ERROR, "no_such_function")
    expect(sandbox.run(Job("no_such_module:run"), Limits()), Verdict.RUNTIME_ERROR, "no_such_module")
    expect(run(sandbox, "return_nothing"), Verdict.RUNTIME_ERROR, "must return a Message")
    expect(run(sandbox, "raise_nonfinite"), Verdict.NONFINITE, "not finite")


def endless_loop_is_killed_with_descendants(sandbox: Sandbox) -> None:
    mark = new_mark()
    outcome = run(sandbox, "sleep_with_descendants", Limits(wall_seconds=0.5), mark=mark, then="spin")
    expect(outcome, Verdict.TIMEOUT_WALL, "0.5 s")
    assert outcome.wall_seconds >= 0.5
    assert not processes_named(mark)


def descendants_die_with_a_good_job(sandbox: Sandbox) -> None:
    mark = new_mark()
    answer(run(sandbox, "sleep_with_descendants", mark=mark, then="return"))
    assert not processes_named(mark)


def a_job_that_may_fork_does_and_leaves_nothing(sandbox: Sandbox) -> None:
    mark = new_mark()
    message = Message({"mark": mark, "then": "return"})
    entry = "archgraft.sandbox.conformance_jobs:work_in_a_fork"
    answer_of_fork = answer(sandbox.run(Job(entry, message, forks=True), Limits())).header
    assert answer_of_fork == {"status": 7, "killed": 9}, answer_of_fork
    entry = "archgraft.sandbox.conformance_jobs:sleep_with_descendants"
    answer(sandbox.run(Job(entry, message, forks=True), Limits()))
    assert not processes_named(mark)


def a_job_that_may_compile_does_or_is_refused(sandbox: Sandbox) -> None:
    """What is compiled is loaded, not started; and whatever was started ends with the job."""
    mark = new_mark()
    with socket.create_server(("127.0.0.1", 0)) as server:
        message = Message({"mark": mark, "port": server.getsockname()[1]})
        job = Job("archgraft.sandbox.conformance_jobs:compile_and_load", message, compiles=True)
        try:
            outcome = sandbox.run(job, Limits())
        except SandboxError as error:
            assert "compiler" in str(error), error  # noqa: PT017 - a sandbox may refuse, with the reason
            return
    header = answer(outcome).header
    assert header == {"answer": 42, "started_its_own": False, "reached_by_program": False}, header
    assert not processes_named(mark)


def cpu_time_is_limited(sandbox: Sandbox) -> None:
    outcome = expect(run(sandbox, "spin", Limits(wall_seconds=60.0, cpu_seconds=0.3)), Verdict.TIMEOUT_CPU, "0.3 s")
    assert outcome.cpu_seconds >= 0.3


def memory_is_limited(sandbox: Sandbox) -> None:
    limits = Limits(memory_bytes=64 * MEBIBYTE)
    expect(run(sandbox, "allocate_at_once", limits), Verdict.OUT_OF_MEMORY)
    expect(run(sandbox, "allocate_bit_by_bit", limits), Verdict.OUT_OF_MEMORY)
    expect(run(sandbox, "allocate_shared", limits), Verdict.OUT_OF_MEMORY)


def number_of_processes_is_limited(sandbox: Sandbox) -> None:
    """By a count, or because a job may start none at all."""
    outcome = run(sandbox, "start_processes")
    if outcome.verdict is not Verdict.THREADS:
        expect(outcome, Verdict.RUNTIME_ERROR, "PermissionError")


def early_ends_are_told_apart(sandbox: Sandbox) -> None:
    expect(run(sandbox, "exit_at_once"), Verdict.EXIT_EARLY, "code 3")
    expect(run(sandbox, "exit_politely"), Verdict.EXIT_EARLY, "code 4")
    expect(run(sandbox, "read_null"), Verdict.SIGNAL, "SIGSEGV")


def log_keeps_the_tail(sandbox: Sandbox) -> None:
    outcome = expect(run(sandbox, "print_lines", Limits(log_bytes=100), n_lines=1000), Verdict.OK)
    assert outcome.log.endswith("line 998\nline 999\n")
    assert len(outcome.log) <= 100


def output_is_limited(sandbox: Sandbox) -> None:
    limits = Limits(output_bytes=8 * MEBIBYTE)
    expect(run(sandbox, "print_for_ever", limits), Verdict.OUTPUT_LIMIT)
    expect(run(sandbox, "send_much", limits), Verdict.OUTPUT_LIMIT)


def files_are_limited(sandbox: Sandbox) -> None:
    limits = Limits(file_bytes=4 * MEBIBYTE)
    expect(run(sandbox, "write_large_file", limits), Verdict.DISK)
    expect(run(sandbox, "write_many_files", limits), Verdict.DISK)


def garbage_breaks_the_protocol(sandbox: Sandbox) -> None:
    expect(run(sandbox, "send_garbage"), Verdict.PROTOCOL)
    expect(run(sandbox, "close_connection"), Verdict.PROTOCOL)


def scratch_is_fresh_and_removed(sandbox: Sandbox) -> None:
    header = answer(run(sandbox, "describe_surroundings")).header
    assert header["content"] == []
    assert header["home_is_scratch"] is True
    assert not Path(str(header["scratch"])).exists()


def network_is_closed_unless_the_tier_is_weak(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        header = answer(run(sandbox, "connect", port=server.getsockname()[1])).header
    assert header["reached"] is False or sandbox.tier == "C"


def training_works(sandbox: Sandbox) -> None:
    """With two threads and the first optimiser of the process, which import and start whatever a training needs."""
    losses = answer(run(sandbox, "conformance_torch_jobs:train", Limits(n_threads=2))).header["losses"]
    assert isinstance(losses, list)
    assert losses[-1] < losses[0]


def jobs_start_alike(sandbox: Sandbox) -> None:
    first, second = (answer(run(sandbox, "conformance_torch_jobs:draw_and_count")).header for _ in range(2))
    assert first == second
    assert first["n_runs"] == 1


def jobs_run_side_by_side(sandbox: Sandbox) -> None:
    def one(number: int) -> Json:
        return answer(run(sandbox, "echo", number=number)).header["number"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(12))) == list(range(12))


def user_code_is_importable(sandbox: Sandbox) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "users_own_job.py").write_text("def run(channel):\n    return channel.request\n")
        job = Job("users_own_job:run", Message({"kept": True}), readable=(Path(folder),))
        assert answer(sandbox.run(job, Limits())).header == {"kept": True}


def sandboxes_are_closed_for_good(factory: Factory) -> None:
    """Also, as each start costs seconds: two live side by side, and no variable of the parent's reaches a job."""
    os.environ["ARCHGRAFT_CONFORMANCE_KEY"] = secret = uuid.uuid4().hex
    mark, closing, staying = new_mark(), factory(), factory()
    try:
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(run, closing, "sleep_with_descendants", None, mark=mark, then="spin")
            seen = answer(run(staying, "describe_surroundings")).header["variables"]
            assert isinstance(seen, list)
            assert not {secret, "ARCHGRAFT_CONFORMANCE_KEY"} & set(seen), seen
            deadline = time.monotonic() + WAIT_SECONDS
            while not processes_named(mark) and time.monotonic() < deadline:
                time.sleep(0.05)
            closing.close()
            assert isinstance(running.exception(), SandboxError), running.exception() or running.result()
        assert not processes_named(mark)
        answer(run(staying, "echo"))
        closing.close()
        assert isinstance(_error_of(lambda: run(closing, "echo")), SandboxError)
    finally:
        del os.environ["ARCHGRAFT_CONFORMANCE_KEY"]
        closing.close()
        staying.close()


CHECKS: tuple[Check, ...] = (
    arrays_and_header_come_back,
    large_arrays_travel,
    questions_are_answered,
    error_in_respond_propagates,
    unexpected_question_is_refused,
    exception_is_reported,
    wrong_programs_are_reported,
    endless_loop_is_killed_with_descendants,
    descendants_die_with_a_good_job,
    a_job_that_may_fork_does_and_leaves_nothing,
    a_job_that_may_compile_does_or_is_refused,
    cpu_time_is_limited,
    memory_is_limited,
    number_of_processes_is_limited,
    early_ends_are_told_apart,
    log_keeps_the_tail,
    output_is_limited,
    files_are_limited,
    garbage_breaks_the_protocol,
    scratch_is_fresh_and_removed,
    network_is_closed_unless_the_tier_is_weak,
    training_works,
    jobs_start_alike,
    jobs_run_side_by_side,
    user_code_is_importable,
)
FACTORY_CHECKS: tuple[Callable[[Factory], None], ...] = (sandboxes_are_closed_for_good,)
