"""From a model, a task and a library to a better model: everything `archgraft search` does, in order.

Setting up fails before anything is written; from then on the run folder holds all there is, and the same call goes on
where a stopped run was.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from archgraft.agent.attempt import Attempt
from archgraft.agent.attempt_runner import AttemptRunner
from archgraft.agent.budget import Budget
from archgraft.agent.choosers.make import make_chooser
from archgraft.agent.choosers.protocol import Chooser
from archgraft.agent.devices import DevicePool, find_devices
from archgraft.agent.errors import UsageError
from archgraft.agent.finals import Finals
from archgraft.agent.ladder import Ladder
from archgraft.agent.loop import SearchLoop, spent
from archgraft.agent.noise import early_stop_of, noise_of, plant_rootstock, seeds_of
from archgraft.agent.orchard import Orchard
from archgraft.agent.planners.make import make_planner
from archgraft.agent.planners.protocol import Planner
from archgraft.agent.progress import Watcher
from archgraft.agent.rootstock import Rootstock, plant, self_contained
from archgraft.agent.scoring import Scoring
from archgraft.agent.settings import SearchSettings, Settings, flat
from archgraft.agent.show_tree import BATCH
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.optuna_mirror import sync_mirror
from archgraft.agent.store.records import RunInfo
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trainer
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.limits import CostCaps
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.rungs import epochs_by_rung
from archgraft.evaluator.tasks.load import load_task
from archgraft.evaluator.tasks.protocol import Splits, Task
from archgraft.evaluator.tasks.soundness import check_data
from archgraft.evaluator.user_code import trained_by
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.contract_json import contract_to_json
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.model_reference import ModelReference

PRELOAD = ("archgraft.evaluator.trace", "archgraft.evaluator.train", "archgraft.evaluator.latency_pair")
"""What a sandbox for a search should have imported before its first job."""
_MIRROR_EVERY = 8


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What a user asks for."""

    model: str
    task: str
    library: Path
    budget: Budget
    out: Path
    settings: Settings
    sources: tuple[str, ...] = ()
    """Where to find packages that the model is in, besides what is installed."""
    command: str = ""


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """How a search ended."""

    winner: int
    """The winning candidate; 0 when none beat the rootstock."""
    ended_because: str


def search(request: SearchRequest, cache: Path, sandbox: Sandbox, watcher: Watcher) -> SearchOutcome:
    """Search, or go on with the search in `request.out`.

    Raises `UsageError`, `SourceError`, `TaskError` or `LibraryError` for what the user can mend, `SandboxError` when
    the sandbox is broken, and `KeyboardInterrupt` when stopped; in each case the same call resumes.
    """
    settings = request.settings
    reference = ModelReference.parse(request.model)
    planner = make_planner(settings.search.planner, settings.planner)
    task = load_task(request.task)
    with Library(request.library) as library:
        modules = {module.id: module for module in library.modules()}
    chooser = make_chooser(settings.search.chooser, settings.llm)
    chooser.check()
    splits = task.load()
    warnings = check_data(task, splits)
    check_recipe(recipe_of(task, settings), task.loss, splits)
    epochs_of_rungs(recipe_of(task, settings), settings.search)
    limits = limits_of(settings)
    devices = find_devices(settings.sandbox.device, settings.search.slots, sandbox, limits)
    watcher.phase(f"reading {request.model}")
    model = self_contained(reference, request.sources, cache)
    rootstock = plant(request.model, model, sandbox, splits.train.inputs[:BATCH], limits)
    check_output(rootstock, task)
    with open_run(request.out, run_info(request, task, modules)) as store:
        warn(store, warnings, watcher)
        setup = _Setup(request, task, splits, modules, rootstock, sandbox, store, chooser, devices)
        return setup.run(planner, watcher)


@dataclass(frozen=True)
class _Setup:
    """All that one search works with."""

    request: SearchRequest
    task: Task
    splits: Splits
    modules: dict[str, LibraryModule]
    rootstock: Rootstock
    sandbox: Sandbox
    store: RunStore
    chooser: Chooser
    devices: DevicePool

    def run(self, planner: Planner, watcher: Watcher) -> SearchOutcome:
        search, metric = self.request.settings.search, self.task.metric
        limits = limits_of(self.request.settings)
        recipe = recipe_of(self.task, self.request.settings)
        trainer = Trainer(self.sandbox, self.task, self.splits, recipe, limits, devices=self.devices)
        watcher.phase("measuring the rootstock and its seed noise")
        seeds = seeds_of(search.seed, search.confirmation_seeds)
        trainers = [trainer.with_epochs(epochs) for epochs in epochs_of_rungs(recipe, search)]
        plant_rootstock(self.store, self.rootstock, trainers, metric, seeds, search.slots)
        scoring = Scoring(
            trainers=[stopping(one, self.store, rung, search) for rung, one in enumerate(trainers)],
            metric=metric,
            noises=[noise_of(self.store, rung) for rung in range(len(trainers))],
            seeds=seeds[: search.confirmation_seeds],
            let_through_share=search.let_through_share,
        )
        caps = caps_of(self.rootstock, search)
        orchard = Orchard(
            self.store,
            offered_modules(self.modules, search.max_module_lines),
            causal=self.task.causal,
            caps=caps,
        )
        workshop = Workshop(
            self.sandbox,
            self.rootstock,
            lambda module_id: self.modules[module_id].spec,
            self.splits.train.inputs[:BATCH],
            limits,
            caps,
            search.seed,
        )
        loop = SearchLoop(
            store=self.store,
            planner=planner,
            chooser=self.chooser,
            runner=AttemptRunner(self.store, orchard, workshop, scoring),
            orchard=orchard,
            ladder=Ladder(search.rungs, search.reduction, search.let_through_share, search.seed),
            budget=self.request.budget,
            task_line=task_line(self.task, self.splits),
            seed=search.seed,
            slots=search.slots,
            on_attempt=lambda attempt: self._heard(attempt, watcher),
        )
        self._refuse_reopening()
        watcher.phase(
            f"searching: {search.planner} planner, {search.chooser} chooser, seed noise {scoring.noises[-1]:.3g}"
        )
        ended_because = loop.run()
        self.store.record_event("search ended", ended_because)
        sync_mirror(self.store)
        finals = Finals(self.store, trainer, search.n_finalists, search.finalist_seeds, search.seed, search.slots)
        winner = finals.run(watcher.phase)
        return SearchOutcome(winner.index, ended_because)

    def _heard(self, attempt: Attempt, watcher: Watcher) -> None:
        watcher.attempt(attempt, self.request.budget.left(spent(self.store, attempt.index)))
        if attempt.index % _MIRROR_EVERY == 0:
            sync_mirror(self.store)

    def _refuse_reopening(self) -> None:
        """Law 9: once the test split was opened, what a longer search finds could not be measured any more."""
        n_attempts = len(self.store.attempts()) - 1
        if self.store.sealed_test_used() and self.request.budget.exhausted(spent(self.store, n_attempts)) is None:
            raise UsageError(
                f"{self.request.out}: this run is finished: its sealed test split was opened after {n_attempts} "
                "attempts, so a larger budget comes too late for it. Start a new run with another --out"
            )


def warn(store: RunStore, warnings: Sequence[str], watcher: Watcher) -> None:
    """Say what is suspicious, and keep it for the report: once, however often the run is taken up again."""
    known = {event.text for event in store.events() if event.kind == "warning"}
    for text in warnings:
        watcher.warning(text)
        if text not in known:
            store.record_event("warning", text)


def limits_of(settings: Settings) -> Limits:
    """What one candidate may use."""
    chosen = settings.sandbox
    return Limits(
        wall_seconds=chosen.wall_seconds,
        cpu_seconds=chosen.cpu_seconds,
        memory_bytes=chosen.memory_bytes,
        n_threads=chosen.n_threads,
    )


def recipe_of(task: Task, settings: Settings) -> Recipe:
    """The task's recipe with what the settings override."""
    overrides = {name: value for name, value in asdict(settings.recipe).items() if value is not None}
    return replace(task.recipe, **overrides)


def epochs_of_rungs(recipe: Recipe, settings: SearchSettings) -> tuple[int, ...]:
    """The epochs of each rung. Raises `UsageError` when there are too few to tell rungs apart."""
    try:
        return epochs_by_rung(recipe.epochs, settings.rungs, settings.reduction)
    except ValueError as error:
        raise UsageError(f"search.rungs: {error}: set fewer rungs, or more epochs (recipe.epochs)") from error


def stopping(trainer: Trainer, store: RunStore, rung: int, settings: SearchSettings) -> Trainer:
    """The trainer of a rung, which ends what clearly doesn't learn unless that is turned off."""
    return trainer.stopping_early(early_stop_of(store, rung)) if settings.early_stop else trainer


def check_recipe(recipe: Recipe, loss: str, splits: Splits) -> None:
    """Raises `UsageError` for a recipe that the data can't be trained with, `TaskError` for functions not found."""
    trained_by(recipe, loss)
    inputs = splits.train.inputs
    if recipe.augments and (inputs.ndim != 4 or inputs.dtype != "float32"):
        raise UsageError(
            f"recipe.crop_padding and recipe.horizontal_flip change pictures, but one input is {inputs.dtype} of shape "
            f"{inputs.shape[1:]}: leave them at 0 and false"
        )


def caps_of(rootstock: Rootstock, settings: SearchSettings) -> CostCaps:
    """Hard limits on what any candidate may cost, from the rootstock's own cost."""
    tree = rootstock.tree
    return CostCaps.around(tree.n_parameters, tree.flops, settings.max_parameters_ratio, settings.max_flops_ratio)


def offered_modules(modules: Mapping[str, LibraryModule], max_lines: int) -> dict[str, tuple[str, Contract]]:
    """The modules short enough for a model that people still read."""
    short = (module for module in modules.values() if module.spec.n_lines <= max_lines)
    return {module.id: (module.spec.class_name, module.contract) for module in short}


def check_output(rootstock: Rootstock, task: Task) -> None:
    """Raises `UsageError` when the model can't be what the task asks for."""
    if rootstock.output_shape != task.output_shape:
        raise UsageError(
            f"{rootstock.reference} gives outputs of shape {rootstock.output_shape} per sample, but task {task.name} "
            f"needs {task.output_shape}: change the model's arguments, or choose another task"
        )


def task_line(task: Task, splits: Splits) -> str:
    """The task in one line, for prompts and reports."""
    metric = task.metric
    better = "higher" if metric.higher_is_better else "lower"
    shape = "x".join(map(str, splits.train.inputs.shape[1:]))
    return f"{task.name}: inputs {shape}, {len(splits.train)} training samples, {metric.name} ({better} is better)"


def run_info(request: SearchRequest, task: Task, modules: Mapping[str, LibraryModule]) -> RunInfo:
    """What the run store keeps about a search, and compares when it is resumed."""
    search = request.settings.search
    content = [(module.id, contract_to_json(module.contract)) for module in modules.values()]
    return RunInfo(
        settings=flat(request.settings),
        seed=search.seed,
        model=request.model,
        task=request.task,
        metric=task.metric,
        library_path=str(request.library),
        library_digest=hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest(),
        planner=search.planner,
        chooser=search.chooser,
        budget={key: value for key, value in asdict(request.budget).items() if value is not None},
        command=request.command,
    )
