"""What genes are suggested follows from what was told, and gets better by it."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgraft.agent.attempt import Attempt
from archgraft.agent.genes.pool import GenePool
from archgraft.agent.genes.space import Gene, Genes
from archgraft.evaluator.results import Rescue, Status
from tests.agent.synthetic import SyntheticRun, result_of

RATE = Gene("learning_rate", 0.002, 0.0004, 0.01, log=True)
SPACE = (RATE, Gene("crop_padding", 0, high=3), Gene("horizontal_flip", own=False))
ROOTSTOCK = replace(SyntheticRun.attempt(0, None, None, "", result_of(50.0, 9000), None))


def attempt(index: int, genes: Genes, gain: float | None, parent: int = 0, status: Status = Status.OK) -> Attempt:
    made = SyntheticRun.attempt(index, parent, "swap", "", result_of(50.0, 9000), gain)
    return replace(made, genes=genes, result=replace(made.result, status=status))


def pool(*attempts: Attempt, inherit_share: float = 0.0, seed: int = 0) -> GenePool:
    made = GenePool(SPACE, inherit_share, seed)
    for one in (ROOTSTOCK, *attempts):
        made.tell(one)
    return made


def worth(genes: Genes) -> float:
    """Best at a rate of 0.008, with mirrored pictures."""
    return -abs(math.log(genes["learning_rate"] / 0.008)) + genes["horizontal_flip"]


def searched(n: int, seed: int) -> list[Attempt]:
    made, attempts = pool(seed=seed), []
    noise = np.random.default_rng(seed)
    for index in range(1, n + 1):
        genes = made.suggest(index, 0)
        attempts.append(attempt(index, genes, worth(genes) + float(noise.normal(scale=0.2))))
        made.tell(attempts[-1])
    return attempts


def test_without_genes_there_is_nothing_to_suggest() -> None:
    made = GenePool((), 0.5, 0)
    made.tell(ROOTSTOCK)
    assert made.suggest(1, 0) == {}


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**20), st.integers(1, 12))
def test_suggestions_keep_their_bounds(seed: int, n: int) -> None:
    for one in searched(n, seed):
        assert list(one.genes) == [gene.name for gene in SPACE]
        assert all(gene.low <= one.genes[gene.name] <= gene.high for gene in SPACE)
        assert [type(one.genes[gene.name]) for gene in SPACE] == [float, int, bool]


def test_results_lead_to_better_genes() -> None:
    n = 40
    late = [worth(one.genes) for seed in range(3) for one in searched(n, seed)[n // 2 :]]
    blind = [worth(pool(seed=seed).suggest(index, 0)) for seed in range(3) for index in range(n // 2, n)]
    assert np.mean(late) > np.mean(blind) + 0.5


def test_a_pool_that_was_told_the_same_suggests_the_same_whatever_it_was_asked_before() -> None:
    told = searched(12, seed=3)
    asked = pool(*told, seed=3)
    for index in (5, 99, 13):
        asked.suggest(index, 0)
    assert asked.suggest(20, 0) == pool(*told, seed=3).suggest(20, 0)
    assert asked.suggest(20, 0) != asked.suggest(21, 0)
    assert asked.suggest(20, 0) != pool(*told, seed=4).suggest(20, 0)


def test_a_share_keeps_the_genes_of_the_parent() -> None:
    genes = {"learning_rate": 0.005, "crop_padding": 1, "horizontal_flip": True}
    made = pool(attempt(1, genes, 1.0), inherit_share=0.5)
    kept = [made.suggest(index, 1) == genes for index in range(2, 202)]
    assert 70 < sum(kept) < 130
    assert all(pool(attempt(1, genes, 1.0), inherit_share=1.0).suggest(index, 1) == genes for index in range(20))
    assert pool(inherit_share=1.0).suggest(1, 0) == {}


def test_a_better_architecture_lends_its_genes_no_credit() -> None:
    """An heir gains 30 points with its parent's genes: the edit's doing, of which the sampler hears nothing."""
    told = searched(12, seed=1)
    heir = attempt(13, told[0].genes, 30.0, parent=1)
    assert pool(*told, heir).suggest(20, 0) == pool(*told).suggest(20, 0)
    child = attempt(14, {**told[1].genes, "crop_padding": 3}, 0.5, parent=13)
    orphan = attempt(14, child.genes, 0.5, parent=1)
    assert pool(*told, heir, child).suggest(20, 0) == pool(*told, replace(heir, gain=0.0), child).suggest(20, 0)
    assert pool(*told, heir, child).suggest(20, 0) == pool(*told, heir, orphan).suggest(20, 0)


def test_a_gain_over_a_parent_with_good_genes_counts_for_more() -> None:
    genes = [{"learning_rate": rate, "crop_padding": 0, "horizontal_flip": False} for rate in (0.001, 0.008, 0.0005)]
    made = pool(attempt(1, genes[0], 0.0), attempt(2, genes[1], 4.0), attempt(3, genes[2], 1.0, parent=2))
    assert made.credits() == {0: 0.0, 1: 0.0, 2: 4.0, 3: 5.0}


def test_the_last_word_on_a_promoted_candidate_counts() -> None:
    told = searched(12, seed=2)
    promoted = replace(told[3], gain=9.0)
    assert pool(*told, promoted).suggest(20, 0) == pool(*told[:3], promoted, *told[4:]).suggest(20, 0)


@pytest.mark.parametrize("failed", [Status.NONFINITE, Status.STOPPED_EARLY])
def test_genes_that_training_failed_with_are_avoided(failed: Status) -> None:
    """High rates fail, low ones do as well as the task's own."""
    rates = np.geomspace(RATE.low, RATE.high, 25)
    told = []
    for index, rate in enumerate(rates, start=1):
        genes = {"learning_rate": float(rate), "crop_padding": 0, "horizontal_flip": False}
        is_high = rate > 0.003
        told.append(attempt(index, genes, None if is_high else 0.1, status=failed if is_high else Status.OK))
    suggested = [pool(*told, seed=seed).suggest(40, 0)["learning_rate"] for seed in range(20)]
    assert sum(rate > 0.003 for rate in suggested) < 5


def test_a_score_that_took_a_second_try_with_another_recipe_is_no_credit_to_the_genes() -> None:
    told = searched(12, seed=5)
    genes = {"learning_rate": 0.0093, "crop_padding": 3, "horizontal_flip": False}
    lucky = attempt(13, genes, 50.0)
    changes = {"learning_rate": 0.00093}
    rescued = replace(lucky, result=replace(lucky.result, rescues=(Rescue(Status.NONFINITE, "diverged", changes),)))
    failed = attempt(13, genes, None, status=Status.NONFINITE)
    assert pool(*told, rescued).suggest(20, 0) == pool(*told, failed).suggest(20, 0)
    assert pool(*told, rescued).suggest(20, 0) != pool(*told, lucky).suggest(20, 0)


def test_failures_that_genes_are_not_to_blame_for_teach_nothing() -> None:
    told = searched(12, seed=6)
    crashed = attempt(13, {"learning_rate": 0.001, "crop_padding": 0, "horizontal_flip": False}, None)
    crashed = replace(crashed, result=replace(crashed.result, status=Status.CRASH))
    assert pool(*told, crashed).suggest(20, 0) == pool(*told).suggest(20, 0)
