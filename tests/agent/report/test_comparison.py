"""A candidate with a recipe of its own is better only than both rootstocks."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from archgraft.agent.export import export
from archgraft.agent.outcome_text import outcome_lines
from archgraft.agent.report.build import build_report
from archgraft.agent.report.comparison import Verdict, compare
from archgraft.agent.status import status, status_lines
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.reader import load_run
from archgraft.agent.store.records import Compute, Role
from archgraft.agent.store.run_store import RunStore
from archgraft.evaluator.results import Result, Stage, Status
from tests.agent.synthetic import SyntheticRun, question_of, result_of, run_info

GENES = {"learning_rate": 0.005, "horizontal_flip": True}
SPREAD = (-0.3, 0.0, 0.3)
FAILED = Result(Status.NONFINITE, Stage.TRAIN, "diverged", 0, "validation", None, 1.0, "confined")


def measure(store: RunStore, candidate: int, role: Role, mean: float, jitter: Sequence[float] = SPREAD) -> None:
    for seed, offset in enumerate(jitter):
        for split in ("validation", "test"):
            store.record_measurement(candidate, role, result_of(mean + offset, 9000, seed, split), Compute())


def write_finals(
    folder: Path, best: float, control: float | None, *, own: float = 90.0, jitter: Sequence[float] = SPREAD
) -> None:
    """Candidate 1 with genes of its own; without a control's score, the rootstock diverges with them."""
    with open_run(folder, run_info(recipe={"epochs": 4, "learning_rate": 0.002})) as store:
        run = SyntheticRun(store)
        run.rootstock()
        question = question_of(1, 0, "swap", "mlp")
        store.record_proposal(question, GENES)
        run.finish(question)
        seeds = range(len(SPREAD))
        store.open_test([(candidate, seed) for candidate in (0, 1) for seed in seeds], [(1, seed) for seed in seeds])
        measure(store, 0, "finalist", own)
        measure(store, 1, "finalist", best, jitter)
        if control is not None:
            measure(store, 1, "control", control)
        else:
            store.record_measurement(1, "control", FAILED, Compute())


@pytest.mark.parametrize(
    ("best", "control", "jitter", "verdict"),
    [
        (96.0, 93.0, SPREAD, "better"),
        (96.0, 95.9, (0.3, 0.0, -0.3), "unclear"),
        (96.0, 50.0, SPREAD, "better"),
        (96.0, None, SPREAD, "better"),
        (90.1, 50.0, (0.3, 0.0, -0.3), "unclear"),
    ],
)
def test_the_claim_holds_against_the_better_rootstock(
    tmp_path: Path, best: float, control: float | None, jitter: Sequence[float], verdict: Verdict
) -> None:
    write_finals(tmp_path, best, control, jitter=jitter)
    with load_run(tmp_path) as run:
        comparison = compare(run)
    assert comparison is not None
    assert (comparison.best.candidate_id, comparison.genes, comparison.verdict) == (1, GENES, verdict)
    if control is not None:
        assert comparison.control is not None
        assert comparison.control.difference is not None
        assert comparison.control.recipe_gain is not None
        assert comparison.control.difference.mean == pytest.approx(best - control)
        assert comparison.control.recipe_gain.mean == pytest.approx(control - 90.0)


def test_where_the_rootstock_does_better_with_the_recipe_it_wins_and_the_recipe_is_told(tmp_path: Path) -> None:
    write_finals(tmp_path, best=96.0, control=97.0)
    with load_run(tmp_path) as run:
        comparison, said = compare(run), "\n".join(outcome_lines(run))
    assert comparison is not None
    assert (comparison.best.candidate_id, comparison.verdict) == (0, "unchanged")
    assert comparison.better_recipe == GENES
    assert "the rootstock itself did better on validation with learning_rate=0.005, horizontal_flip=true" in said
    assert "The rootstock itself did better" in build_report(tmp_path).read_text()


def test_before_the_finals_nothing_is_claimed(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        for index in range(1, 9):
            question = question_of(index, run.best[0], "swap", "mlp")
            store.record_proposal(question, GENES)
            run.finish(question)
        best, comparison = store.best(), compare(store)
    assert best is not None
    assert best.genes == GENES
    assert comparison is not None
    assert (comparison.control, comparison.verdict) == (None, "unconfirmed")
    assert "learning_rate=0.005" in build_report(tmp_path).read_text()


def test_every_account_tells_the_recipe_and_both_differences(tmp_path: Path) -> None:
    write_finals(tmp_path / "run", 96.0, 93.0)
    with load_run(tmp_path / "run") as run:
        said = "\n".join(outcome_lines(run))
    assert "recipe of its own: learning_rate=0.005, horizontal_flip=true" in said
    assert "rootstock with that recipe: 93.0000" in said
    assert "recipe alone 3.0000" in said
    assert "architecture in the same recipe 3.0000" in said
    assert "better than the rootstock with either recipe" in said
    assert "genes     learning_rate=0.005, horizontal_flip=true" in list(status_lines(status(tmp_path / "run")))
    page = build_report(tmp_path / "run").read_text()
    assert "The candidate has a recipe of its own: <code>learning_rate=0.005, horizontal_flip=true</code>" in page
    assert "trained from scratch with the same recipe" not in page
    source = export(tmp_path / "run", tmp_path / "best.py").source.read_text()
    assert "trained with: epochs=4, learning_rate=0.005, horizontal_flip=true" in source
    assert "the rootstock's with the same recipe: 93.00 %" in source


def test_a_control_outside_the_announced_batch_meets_no_test_split(tmp_path: Path) -> None:
    from archgraft.agent.store.guards import StoreError

    with open_run(tmp_path, run_info()) as store:
        SyntheticRun(store).rootstock()
        store.open_test([(0, 7), (1, 7)], [(1, 7)])
        store.open_test([(0, 7), (1, 7)], [(1, 7)])
        with pytest.raises(StoreError, match="second batch"):
            store.open_test([(0, 7), (1, 7)])
        with pytest.raises(StoreError, match="law 9"):
            store.record_measurement(2, "control", result_of(99.0, 1, 7, "test"), Compute())
        store.record_measurement(1, "control", result_of(99.0, 1, 7, "test"), Compute())
