"""Genes keep their bounds, fit the task, and say why where they can't be."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.agent.errors import UsageError
from archgraft.agent.genes.space import AUTO, Gene, gene_space
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.protocol import Split

ALL = "learning_rate, weight_decay, warmup_share, label_smoothing, crop_padding, horizontal_flip"
PICTURES = Split(np.zeros((4, 3, 32, 24), np.float32), np.zeros(4, np.int64))
TOKENS = Split(np.zeros((4, 12), np.int64), np.zeros((4, 12), np.int64))


def names_of(names: str, recipe: Recipe, loss: str = "cross_entropy", train: Split = PICTURES) -> list[str]:
    return [gene.name for gene in gene_space(names, recipe, loss, train)]


def test_none_are_named_by_default() -> None:
    assert gene_space("", Recipe(), "cross_entropy", PICTURES) == ()


def test_auto_leaves_pictures_alone_that_the_recipe_leaves_alone() -> None:
    always = ["learning_rate", "weight_decay", "warmup_share", "label_smoothing"]
    assert names_of(AUTO, Recipe()) == always
    assert names_of(AUTO, Recipe(crop_padding=2)) == [*always, "crop_padding"]
    assert names_of(AUTO, Recipe(crop_padding=2, horizontal_flip=True)) == ALL.split(", ")
    assert names_of("horizontal_flip, crop_padding", Recipe()) == ["crop_padding", "horizontal_flip"]


def test_auto_takes_what_fits() -> None:
    recipe = Recipe(weight_decay=0.0, learning_rate_rule="range_test")
    assert names_of(AUTO, recipe, "mse_loss", TOKENS) == ["warmup_share"]


@pytest.mark.parametrize(
    ("names", "recipe", "loss", "train", "reason"),
    [
        (
            "learning_rte",
            Recipe(),
            "cross_entropy",
            PICTURES,
            "'learning_rte' is no gene; the genes are learning_rate,",
        ),
        (
            "learning_rate",
            Recipe(learning_rate_rule="range_test"),
            "cross_entropy",
            PICTURES,
            "finds each model's rate",
        ),
        ("weight_decay", Recipe(weight_decay=0.0), "cross_entropy", PICTURES, "set recipe.weight_decay"),
        ("label_smoothing", Recipe(), "mse_loss", PICTURES, "the task's loss is mse_loss"),
        ("crop_padding", Recipe(), "cross_entropy", TOKENS, "only pictures can be cropped or mirrored"),
        ("horizontal_flip", Recipe(), "cross_entropy", TOKENS, "only pictures can be cropped or mirrored"),
        (AUTO, Recipe(train_function="mine.py:train"), "cross_entropy", PICTURES, "which parts of the recipe mine.py"),
    ],
)
def test_a_gene_that_can_not_be_is_refused_with_the_reason(
    names: str, recipe: Recipe, loss: str, train: Split, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        gene_space(names, recipe, loss, train)


recipes = st.builds(
    replace,
    st.just(Recipe()),
    learning_rate=st.floats(1e-6, 10.0),
    weight_decay=st.floats(1e-6, 1.0),
    warmup_share=st.floats(0.0, 1.0),
    label_smoothing=st.floats(0.0, 1.0),
    crop_padding=st.integers(0, 20),
    horizontal_flip=st.booleans(),
)


@given(recipes)
def test_bounds_hold_the_tasks_own_value(recipe: Recipe) -> None:
    genes = gene_space(ALL, recipe, "cross_entropy", PICTURES)
    assert len(genes) == 6
    for gene in genes:
        assert gene.own == getattr(recipe, gene.name)
        assert gene.low <= gene.own <= gene.high


@given(st.floats(1e-6, 10.0), st.floats(0.0, 1.0))
def test_a_rounded_value_stays_in_its_bounds_and_near(own: float, share: float) -> None:
    gene = Gene("learning_rate", own, own / 5, own * 5, log=True)
    value = gene.low * (gene.high / gene.low) ** share
    rounded = gene.rounded(value)
    assert gene.low <= rounded <= gene.high
    assert rounded == pytest.approx(value, rel=5e-3)
