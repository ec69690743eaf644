"""The parts of a search, made from its settings, task and rootstock; each refuses what can't be.

They are checked before a run folder is written.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from archgraft.agent.errors import UsageError
from archgraft.agent.genes.pool import GenePool
from archgraft.agent.genes.space import gene_space, is_picture
from archgraft.agent.noise import early_stop_of
from archgraft.agent.proxies import ProxyFilter
from archgraft.agent.rootstock import Rootstock
from archgraft.agent.screening import CostScreen, ProxyScreen, Screen
from archgraft.agent.settings import SearchSettings, Settings
from archgraft.agent.store.reader import RunReader
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.trainer import Trainer
from archgraft.agent.weight_keeping import WeightKeeper
from archgraft.evaluator.cost_check import CostRatios
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.limits import CostCaps
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.rungs import epochs_by_rung
from archgraft.evaluator.tasks.protocol import Splits, Task
from archgraft.evaluator.user_code import check_apart, trained_by
from archgraft.sandbox.protocol import Limits
from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.library_records import LibraryModule


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


def proxy_screen_of(trainer: Trainer, settings: Settings) -> ProxyScreen | None:
    """What hears zero-cost proxies, if any are on. Raises `UsageError` for one that is none."""
    search = settings.search
    proxies = ProxyFilter(settings.proxies, search.let_through_share, search.seed)
    return ProxyScreen(trainer, proxies, search.seed) if proxies.names else None


def cost_ratios_of(settings: SearchSettings) -> CostRatios:
    """The limits on latency and memory."""
    return CostRatios(settings.max_latency_ratio, settings.max_memory_ratio)


def screens_of(
    trainer: Trainer, rootstock: Rootstock, proxies: ProxyScreen | None, settings: SearchSettings
) -> list[Screen]:
    """What candidates must pass before they are trained: what proxies say is not worth timing, so they come first."""
    source = CandidateSource(rootstock.tree.source, rootstock.tree.construct)
    ratios = cost_ratios_of(settings)
    return [
        *([proxies] if proxies is not None else []),
        *([CostScreen(trainer, source, ratios, settings.seed)] if ratios.any_set else []),
    ]


def genes_of(recipe: Recipe, task: Task, splits: Splits, settings: Settings) -> GenePool:
    """What of the recipe candidates may have as their own. Raises `UsageError` for a gene that can't be."""
    space = gene_space(settings.genes.names, recipe, task.loss, splits.train)
    return GenePool(space, settings.genes.inherit_share, settings.search.seed)


def stopping(trainer: Trainer, store: RunReader, rung: int, settings: SearchSettings) -> Trainer:
    """The trainer of a rung, which ends what clearly doesn't learn unless that is turned off."""
    return trainer.stopping_early(early_stop_of(store, rung)) if settings.early_stop else trainer


def keeper_of(store: RunStore, settings: SearchSettings) -> WeightKeeper | None:
    """Who keeps trained weights for children to inherit; nobody unless that is turned on."""
    return WeightKeeper(store, settings.inherited_weights_bytes, settings.slots) if settings.inherit_weights else None


def check_recipe(recipe: Recipe, loss: str, splits: Splits, data: Path | None) -> None:
    """Raises `UsageError` for a recipe that the data can't be trained with, `TaskError` for the user's functions.

    It is raised where they aren't found, or would open the place of the data to models.
    """
    trained = trained_by(recipe, loss)
    if data is not None:
        check_apart(trained.readable, data)
    inputs = splits.train.inputs
    if recipe.augments and not is_picture(inputs.shape, str(inputs.dtype)):
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
