"""A run as an Optuna study in the same database, so that Optuna's dashboard and plots work on it as it is.

A mirror, never a source: nothing reads it back, and it can be rebuilt from our tables at any time. Each attempt becomes
one finished trial, written in one transaction, with the attempt's index as its number. The study has three objectives
(score, parameters, FLOPs): the dashboard then shows a history and importances for each, and their Pareto front.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from weakref import WeakKeyDictionary

from sqlalchemy.pool import QueuePool

from archgraft.agent.attempt import Attempt
from archgraft.agent.store.database import DATABASE_NAME, connect, explaining
from archgraft.agent.store.quiet_optuna import quiet_optuna
from archgraft.agent.store.reader import RunReader
from archgraft.evaluator.tasks.protocol import Metric
from archgraft.tree_ops.contract import Family
from archgraft.tree_ops.edits import OPERATORS

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

STUDY_NAME = "archgraft"
_storages: "WeakKeyDictionary[RunReader, RDBStorage]" = WeakKeyDictionary()
"""One for each run that is open: SQLAlchemy keeps some memory of every engine that was ever made."""
_HOST = "host"
"""Stands for the open set of families that are host classes or argument names; the trial's attributes name them."""

# Optuna wants the same choices in every trial of a study, so they are closed sets.
_CHOICES: dict[str, tuple[str, ...]] = {
    "operator": ("rootstock", *OPERATORS),
    "depth_band": ("whole", "early", "middle", "late"),
    "family": (_HOST, *get_args(Family)),
}


def sync_mirror(run: RunReader) -> int:
    """Add what the mirror lacks; returns the number of trials added. Idempotent.

    Attempts after one that is still in flight wait for it, so that trial numbers equal attempt indices. A study made
    by a version with other choices is rebuilt.
    """
    with quiet_optuna(), _storage(run) as storage:
        study = _study(storage, run.info.metric)
        n_mirrored = storage.get_n_trials(storage.get_study_id_from_name(STUDY_NAME))
        missing = _unbroken(run.attempts(n_mirrored), n_mirrored)
        finished_at = run.finished_at()  # read last: an attempt may be finished between the two
        created = datetime.fromisoformat(run.info.created)
        for attempt in missing:
            study.add_trial(_trial(attempt, created + timedelta(seconds=finished_at[attempt.index]), run.info.metric))
    return len(missing)


def rebuild_mirror(run: RunReader) -> int:
    """Make the study anew from our tables; returns the number of trials."""
    import optuna

    with quiet_optuna(), _storage(run) as storage:
        if STUDY_NAME in optuna.get_all_study_names(storage):
            optuna.delete_study(study_name=STUDY_NAME, storage=storage)
    return sync_mirror(run)


def _unbroken(attempts: list[Attempt], start: int) -> list[Attempt]:
    return [attempt for position, attempt in enumerate(attempts, start) if attempt.index == position]


@contextmanager
def _storage(run: RunReader) -> "Iterator[RDBStorage]":
    from optuna.exceptions import StorageInternalError

    with explaining(run.place):
        storage = _storages.get(run) or _storages.setdefault(run, _new_storage(run.folder / DATABASE_NAME))
        try:
            yield storage
        except StorageInternalError as error:  # hides what the database said
            raise error.__cause__ or error from None
        finally:
            storage.remove_session()
            storage.engine.dispose()


def _new_storage(path: Path) -> "RDBStorage":
    from optuna.storages import RDBStorage

    return RDBStorage("sqlite:///", engine_kwargs={"creator": lambda: connect(path), "poolclass": QueuePool})


def _study(storage: "RDBStorage", metric: Metric) -> "Study":
    import optuna
    from optuna.study import StudyDirection

    better, less = StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE
    directions = [better if metric.higher_is_better else less, less, less]
    choices = {name: list(values) for name, values in _CHOICES.items()}
    for _ in range(2):
        study = optuna.create_study(storage=storage, study_name=STUDY_NAME, directions=directions, load_if_exists=True)
        if study.user_attrs.get("choices", choices) == choices:
            break
        optuna.delete_study(study_name=STUDY_NAME, storage=storage)
    study.set_user_attr("choices", choices)
    study.set_metric_names([metric.name, "parameters", "FLOPs"])
    return study


def _trial(attempt: Attempt, finished: datetime, metric: Metric) -> "FrozenTrial":
    from optuna.trial import TrialState, create_trial

    metrics, score = attempt.result.metrics, attempt.oriented_score
    values = None
    if metrics is not None and score is not None:
        values = [metric.oriented(score), metrics.n_parameters, metrics.flops]
    trial = create_trial(
        state=TrialState.FAIL if values is None else TrialState.COMPLETE,
        values=values,
        params=_parameters(attempt),
        distributions=_distributions(),
        user_attrs=_attributes(attempt),
    )
    local = finished.astimezone().replace(tzinfo=None)  # Optuna's times are local and naive
    trial.datetime_start = local - timedelta(seconds=attempt.result.wall_seconds)
    trial.datetime_complete = local
    return trial


def _distributions() -> "dict[str, BaseDistribution]":
    from optuna.distributions import CategoricalDistribution

    return {name: CategoricalDistribution(choices) for name, choices in _CHOICES.items()}


def _parameters(attempt: Attempt) -> dict[str, str]:
    bands = _CHOICES["depth_band"][1:]
    edited = attempt.operator is not None and 0 <= attempt.depth_band < len(bands)
    return {
        "operator": attempt.operator or "rootstock",
        "depth_band": bands[attempt.depth_band] if edited else "whole",
        "family": attempt.family if attempt.family in _CHOICES["family"] else _HOST,
    }


def _attributes(attempt: Attempt) -> dict[str, object]:
    return {
        "attempt": attempt.index,
        "parent": attempt.parent_id,
        "family": attempt.family,
        "status": attempt.status.value,
        "stage": attempt.result.stage.value,
        "reason": attempt.result.reason,
        "gain": attempt.gain,
        "improved": attempt.improved,
        "genes": dict(attempt.genes),
        "inherited_epochs": attempt.result.inherited_epochs,
        "latency_ms": attempt.result.metrics.latency_ms if attempt.result.metrics else None,
    }
