"""The benchmark of edits counts what came of each, takes every open node where it is told to, and times the stages."""

from pathlib import Path

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from benchmarks.edits.measure import Bench, Figures, as_json, together
from benchmarks.edits.stages import STAGES, Stopwatch
from benchmarks.edits.suites import MODELS, SUITES, Host

GPT = Host(f"{MODELS}/gpt.py:GPT(GPTConfig(n_layer=1))", (8,), n_tokens=128, causal=True)


def measured(
    sandbox: LocalSandbox, cache: Path, n: int, *, edits_per_child: int = 1, every_node: bool = False
) -> Figures:
    bench = Bench(sandbox, {}, cache, 0, n, edits_per_child)
    return bench.measure(GPT, every_node=every_node)


def test_random_children_are_counted_and_timed(shared_sandbox: LocalSandbox, tmp_path: Path) -> None:
    figures = measured(shared_sandbox, tmp_path, 2, edits_per_child=2)
    assert (figures.attempted, figures.invalid_reached_evaluator) == (2, 0)
    assert figures.valid_first_draw <= figures.emission_exact <= 2
    assert len(figures.wall_ms) == figures.valid_first_draw
    row = as_json(figures)
    assert set(row["ms_by_stage"]) == set(STAGES)
    assert sum(sum(outcomes.values()) for outcomes in row["by_operator"].values()) <= 4
    assert 0 < row["inherited_share"] <= 1
    assert together([row, row])["attempted"] == 4


def test_every_operator_is_tried_at_most_once_a_node(shared_sandbox: LocalSandbox, tmp_path: Path) -> None:
    figures = measured(shared_sandbox, tmp_path, 6, every_node=True)
    assert figures.attempted == 6
    assert figures.predicted_refusals["never called"] >= 1  # the ModuleDict and the ModuleList


def test_a_stage_inside_another_counts_for_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 1.0, 4.0, 6.0])
    monkeypatch.setattr("benchmarks.edits.stages.time.perf_counter", lambda: next(seconds))
    watch = Stopwatch()
    with watch.stage("print"), watch.stage("assemble"):
        pass
    assert watch.wall == {"assemble": 3000, "print": 3000}


def test_the_standing_lists_are_what_they_promise() -> None:
    assert (len(SUITES["thirteen"]), len(SUITES["hosts"])) == (13, 7)
    assert len(SUITES["unseen"]) >= 6
    assert not set(SUITES["unseen"]) & set(SUITES["thirteen"])
