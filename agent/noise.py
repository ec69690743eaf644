"""The first thing a search measures: the rootstock's score, and how much of a score is mere seed."""

import json
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import fmean

from archgraft.agent.attempt import Attempt
from archgraft.agent.descriptor import describe
from archgraft.agent.errors import UsageError
from archgraft.agent.rootstock import Rootstock
from archgraft.agent.store.reader import RunReader
from archgraft.agent.store.records import Candidate, Compute
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trained, Trainer
from archgraft.evaluator.early_stop import EarlyStop
from archgraft.evaluator.results import Result
from archgraft.evaluator.statistics import seed_noise
from archgraft.evaluator.tasks.protocol import Metric
from archgraft.tree_ops.identity import tree_hash

_CURVE = "training losses of the rootstock"


def plant_rootstock(
    store: RunStore, rootstock: Rootstock, trainer: Trainer, metric: Metric, seeds: Sequence[int], slots: int
) -> None:
    """Record attempt 0, the rootstock: its score is the mean over the seeds. What is there already is not repeated.

    Raises `UsageError` when the rootstock itself can't be trained.
    """
    if any(attempt.index == 0 for attempt in store.attempts()):
        return
    tree = rootstock.tree
    store.record_candidate(Candidate(0, None, None, None, tree_hash(tree), tree.source, tree.construct, tree))
    done = {measured.result.seed for measured in store.measurements("confirmation")}
    missing = [seed for seed in seeds if seed not in done]
    with ThreadPoolExecutor(slots) as pool:
        for trained in pool.map(lambda seed: trainer.train(tree.source, tree.construct, seed), missing):
            _record(store, rootstock, trained)
    result = mean_result([measured.result for measured in store.measurements("confirmation")])
    assert result.metrics is not None, "every seed of the rootstock has a score"
    attempt = Attempt(
        index=0,
        parent_id=None,
        operator=None,
        depth_band=0,
        family="",
        result=result,
        oriented_score=metric.oriented(result.metrics.score),
        gain=None,
        improved=False,
        descriptor=describe(tree, tree),
        n_parameters=tree.n_parameters,
    )
    store.record_result(attempt, Compute())  # its trainings are charged already, one by one


def seeds_of(first: int, confirmation_seeds: int) -> range:
    """The seeds of the search; at least two, or the rootstock's noise can't be told."""
    return range(first, first + max(confirmation_seeds, 2))


def early_stop_of(store: RunReader) -> EarlyStop:
    """The rule that stops candidates, from the rootstock's training losses."""
    return EarlyStop([json.loads(event.text) for event in store.events() if event.kind == _CURVE])


def _record(store: RunStore, rootstock: Rootstock, trained: Trained) -> None:
    result = trained.result
    if result.metrics is None:
        raise UsageError(
            f"{rootstock.reference} itself can't be trained on this task: {result.status} at stage {result.stage}: "
            f"{result.reason}"
        )
    store.record_event(_CURVE, json.dumps(trained.train_losses))
    store.record_measurement(0, "confirmation", result, trained.compute)


def mean_result(results: Sequence[Result]) -> Result:
    """The first result with the mean score of all; the first that failed, if one did."""
    scores = []
    for result in results:
        if result.metrics is None:
            return result
        scores.append(result.metrics.score)
    first = results[0]
    assert first.metrics is not None
    rescues = tuple(rescue for result in results for rescue in result.rescues)
    return replace(first, metrics=replace(first.metrics, score=fmean(scores)), n_seeds=len(results), rescues=rescues)


def noise_of(store: RunReader) -> float:
    """Sample standard deviation of the rootstock's validation score over seeds."""
    found = [each.result.metrics for each in store.measurements("confirmation") if each.candidate_id == 0]
    return seed_noise([metrics.score for metrics in found if metrics is not None])


def noise_of_gain(noise: float, n_child: int, n_parent: int) -> float:
    """Standard deviation of a difference of two mean scores, over so many seeds each, when it is noise alone."""
    return noise * math.sqrt(1 / n_child + 1 / n_parent)
