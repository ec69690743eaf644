import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.agent.report import text
from archgraft.agent.report.comparison import compare
from archgraft.agent.report.figures import best_so_far, front
from archgraft.agent.report.lineage import diff, lineage
from archgraft.agent.report.seed_strip import round_ticks, seed_strip
from archgraft.agent.report.tallies import by_operator, failures
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.reader import load_run
from archgraft.agent.store.records import Compute
from archgraft.evaluator.results import Status
from archgraft.evaluator.statistics import mean_interval
from archgraft.evaluator.tasks.protocol import Metric
from tests.agent.synthetic import SyntheticRun, result_of, run_info, write_run


def test_the_interval_is_students() -> None:
    interval = mean_interval([1.0, 2.0, 3.0])
    assert (interval.mean, interval.n) == (2.0, 3)
    assert interval.high - interval.mean == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert not mean_interval([5.0]).known


@pytest.mark.parametrize(("scores", "verdict"), [((92.0, 92.5, 92.2), "better"), ((88.0, 89.0, 88.4), "unclear")])
def test_the_verdict_rests_on_paired_seeds(tmp_path: Path, scores: tuple[float, ...], verdict: str) -> None:
    with open_run(tmp_path, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        run.finish(run.propose(1))
        for seed, score in enumerate(scores):
            for candidate, value in ((0, 88.0 + 0.3 * seed), (1, score)):
                store.record_measurement(candidate, "finalist", result_of(value, 9000, seed), Compute())
        comparison = compare(store)
    assert comparison is not None
    assert comparison.verdict == verdict
    assert comparison.difference is not None
    assert comparison.difference.mean == pytest.approx(sum(scores) / 3 - 88.3)


def test_less_is_better_turns_the_difference_and_the_choice(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info(metric=Metric("loss", "nats", higher_is_better=False))) as store:
        run = SyntheticRun(store)
        run.rootstock()
        run.finish(run.propose(1))
        for candidate, values in ((0, (2.0, 2.1)), (1, (1.5, 1.4))):
            for seed, value in enumerate(values):
                store.record_measurement(candidate, "finalist", result_of(value, 9000, seed), Compute())
        comparison = compare(store)
    assert comparison is not None
    assert comparison.best.candidate_id == 1
    assert comparison.difference is not None
    assert comparison.difference.mean == pytest.approx(0.6)


def test_the_seed_strip_keeps_everything_inside(tmp_path: Path) -> None:
    with load_run(write_run(tmp_path, 10)) as run:
        comparison = compare(run)
    assert comparison is not None
    strip = seed_strip(comparison)
    assert strip is not None
    for row in strip.rows:
        assert 0 <= row.low <= row.mean <= row.high <= 1
        assert all(0 < dot < 1 for dot, _ in row.dots)


def test_equal_scores_of_two_seeds_do_not_hide_one_another(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        run.finish(run.propose(1))
        for candidate, values in ((0, (88.0, 88.0, 89.0)), (1, (91.0, 92.0, 93.0))):
            for seed, value in enumerate(values):
                store.record_measurement(candidate, "finalist", result_of(value, 9000, seed), Compute())
        comparison = compare(store)
    assert comparison is not None
    strip = seed_strip(comparison)
    assert strip is not None
    assert [[lift for _, lift in row.dots] for row in strip.rows] == [[0, 1, 0], [0, 0, 0]]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_few_and_inside(low: float, width: float) -> None:
    ticks = round_ticks(low, low + width)
    assert len(ticks) <= 10
    assert all(low - 1e-6 * width - 1e-9 <= tick <= low + width * (1 + 1e-6) + 1e-9 for tick in ticks)


def test_the_lineage_leads_from_the_rootstock_to_the_candidate(tmp_path: Path) -> None:
    with load_run(write_run(tmp_path, 20, finals=False)) as run:
        best = run.best()
        assert best is not None
        steps = lineage(run, best.index)
        source = run.candidate(0).source
        final = run.candidate(best.index).source
    assert steps[0].attempt.parent_id == 0
    assert steps[-1].attempt.index == best.index
    assert sum(step.n_added for step in steps) == len(final.splitlines()) - len(source.splitlines())
    assert steps[-1].answer_reason


def test_a_diff_numbers_its_lines_on_both_sides() -> None:
    before = "\n".join(f"line {number}" for number in range(20))
    after = before.replace("line 10", "changed").replace("line 19", "line 19\nnew")
    lines = diff(before, after, n_context=1)
    assert [(line.kind, line.old, line.new, line.text) for line in lines] == [
        ("context", 10, 10, "line 9"),
        ("removed", 11, None, "line 10"),
        ("added", None, 11, "changed"),
        ("context", 12, 12, "line 11"),
        ("gap", None, None, ""),
        ("context", 20, 20, "line 19"),
        ("added", None, 21, "new"),
    ]


def test_failures_and_contributions_count_every_attempt(tmp_path: Path) -> None:
    with load_run(write_run(tmp_path, 30, finals=False)) as run:
        tried = run.attempts()[1:]
    groups = failures(tried)
    assert sum(len(group.attempts) for group in groups) == sum(not attempt.result.ok for attempt in tried)
    rows = by_operator(tried)
    assert sum(row.n_tried for row in rows) == 30
    assert sum(row.n_valid for row in rows) == sum(attempt.result.ok for attempt in tried)


def test_an_attempt_that_was_stopped_early_is_no_failure(tmp_path: Path) -> None:
    with load_run(write_run(tmp_path, 4, finals=False)) as run:
        attempt = run.attempts()[4]
    stopped = replace(attempt, result=replace(attempt.result, status=Status.STOPPED_EARLY))
    assert failures([attempt, stopped])[0].attempts == (attempt,)
    assert by_operator([stopped])[0].n_valid == 1


def test_the_front_is_what_nothing_cheaper_beats(tmp_path: Path) -> None:
    with load_run(write_run(tmp_path, 30, finals=False)) as run:
        attempts, metric = run.attempts(), run.info.metric
    figure = front(attempts, metric, lambda metrics: metrics.n_parameters, "parameters", 0)
    line = next(trace for trace in figure["data"] if trace["name"] == "on the front")
    points = [(a.result.metrics.n_parameters, a.result.metrics.score) for a in attempts if a.result.metrics]
    wanted = [(cost, score) for cost, score in points if not any(c <= cost and s > score for c, s in points)]
    assert list(zip(line["x"], line["y"])) == sorted(wanted)


def test_a_hopeless_candidate_is_drawn_at_the_edge_and_marked(tmp_path: Path) -> None:
    with load_run(write_run(tmp_path, 12, finals=False)) as run:
        attempts, metric = run.attempts(), run.info.metric
    lost = next(attempt for attempt in attempts[1:] if attempt.result.ok)
    hopeless = replace(lost, result=result_of(1.0, 9000), oriented_score=1.0, improved=False)
    figure = best_so_far([hopeless if attempt is lost else attempt for attempt in attempts], metric)
    valid = next(trace for trace in figure["data"] if trace["name"] == "valid")
    place = valid["x"].index(lost.index)
    assert valid["y"][place] == min(valid["y"]) > 1.0
    assert valid["marker"]["symbol"][place] == "triangle-down"
    assert "1.00 %" in valid["hovertext"][place]


def test_numbers_read_well() -> None:
    assert [text.count(value) for value in (912, 9120, 12345, 999_999, 4.56e6, 1.2e9)] == [
        "912",
        "9,120",
        "12.3 k",
        "1.00 M",
        "4.56 M",
        "1.20 G",
    ]
    assert text.difference(-0.5, "%") == "−0.50 points"
    assert text.score(0.25, "") == "0.25"
    assert [text.duration(s) for s in (0.02, 5.0, 75, 7300)] == ["20 ms", "5.0 s", "1 min 15 s", "2 h 1 min"]
    assert (text.ratio(2, 1), text.ratio(1.001, 1)) == ("2.00 ×", "same")
    assert [text.decimals_for(v) for v in ([88.1, 88.4], [0.1, 0.9], [5.0], list(np.arange(500.0)))] == [2, 2, 2, 0]


def test_an_attempt_without_operator_is_left_out_of_contributions(tmp_path: Path) -> None:
    with load_run(write_run(tmp_path, 3, finals=False)) as run:
        attempts = run.attempts()[1:]
    assert by_operator([replace(attempt, operator=None) for attempt in attempts]) == []
