"""The parts of the recipe that candidates may have as their own, and within which bounds.

Bounds hold the task's own value, so that the rootstock's recipe is one of those that are searched.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from archgraft.agent.errors import UsageError
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.protocol import Split

GeneValue = bool | int | float
Genes = Mapping[str, GeneValue]
"""Parts of the recipe by name, each with the value that stands in for the task's; empty: the task's own recipe."""

AUTO = "auto"
RATE_FACTOR, DECAY_FACTOR = 5.0, 10.0
"""How far rates may go, either way."""
MOST_SMOOTHING, MOST_WARMUP = 0.2, 0.3
CROP_SHARE = 0.25
"""Of a picture's smaller side: the widest padding."""
DIGITS = 3


@dataclass(frozen=True, slots=True)
class Gene:
    """One part of the recipe; its kind of value is that of `own`, the task's."""

    name: str
    own: GeneValue
    low: float = 0.0
    high: float = 1.0
    """Both bounds are included."""
    log: bool = False
    """Whether values are even on a logarithmic scale."""

    def rounded(self, value: GeneValue) -> GeneValue:
        """The value in three digits, within the bounds: more would promise what no training can tell apart."""
        if not isinstance(value, float):
            return value
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)


def gene_space(names: str, recipe: Recipe, loss: str, train: Split) -> tuple[Gene, ...]:
    """The genes that a setting names, in the order of the recipe; all that fit for `auto`. Raises `UsageError`."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    makers = _makers(recipe, loss, train)
    if wanted == [AUTO]:
        return _that_fit(recipe, makers)
    for name in wanted:
        if name not in makers:
            raise UsageError(f"genes.names: {name!r} is no gene; the genes are {', '.join(makers)}, or {AUTO} alone")
        if isinstance(reason := makers[name](), str):
            raise UsageError(f"genes.names: {name} can't be a gene here: {reason}")
    return tuple(gene for name, make in makers.items() if name in wanted and isinstance(gene := make(), Gene))


_Maker = Callable[[], Gene | str]
"""Gives a gene, or why it can't be one."""


def _that_fit(recipe: Recipe, makers: Mapping[str, _Maker]) -> tuple[Gene, ...]:
    """What pictures are changed by is left alone unless the recipe does it already: a mirrored digit is no digit."""
    if recipe.train_function is not None:
        raise UsageError(
            f"genes.names={AUTO}: nobody but you knows which parts of the recipe {recipe.train_function} heeds: "
            f"name them, of {', '.join(makers)}"
        )
    unused = {"crop_padding": not recipe.crop_padding, "horizontal_flip": not recipe.horizontal_flip}
    made = [make() for name, make in makers.items() if not unused.get(name)]
    return tuple(gene for gene in made if isinstance(gene, Gene))


def _makers(recipe: Recipe, loss: str, train: Split) -> dict[str, _Maker]:
    return {
        "learning_rate": lambda: _learning_rate(recipe),
        "weight_decay": lambda: _weight_decay(recipe),
        "warmup_share": lambda: Gene("warmup_share", recipe.warmup_share, high=max(MOST_WARMUP, recipe.warmup_share)),
        "label_smoothing": lambda: _label_smoothing(recipe, loss),
        "crop_padding": lambda: _crop_padding(recipe, train),
        "horizontal_flip": lambda: _not_pictures(train) or Gene("horizontal_flip", recipe.horizontal_flip),
    }


def _learning_rate(recipe: Recipe) -> Gene | str:
    if recipe.learning_rate_rule != "fixed":
        return f"recipe.learning_rate_rule={recipe.learning_rate_rule} finds each model's rate already"
    return _around("learning_rate", recipe.learning_rate, RATE_FACTOR)


def _weight_decay(recipe: Recipe) -> Gene | str:
    if recipe.weight_decay == 0:
        return "the recipe has none to begin with: set recipe.weight_decay"
    return _around("weight_decay", recipe.weight_decay, DECAY_FACTOR)


def _around(name: str, own: float, factor: float) -> Gene:
    return Gene(name, own, own / factor, own * factor, log=True)


def _label_smoothing(recipe: Recipe, loss: str) -> Gene | str:
    if loss != "cross_entropy":
        return f"labels are smoothed for cross_entropy alone, but the task's loss is {loss}"
    return Gene("label_smoothing", recipe.label_smoothing, high=max(MOST_SMOOTHING, recipe.label_smoothing))


def _crop_padding(recipe: Recipe, train: Split) -> Gene | str:
    if reason := _not_pictures(train):
        return reason
    widest = max(1, int(CROP_SHARE * min(train.inputs.shape[2:])), recipe.crop_padding)
    return Gene("crop_padding", recipe.crop_padding, high=widest)


def _not_pictures(train: Split) -> str:
    if is_picture(train.inputs.shape, str(train.inputs.dtype)):
        return ""
    return f"only pictures can be cropped or mirrored, but one input is {train.inputs.dtype} {train.inputs.shape[1:]}"


def is_picture(shape: Sequence[int], dtype: str) -> bool:
    """Whether inputs (N, ...) are pictures (N, C, H, W)."""
    return len(shape) == 4 and dtype == "float32"
