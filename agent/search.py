"""From a model, a task and a library to a better model: everything `archgraft search` does, in order.

Setting up fails before anything is written; from then on the run folder holds all there is, and the same call goes on
where a stopped run was.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from archgraft.agent.attempt import Attempt
from archgraft.agent.attempt_runner import AttemptRunner
from archgraft.agent.budget import Budget
from archgraft.agent.choosers.make import make_chooser
from archgraft.agent.choosers.protocol import Chooser
from archgraft.agent.devices import DevicePool, find_devices, peak_gpu_bytes
from archgraft.agent.eligibility import Eligibility
from archgraft.agent.errors import UsageError
from archgraft.agent.finals import Finals
from archgraft.agent.free_memory import give_back_free_memory
from archgraft.agent.heritage import Nursery
from archgraft.agent.ladder import Ladder
from archgraft.agent.loop import SearchLoop, spent
from archgraft.agent.noise import noise_of, plant_rootstock, seeds_of
from archgraft.agent.orchard import Orchard
from archgraft.agent.planners.make import make_planner
from archgraft.agent.planners.protocol import Planner
from archgraft.agent.progress import Watcher
from archgraft.agent.proxies import proxy_names
from archgraft.agent.rootstock import Rootstock, plant, self_contained
from archgraft.agent.scoring import Scoring
from archgraft.agent.search_parts import (
    caps_of,
    check_output,
    check_recipe,
    cost_ratios_of,
    epochs_of_rungs,
    genes_of,
    keeper_of,
    limits_of,
    offered_modules,
    proxy_screen_of,
    recipe_of,
    screens_of,
    stopping,
    task_line,
)
from archgraft.agent.settings import Settings, flat
from archgraft.agent.show_tree import BATCH
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.optuna_mirror import sync_mirror
from archgraft.agent.store.records import RunInfo
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trainer
from archgraft.agent.weight_keeping import WeightKeeper
from archgraft.agent.workshop import Workshop
from archgraft.evaluator.latency_comparison import Effort
from archgraft.evaluator.tasks.load import data_place, load_task
from archgraft.evaluator.tasks.protocol import Splits, Task
from archgraft.evaluator.tasks.soundness import check_data
from archgraft.evaluator.variants import Variant
from archgraft.evaluator.weight_count import n_in_buffers
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.contract_json import contract_to_json
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.model_reference import ModelReference

PRELOAD = (
    "archgraft.evaluator.trace",
    "archgraft.evaluator.train",
    "archgraft.evaluator.dissect",
    "archgraft.evaluator.compare",
    "archgraft.evaluator.timed_model",
    "archgraft.evaluator.proxies.compute",
)
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
    proxy_names(settings.proxies.names)  # refused before anything is loaded
    splits = task.load()
    warnings = check_data(task, splits)
    check_recipe(recipe_of(task, settings), task.loss, splits, data_place(request.task))
    epochs_of_rungs(recipe_of(task, settings), settings.search)
    genes_of(recipe_of(task, settings), task, splits, settings)
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
        variants = tuple(one for one in Variant if one is not Variant.COMPILED or search.time_compiled)
        trainer = Trainer(
            self.sandbox,
            self.task,
            self.splits,
            recipe,
            limits,
            devices=self.devices,
            timed_variants=variants,
            timing=Effort.of(search.latency_rounds),
        )
        watcher.phase("measuring the rootstock and its seed noise")
        seeds = seeds_of(search.seed, search.confirmation_seeds)
        trainers = [trainer.with_epochs(epochs) for epochs in epochs_of_rungs(recipe, search)]
        proxies = proxy_screen_of(trainer, self.request.settings)
        keeper = keeper_of(self.store, search)
        plant_rootstock(
            self.store,
            self.rootstock,
            trainers,
            metric,
            seeds,
            search.slots,
            lambda source: proxies.computed(source).scores if proxies is not None else {},
            keeper,
        )
        self.devices.fit(peak_gpu_bytes(self.store))
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
        nursery = None
        if keeper is not None:
            nursery = Nursery(self.store, keeper, orchard, trainer, workshop.inputs, scoring.seeds)
        loop = SearchLoop(
            store=self.store,
            planner=planner,
            chooser=self.chooser,
            runner=AttemptRunner(
                self.store, orchard, workshop, scoring, screens_of(trainer, self.rootstock, proxies, search), nursery
            ),
            orchard=orchard,
            ladder=Ladder(search.rungs, search.reduction, search.let_through_share, search.seed),
            genes=genes_of(recipe, self.task, self.splits, self.request.settings),
            budget=self.request.budget,
            task_line=task_line(self.task, self.splits),
            seed=search.seed,
            slots=search.slots,
            on_attempt=lambda attempt: self._heard(attempt, keeper, watcher),
        )
        self._refuse_reopening()
        watcher.phase(
            f"searching: {search.planner} planner, {search.chooser} chooser, seed noise {scoring.noises[-1]:.3g}"
        )
        ended_because = loop.run()
        self.store.record_event("search ended", ended_because)
        sync_mirror(self.store)
        finals = Finals(
            self.store,
            trainer,
            Eligibility(caps, cost_ratios_of(search), n_in_buffers(self.rootstock.tree)),
            search.n_finalists,
            search.finalist_seeds,
            search.seed,
            search.slots,
        )
        winner = finals.run(watcher.phase)
        return SearchOutcome(winner.index, ended_because)

    def _heard(self, attempt: Attempt, keeper: WeightKeeper | None, watcher: Watcher) -> None:
        if keeper is not None:
            keeper.tell(attempt)
        watcher.attempt(attempt, self.request.budget.left(spent(self.store, attempt.index)))
        if attempt.index % _MIRROR_EVERY == 0:
            sync_mirror(self.store)
            give_back_free_memory()

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
        recipe=asdict(recipe_of(task, request.settings)),
        command=request.command,
    )
