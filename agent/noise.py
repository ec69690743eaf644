"""The first thing a search measures: the rootstock's score, and how much of a score is mere seed."""

import json
from concurrent.futures import ThreadPoolExecutor

from archgraft.agent.attempt import Attempt
from archgraft.agent.descriptor import describe
from archgraft.agent.errors import UsageError
from archgraft.agent.rootstock import Rootstock
from archgraft.agent.store.reader import RunReader
from archgraft.agent.store.records import Candidate
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trained, Trainer
from archgraft.evaluator.early_stop import EarlyStop
from archgraft.evaluator.statistics import seed_noise
from archgraft.evaluator.tasks.protocol import Metric
from archgraft.tree_ops.identity import tree_hash

N_SEEDS = 3
_CURVE = "training losses of the rootstock"


def plant_rootstock(
    store: RunStore, rootstock: Rootstock, trainer: Trainer, metric: Metric, seed: int, slots: int
) -> None:
    """Record attempt 0, the rootstock, and its scores under further seeds. What is there already is not repeated.

    Raises `UsageError` when the rootstock itself can't be trained.
    """
    tree = rootstock.tree
    if not any(attempt.index == 0 for attempt in store.attempts()):
        store.record_candidate(Candidate(0, None, None, None, tree_hash(tree), tree.source, tree.construct, tree))
    done = {measured.result.seed for measured in store.measurements("rootstock")}
    missing = [each for each in range(seed, seed + N_SEEDS) if each not in done]
    with ThreadPoolExecutor(slots) as pool:
        for trained in pool.map(lambda each: trainer.train(tree.source, tree.construct, each), missing):
            _record(store, rootstock, trained, metric, seed)


def early_stop_of(store: RunReader) -> EarlyStop:
    """The rule that stops candidates, from the rootstock's training losses."""
    return EarlyStop([json.loads(event.text) for event in store.events() if event.kind == _CURVE])


def _record(store: RunStore, rootstock: Rootstock, trained: Trained, metric: Metric, seed: int) -> None:
    result = trained.result
    if result.metrics is None:
        raise UsageError(
            f"{rootstock.reference} itself can't be trained on this task: {result.status} at stage {result.stage}: "
            f"{result.reason}"
        )
    store.record_event(_CURVE, json.dumps(trained.train_losses))
    if result.seed != seed:
        store.record_measurement(0, "rootstock", result, trained.compute)
        return
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
        descriptor=describe(rootstock.tree, rootstock.tree),
        n_parameters=rootstock.tree.n_parameters,
    )
    store.record_result(attempt, trained.compute)


def noise_of(store: RunReader) -> float:
    """Sample standard deviation of the rootstock's validation score over seeds."""
    measured = [item.result.metrics for item in store.measurements("rootstock")]
    return seed_noise([metrics.score for metrics in measured if metrics is not None])
