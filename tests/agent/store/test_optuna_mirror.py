import json
import warnings
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from archgraft.agent.store.opening import open_run
from archgraft.agent.store.optuna_mirror import STUDY_NAME, rebuild_mirror, sync_mirror
from archgraft.agent.store.reader import load_run
from tests.agent.synthetic import SyntheticRun, run_info, write_run


def load_study(folder: Path) -> optuna.Study:
    return optuna.load_study(study_name=STUDY_NAME, storage=f"sqlite:///{folder / 'run.sqlite'}")


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("run"), 11)
    with load_run(folder) as run:
        assert sync_mirror(run) == 12
    return folder


def test_optuna_reads_each_attempt_as_a_finished_trial(mirrored: Path) -> None:
    study = load_study(mirrored)
    with load_run(mirrored) as run:
        attempts = run.attempts()
    assert [trial.number for trial in study.trials] == [attempt.index for attempt in attempts]
    for trial, attempt in zip(study.trials, attempts, strict=True):
        metrics = attempt.result.metrics
        assert trial.state is (TrialState.COMPLETE if metrics else TrialState.FAIL)
        assert trial.params["operator"] == (attempt.operator or "rootstock")
        assert trial.user_attrs["reason"] == attempt.result.reason
        if metrics:
            assert trial.values == [metrics.score, metrics.n_parameters, metrics.flops]
    assert study.metric_names == ["accuracy", "parameters", "FLOPs"]
    assert study.best_trials


def test_syncing_again_adds_nothing_and_rebuilding_gives_the_same(mirrored: Path) -> None:
    before = [
        (trial.number, trial.params, trial.values, trial.datetime_complete) for trial in load_study(mirrored).trials
    ]
    with load_run(mirrored) as run:
        assert sync_mirror(run) == 0
        assert rebuild_mirror(run) == 12
    after = [
        (trial.number, trial.params, trial.values, trial.datetime_complete) for trial in load_study(mirrored).trials
    ]
    assert before == after


def test_an_attempt_in_flight_holds_back_those_after_it(tmp_path: Path) -> None:
    with open_run(tmp_path, run_info()) as store:
        run = SyntheticRun(store)
        run.rootstock()
        first, second = run.propose(1), run.propose(2)
        run.finish(second)
        assert sync_mirror(store) == 1
        run.finish(first)
        assert sync_mirror(store) == 2
    assert [trial.user_attrs["attempt"] for trial in load_study(tmp_path).trials] == [0, 1, 2]


def test_a_run_that_is_mirrored_again_and_again_makes_one_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLAlchemy keeps some memory of every engine: a search of a night would gather hundreds."""
    made: list[RDBStorage] = []
    begin = RDBStorage.__init__

    def noted(self: RDBStorage, *arguments: Any, **named: Any) -> None:
        made.append(self)
        begin(self, *arguments, **named)

    monkeypatch.setattr(RDBStorage, "__init__", noted)
    with load_run(write_run(tmp_path, 3)) as run:
        assert [sync_mirror(run) for _ in range(3)] == [4, 0, 0]
    assert len(made) == 1


def test_parameter_importances_can_be_computed(mirrored: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's and Optuna's own, about tiny studies
        importances = optuna.importance.get_param_importances(
            load_study(mirrored), target=lambda trial: trial.values[0]
        )
    assert set(importances) == {"operator", "depth_band", "family"}


def test_the_dashboard_opens_a_run(mirrored: Path) -> None:
    optuna_dashboard = pytest.importorskip("optuna_dashboard")
    storage = RDBStorage(f"sqlite:///{mirrored / 'run.sqlite'}")
    answer = get(optuna_dashboard.wsgi(storage), "/api/studies")
    assert [study["study_name"] for study in answer["study_summaries"]] == [STUDY_NAME]
    study_id = answer["study_summaries"][0]["study_id"]
    detail = get(optuna_dashboard.wsgi(storage), f"/api/studies/{study_id}", "after=0")
    assert len(detail["trials"]) == 12
    assert len(detail["best_trials"]) >= 1
    assert detail["objective_names"] == ["accuracy", "parameters", "FLOPs"]
    storage.engine.dispose()


def get(app: Any, path: str, query: str = "") -> Any:
    """Ask a WSGI application without a server."""
    from wsgiref.util import setup_testing_defaults

    environ: dict[str, Any] = {"PATH_INFO": path, "QUERY_STRING": query}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    body = b"".join(app(environ, lambda status, headers, error=None: statuses.append(status)))
    assert statuses == ["200 OK"], body
    return json.loads(body)
