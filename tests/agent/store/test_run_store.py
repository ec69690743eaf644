import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from archgraft.agent.choosers.protocol import Answer
from archgraft.agent.errors import UsageError
from archgraft.agent.noise import mean_result
from archgraft.agent.store.guards import StoreError
from archgraft.agent.store.ledger import ledger
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.reader import load_run
from archgraft.agent.store.records import Compute
from archgraft.evaluator.latency import Latency
from archgraft.evaluator.latency_comparison import Compared
from archgraft.evaluator.paces import LatencyComparison, Pace
from archgraft.evaluator.results import Rescue, Status
from archgraft.evaluator.variants import Variant
from tests.agent.synthetic import SyntheticRun, question_of, result_of, run_info, write_run


def test_what_was_written_is_read_back_equal(tmp_path: Path) -> None:
    question = question_of(1, 0, "swap", "mlp")
    with open_run(tmp_path, run_info()) as store:
        SyntheticRun(store).rootstock()
        store.record_proposal(question)
        store.record_answer(1, Answer(0, "because", "prior"))
    with load_run(tmp_path) as run:
        (proposal,) = run.proposals()
        assert proposal.question == question
        graft = proposal.question.plan.options[0].edit.graft
        assert graft is not None
        assert graft.before[0].arguments == (("shape", "(1, [2, 3])"),)
        assert proposal.answer == Answer(0, "because", "prior")
        assert run.candidate(0).tree.nodes["n0"].site is not None
        assert replace(run.info, created="") == run_info()


def test_attempts_come_in_index_order_and_pending_ones_are_named(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        first, second, third = (run.propose(index) for index in (1, 2, 3))
        run.finish(third)
        run.finish(first)
        assert [attempt.index for attempt in store.attempts()] == [0, 1, 3]
        assert [proposal.question for proposal in store.pending()] == [second]


def test_finishing_an_attempt_twice_is_refused_and_charges_once(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        question = run.propose(1)
        run.finish(question)
        with pytest.raises(StoreError, match="attempt 1 is finished already"):
            run.finish(question)
        with pytest.raises(StoreError, match="proposed already"):
            store.record_proposal(question)
        assert [part.attempt for part in store.spend_by_attempt()] == [0, 1, None, None]


def test_the_cost_of_asking_counts_before_and_after_an_attempt_is_finished(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        question = run.propose(1)
        before = store.spend()
        run.finish(question)
        assert (before.n_tokens, before.usd) == (store.spend().n_tokens, store.spend().usd) == (120, 0.001)


def test_a_second_answer_is_refused(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()) as store:
        SyntheticRun(store).propose(1)
        with pytest.raises(StoreError, match="answered already"):
            store.record_answer(1, Answer(0, "again", "prior"))


def test_a_second_batch_on_the_sealed_test_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, 3)
    with open_run(tmp_path, run_info()) as store:
        planned = store.test_plan()
        assert store.sealed_test_used()
        store.open_test(planned)
        with pytest.raises(StoreError, match="second batch"):
            store.open_test([*planned, (99, 100)])
        with pytest.raises(StoreError, match="law 9"):
            store.record_measurement(99, "finalist", result_of(99.0, 1, 100, "test"), Compute())


def test_the_best_is_chosen_by_validation_over_seeds_and_never_by_test(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        for index in (1, 2, 3):
            run.finish(run.propose(index))
        scores = {attempt.index: attempt.oriented_score or 0.0 for attempt in store.attempts()}
        best = store.best()
        assert best is not None
        assert best.index == max(scores, key=lambda index: scores[index])
        store.open_test([(0, 7), (2, 7)])
        for candidate, validation, test in ((0, 91.0, 99.0), (2, 92.0, 10.0)):
            store.record_measurement(candidate, "finalist", result_of(validation, 1, 7), Compute())
            store.record_measurement(candidate, "finalist", result_of(test, 1, 7, "test"), Compute())
        final = store.best()
        assert final is not None
        assert final.index == 2


def test_resuming_with_other_settings_names_each_with_both_values(tmp_path: Path) -> None:
    open_run(tmp_path, run_info()).close()
    with pytest.raises(UsageError, match="other settings") as caught:
        open_run(tmp_path, run_info(seed=3, settings={"slots": 2, "recipe.epochs": 10}))
    assert "seed was 0, now 3" in str(caught.value)
    assert "slots was 1, now 2" in str(caught.value)
    assert "epochs" not in str(caught.value)


def test_a_resumed_run_may_have_a_larger_budget(tmp_path: Path) -> None:
    open_run(tmp_path, run_info()).close()
    open_run(tmp_path, run_info(budget={"trials": 99})).close()
    with load_run(tmp_path) as run:
        assert run.info.budget == {"trials": 99}


def test_resuming_with_another_torch_is_told(tmp_path: Path) -> None:
    open_run(tmp_path, run_info()).close()
    open_run(tmp_path, run_info(versions={"python": "3.12", "torch": "9.9"})).close()
    with load_run(tmp_path) as run:
        assert [event.text for event in run.events()] == [
            "resumed with other versions, so scores may shift: torch 2.13 -> 9.9"
        ]


def test_time_worked_adds_up_over_sessions(tmp_path: Path) -> None:
    now = [0.0]
    for _ in range(2):
        with open_run(tmp_path, run_info(), clock=lambda: now[0]) as store:
            now[0] += 50.0
            store.record_event("note", "at work")
        now[0] += 1000.0
    with load_run(tmp_path) as run:
        assert run.stored_seconds() == 100.0
        assert run.n_sessions() == 2


def test_two_searches_on_one_run_refuse_each_other(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()), pytest.raises(UsageError, match=f"another search .*process {os.getpid()}"):
        open_run(tmp_path, run_info())
    open_run(tmp_path, run_info()).close()


def test_a_file_that_is_no_database_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(UsageError, match="not a readable run"):
        open_run(tmp_path, run_info())
    with pytest.raises(UsageError, match="not a readable run"):
        load_run(tmp_path)


def test_a_damaged_database_is_a_usage_error(tmp_path: Path) -> None:
    path = write_run(tmp_path, 3) / "run.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\xff" * 8192
    path.write_bytes(content)
    with pytest.raises(UsageError, match="not a readable run"):
        load_run(tmp_path)


@pytest.mark.parametrize(("version", "said"), [(99, "a newer archgraft"), (1, "an older archgraft")])
def test_a_run_of_another_version_is_a_usage_error(tmp_path: Path, version: int, said: str) -> None:
    path = write_run(tmp_path, 1) / "run.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE run SET schema_version = {version}")
    connection.close()
    with pytest.raises(UsageError, match=f"{said} \\(schema {version};"):
        open_run(tmp_path, run_info())


def test_another_programs_database_is_a_usage_error(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "run.sqlite") as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(UsageError, match="not one of a run"):
        open_run(tmp_path, run_info())


def test_no_run_and_no_folder_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run here"):
        load_run(tmp_path)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="can't be written"):
        open_run(tmp_path / "file" / "run", run_info())


def test_a_damaged_start_leaves_a_run_that_can_begin(tmp_path: Path) -> None:
    (tmp_path / "run.sqlite").touch()
    with pytest.raises(UsageError, match="stopped before it began"):
        load_run(tmp_path)
    with open_run(tmp_path, run_info()) as store:
        assert store.attempts() == []


def test_equal_runs_have_equal_ledgers_without_their_clocks(tmp_path: Path) -> None:
    for name, speed in (("a", 1.0), ("b", 7.0)):
        now = [0.0]

        def clock(now: list[float] = now, speed: float = speed) -> float:
            now[0] += speed
            return now[0]

        with open_run(tmp_path / name, run_info(), clock=clock) as store:
            run = SyntheticRun(store)
            run.rootstock()
            for index in range(1, 8):
                run.finish(run.propose(index))
            run.finals()
    with load_run(tmp_path / "a") as first, load_run(tmp_path / "b") as second:
        assert ledger(first) == ledger(second)
        assert first.finished_at() != second.finished_at()
        assert {entry.get("status") for entry in ledger(first)} >= {"ok", "invalid"}


def test_weights_appear_whole_under_their_seed(tmp_path: Path) -> None:
    write_run(tmp_path, 3)
    with load_run(tmp_path) as run:
        assert list(run.weights(0)) == [100]
        assert run.weights(9) == {}
    assert {path.suffix for path in (tmp_path / "weights").iterdir()} == {".safetensors"}


KILLED_WRITER = """
    import sys
    from pathlib import Path
    from archgraft.agent.store.opening import open_run
    from tests.agent.synthetic import SyntheticRun, run_info
    store = open_run(Path(sys.argv[1]), run_info())
    run = SyntheticRun(store)
    if not store.attempts():
        run.rootstock()
    for attempt in store.attempts():
        run.steps[attempt.index] = ()
    for proposal in store.pending():
        run.finish(proposal.question)
    while True:
        index = max(run.steps) + 1
        while any(index == attempt.index for attempt in store.attempts()):
            index += 1
        question = run.propose(index)
        print(index, flush=True)
        run.finish(question)
"""


def test_a_run_killed_at_any_moment_resumes_and_charges_nothing_twice(tmp_path: Path) -> None:
    for n_lines in (1, 3, 6):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(KILLED_WRITER), str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        assert process.stdout is not None
        for _ in range(n_lines):
            assert process.stdout.readline(), "the writer stopped by itself"
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    with open_run(tmp_path, run_info()) as store:
        finished = [attempt.index for attempt in store.attempts()]
        charged = [part.attempt for part in store.spend_by_attempt() if part.attempt is not None]
        pending = [proposal.attempt for proposal in store.pending()]
    assert charged == finished
    assert sorted(finished + pending) == list(range(len(finished) + len(pending)))
    assert len(pending) <= 1
    assert len(finished) >= 8


def test_second_tries_are_kept_with_what_was_changed(tmp_path: Path) -> None:
    first_try = Rescue(Status.NONFINITE, "the training loss became nan", {"learning_rate": 2e-4})
    with open_run(tmp_path, run_info()) as store:
        SyntheticRun(store).rootstock()
        store.record_measurement(0, "finalist", replace(result_of(88.0, 9000), rescues=(first_try,)), Compute())
    with load_run(tmp_path) as run:
        [measured] = run.measurements("finalist")
    assert measured.result.rescues == (first_try,)
    assert mean_result([measured.result, measured.result]).rescues == (first_try, first_try)


def test_a_latency_is_kept_once_and_charged_measured_or_not(tmp_path: Path) -> None:
    pace = Pace(Latency(2.0, 3.0, 64), None, 40_000_000, 9)
    found = LatencyComparison(Variant.FUSED, pace, pace, 1.01, 0.97, 1.04, 30, 1.02, "")
    with open_run(tmp_path, run_info()) as store:
        store.record_latency(0, Compared((found,), "", 2.0, 1.5), Compute(2.0, 1.5))
        store.record_latency(3, Compared((), "RuntimeError: no", 1.0, 0.5), Compute(1.0, 0.5))
        with pytest.raises(IntegrityError):
            store.record_latency(3, Compared((), "RuntimeError: no", 1.0, 0.5), Compute(1.0, 0.5))
    with load_run(tmp_path) as run:
        assert run.latencies() == {0: (found,), 3: ()}
        assert run.spend().cpu_seconds == 2.0
