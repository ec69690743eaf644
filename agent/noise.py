"""The first thing a search measures: the rootstock's score, and how much of a score is mere seed."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from statistics import fmean

from archgraft.agent.attempt import Attempt
from archgraft.agent.descriptor import describe
from archgraft.agent.errors import UsageError
from archgraft.agent.rootstock import Rootstock
from archgraft.agent.store.reader import RunReader
from archgraft.agent.store.records import Candidate, Compute, Role
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trained, Trainer
from archgraft.agent.weight_keeping import WeightKeeper
from archgraft.evaluator.early_stop import EarlyStop
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.results import Metrics, Result, joined
from archgraft.evaluator.statistics import seed_noise
from archgraft.evaluator.tasks.protocol import Metric
from archgraft.tree_ops.identity import tree_hash

_CURVE = "training losses of the rootstock"
_ROLES: tuple[Role, ...] = ("rung", "confirmation")


def plant_rootstock(
    store: RunStore,
    rootstock: Rootstock,
    trainers: Sequence[Trainer],
    metric: Metric,
    seeds: Sequence[int],
    slots: int,
    proxies: Callable[[CandidateSource], Mapping[str, float]] = lambda _: {},
    keeper: WeightKeeper | None = None,
) -> None:
    """Record attempt 0, the rootstock, trained on every rung: its score is the mean over the seeds on the top one.

    `trainers` are those of the rungs, the lowest first; `proxies` gives its zero-cost proxies, `keeper` keeps what
    the top one trained it to. What is there already is not repeated. Raises `UsageError` when the rootstock itself
    can't be trained.
    """
    if any(attempt.index == 0 for attempt in store.attempts()):
        return
    tree = rootstock.tree
    store.record_candidate(Candidate(0, None, None, None, tree_hash(tree), tree.source, tree.construct, tree))
    done = {(one.result.rung, one.result.seed) for role in _ROLES for one in store.measurements(role)}
    top = len(trainers) - 1
    missing = [(rung, seed) for rung in range(top + 1) for seed in seeds if (rung, seed) not in done]
    keeps = keeper is not None and keeper.wants(tree)

    def train(pair: tuple[int, int]) -> Trained:
        return trainers[pair[0]].train(tree.source, tree.construct, pair[1], keep_weights=keeps and pair[0] == top)

    with ThreadPoolExecutor(slots) as pool:
        for (rung, seed), trained in zip(missing, pool.map(train, missing)):
            if keeper is not None and trained.weights is not None:
                keeper.keep(0, tree, {seed: trained.weights})
            _record(store, rootstock, trained, rung, is_top=rung == top)
    result = mean_result([measured.result for measured in store.measurements("confirmation")])
    assert result.metrics is not None, "every seed of the rootstock has a score"
    first = {result.rung: metrics.score for result, metrics in _own(store) if result.seed == seeds[0]}
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
        rung_scores=tuple(metric.oriented(first[rung]) for rung in range(len(trainers))),
        weights_bytes=0 if keeper is None else keeper.keep(0, tree, {}),
        proxy_scores=proxies(CandidateSource(tree.source, tree.construct)),
    )
    store.record_result(attempt, Compute())  # its trainings are charged already, one by one


def seeds_of(first: int, confirmation_seeds: int) -> range:
    """The seeds of the search; at least two, or the rootstock's noise can't be told."""
    return range(first, first + max(confirmation_seeds, 2))


def early_stop_of(store: RunReader, rung: int) -> EarlyStop:
    """The rule that stops candidates on a rung, from the rootstock's training losses there."""
    told = (json.loads(event.text) for event in store.events() if event.kind == _CURVE)
    return EarlyStop([curve["train_losses"] for curve in told if curve["rung"] == rung])


def _own(store: RunReader) -> Iterator[tuple[Result, Metrics]]:
    """The rootstock's results on all rungs, each with its metrics."""
    for role in _ROLES:
        for measured in store.measurements(role):
            if measured.candidate_id == 0 and measured.result.metrics is not None:
                yield measured.result, measured.result.metrics


def _record(store: RunStore, rootstock: Rootstock, trained: Trained, rung: int, *, is_top: bool) -> None:
    result = replace(trained.result, rung=rung)
    if result.metrics is None:
        raise UsageError(
            f"{rootstock.reference} itself can't be trained on this task: {result.status} at stage {result.stage}: "
            f"{result.reason}"
        )
    store.record_event(_CURVE, json.dumps({"rung": rung, "train_losses": trained.train_losses}))
    store.record_measurement(0, "confirmation" if is_top else "rung", result, trained.compute)


def mean_result(results: Sequence[Result]) -> Result:
    """The first result with the mean score of all; the first that failed, if one did. Stages are those of all."""
    scores, stages = [], joined(result.stages for result in results)
    for result in results:
        if result.metrics is None:
            return replace(result, stages=stages)
        scores.append(result.metrics.score)
    first = results[0]
    assert first.metrics is not None
    return replace(
        first,
        metrics=replace(first.metrics, score=fmean(scores)),
        n_seeds=len(results),
        rescues=tuple(rescue for result in results for rescue in result.rescues),
        stages=stages,
    )


def noise_of(store: RunReader, rung: int) -> float:
    """Sample standard deviation of the rootstock's validation score over seeds, on a rung."""
    return seed_noise([metrics.score for result, metrics in _own(store) if result.rung == rung])


def score_variance(attempt: Attempt, told: Sequence[Attempt]) -> float:
    """Variance of an attempt's score on the top rung, as a multiple of one training's.

    A score that goes back to a gain over the parent trained longer has the noise of three: the parent's, the control's
    and its own.
    """
    own = 1 / attempt.result.n_seeds
    if attempt.result.from_scratch or attempt.parent_id is None:
        return own
    return score_variance(told[attempt.parent_id], told) + 2 * own


def noise_of_gain(noise: float, *variances: float) -> float:
    """Standard deviation of a difference of scores when it is noise alone; variances are as `score_variance` says."""
    return noise * math.sqrt(sum(variances))
