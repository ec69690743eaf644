"""Trains models for a search: the same task, recipe and limits for the rootstock and every candidate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

from archgraft.agent.devices import DevicePool
from archgraft.agent.genes.space import Genes
from archgraft.agent.steady_sandbox import once_more_when_lost
from archgraft.agent.store.records import Compute
from archgraft.evaluator.cost_check import CostRatios, CostVerdict, cost_check
from archgraft.evaluator.devices import Device
from archgraft.evaluator.early_stop import EarlyStop
from archgraft.evaluator.evaluate import CandidateSource, Evaluation, Start
from archgraft.evaluator.latency_comparison import FULL_EFFORT, Compared, Effort, TimedModel, compare_latency
from archgraft.evaluator.proxies.score import ProxyScores, proxy_scores
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.rescue import evaluate_with_rescue
from archgraft.evaluator.results import Result
from archgraft.evaluator.tasks.protocol import Splits, Task
from archgraft.evaluator.user_code import trained_by
from archgraft.evaluator.variants import Variant
from archgraft.sandbox.protocol import Limits, Sandbox

_SHAPE_LOSSES = ("label_smoothing", "crop_padding", "horizontal_flip")
"""Parts of a recipe that raise the training loss of a model that learns well."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of one training or one evaluation of trained weights."""

    result: Result
    train_losses: tuple[float, ...]
    weights: Mapping[str, np.ndarray] | None
    compute: Compute


@dataclass(frozen=True)
class Trainer:
    """Everything that training needs but the model."""

    sandbox: Sandbox
    task: Task
    splits: Splits
    recipe: Recipe
    limits: Limits
    early_stop: EarlyStop | None = None
    devices: DevicePool = field(default_factory=DevicePool)
    timed_variants: tuple[Variant, ...] = (Variant.AS_IS, Variant.FUSED)
    timing: Effort = FULL_EFFORT
    """How finalists are timed."""

    def train(
        self,
        source: str,
        construct: str,
        seed: int,
        *,
        start: Start | None = None,
        keep_weights: bool = False,
        let_through: bool = False,
    ) -> Trained:
        """Train, from scratch unless there is a start, and score on the validation split; options as in `evaluate`."""
        options: dict[str, Any] = {
            "early_stop": self.early_stop,
            "let_through": let_through,
            "keep_weights": keep_weights,
            "start": start,
        }
        return self._evaluated(source, construct, seed, options)

    def test(self, source: str, construct: str, seed: int, weights: Path) -> Trained:
        """Score trained weights on the sealed test split."""
        return self._evaluated(source, construct, seed, {"split": "test", "weights": load_file(weights)})

    def time(self, candidate: TimedModel, rootstock: TimedModel, seed: int) -> tuple[Compared, Compute]:
        """How fast one model is beside another, and what it cost to tell."""
        with self.devices.lease() as device:
            inputs = self.splits.validation.inputs
            compared = once_more_when_lost(
                self.sandbox,
                lambda: compare_latency(
                    self.sandbox,
                    candidate,
                    rootstock,
                    inputs,
                    limits=self.limits,
                    seed=seed,
                    device=device,
                    variants=self.timed_variants,
                    effort=self.timing,
                ),
            )
        return compared, _compute(compared, device)

    def check_cost(
        self, candidate: CandidateSource, rootstock: CandidateSource, ratios: CostRatios, seed: int
    ) -> CostVerdict:
        """Hold an untrained model against the limits on latency and memory."""
        with self.devices.lease() as device:
            inputs = self.splits.validation.inputs
            return cost_check(
                self.sandbox, candidate, rootstock, inputs, ratios, limits=self.limits, seed=seed, device=device
            )

    def proxies(self, source: CandidateSource, names: Sequence[str], seed: int) -> ProxyScores:
        """Zero-cost proxies of an untrained model."""
        trained = trained_by(self.recipe, self.task.loss)
        with self.devices.lease() as device:
            return proxy_scores(
                self.sandbox,
                source,
                trained.loss,
                self.splits.train,
                names=names,
                seed=seed,
                limits=self.limits,
                readable=trained.readable,
                device=device,
            )

    def stopping_early(self, early_stop: EarlyStop) -> "Trainer":
        """The same, but a candidate that clearly doesn't learn is stopped."""
        return replace(self, early_stop=early_stop)

    def with_genes(self, genes: Genes) -> "Trainer":
        """The same with a candidate's own recipe. Losses of other labels or pictures are not the rootstock's to judge:
        where genes change these, nobody is stopped early."""
        changed: dict[str, Any] = dict(genes)
        recipe = replace(self.recipe, **changed)
        alike = all(getattr(recipe, name) == getattr(self.recipe, name) for name in _SHAPE_LOSSES)
        return replace(self, recipe=recipe, early_stop=self.early_stop if alike else None)

    def with_epochs(self, epochs: int) -> "Trainer":
        """The same, with a shorter or longer training."""
        return replace(self, recipe=replace(self.recipe, epochs=epochs))

    def _evaluated(self, source: str, construct: str, seed: int, options: Mapping[str, Any]) -> Trained:
        with self.devices.lease() as device:
            done = once_more_when_lost(
                self.sandbox,
                lambda: evaluate_with_rescue(
                    self.sandbox,
                    CandidateSource(source, construct),
                    self.task,
                    self.splits,
                    seed=seed,
                    limits=self.limits,
                    recipe=self.recipe,
                    device=device,
                    **options,
                ),
            )
        return Trained(done.result, done.train_losses, done.weights, _compute(done, device))


def _compute(done: Evaluation | Compared, device: Device) -> Compute:
    return Compute(done.wall_seconds, done.cpu_seconds, done.wall_seconds if device.is_gpu else 0.0)
