import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.contract import Contract, Role
from archgraft.tree_ops.edits import Edit, Operator
from archgraft.tree_ops.offers import TreeOffers
from archgraft.tree_ops.shelf import Modules
from archgraft.tree_ops.tree import Tree
from tests.planting import RESIDUAL, inputs, plant_tree

CONV = Contract(
    layout="map",
    template=(("width", Role("in_width")),),
    width="preserve",
    width_multiple=1,
    spatial_stride=1,
    family="convolution",
    causal=False,
    mutates_input=False,
    n_parameters=9 * 32 * 32,
    flops=1,
    probe_widths=(32,),
)
NORM = dataclasses.replace(CONV, family="normalisation", n_parameters=64)
MODULES = {"conv": ("MinedConv", CONV), "norm": ("MinedNorm", NORM)}
ROOM = 10**9
OPERATORS_HERE = {"swap", "insert", "delete", "change_argument", "duplicate", "wrap", "split", "skip"}


@pytest.fixture(scope="module")
def tree(shared_sandbox: LocalSandbox) -> Tree:
    return plant_tree(shared_sandbox, RESIDUAL, "Net()", inputs(3, 8, 8))


def offers_on(
    tree: Tree,
    *,
    max_parameters: int = ROOM,
    modules: Modules = MODULES,
    tried: Callable[[Edit], bool] = lambda edit: False,
) -> TreeOffers:
    return TreeOffers(tree, modules, causal=False, max_parameters=max_parameters, max_flops=ROOM, tried=tried)


def all_groups(offers: TreeOffers) -> list[tuple[Operator, int, str]]:
    return [
        (operator, band, family)
        for operator in offers.operators()
        for band in offers.depth_bands(operator)
        for family in offers.families(operator, band)
    ]


def test_every_listed_group_has_an_option_of_its_kind(tree: Tree) -> None:
    offers = offers_on(tree)
    groups = all_groups(offers)
    assert {operator for operator, _, _ in groups} == OPERATORS_HERE
    for operator, band, family in groups:
        for option in offers.draw(operator, band, family, 8, np.random.default_rng(0)):
            assert (option.edit.operator, option.depth_band, option.family) == (operator, band, family)
            assert option.prior > 0


def test_a_draw_gives_different_options_and_no_more_than_asked(tree: Tree) -> None:
    options = offers_on(tree).draw_uniform(5, np.random.default_rng(0))
    assert len({repr(option.edit) for option in options}) == len(options) == 5


def test_what_was_tried_is_not_offered_again(tree: Tree) -> None:
    tried: list[Edit] = []
    offers = offers_on(tree, tried=lambda edit: edit in tried)
    group = next(group for group in all_groups(offers) if group[0] == "delete")
    while options := offers.draw(*group, 1, np.random.default_rng(len(tried))):
        assert options[0].edit not in tried
        tried.append(options[0].edit)
    assert tried


def test_the_same_generator_draws_the_same(tree: Tree) -> None:
    draws = [offers_on(tree).draw_uniform(8, np.random.default_rng(3)) for _ in range(2)]
    assert draws[0] == draws[1]


def test_only_what_keeps_its_shape_may_be_deleted(tree: Tree) -> None:
    offers = offers_on(tree)
    paths = {
        option.edit.path
        for band in offers.depth_bands("delete")
        for family in offers.families("delete", band)
        for option in offers.draw("delete", band, family, 8, np.random.default_rng(0))
    }
    assert "stage1.0" in paths
    assert paths.isdisjoint({"", "stem", "head", "stage2", "stage2.conv"})


def test_grafts_that_would_break_the_parameter_cap_are_not_offered(tree: Tree) -> None:
    offers = offers_on(tree, max_parameters=tree.n_parameters + 40)
    assert {family for operator, _, family in all_groups(offers) if operator == "insert"} == {"normalisation"}


def test_the_root_takes_changes_of_width_and_depth(tree: Tree) -> None:
    offers = offers_on(tree)
    changed = {family for operator, _, family in all_groups(offers) if operator == "change_argument"}
    assert {"width", "blocks", "kernel_size", "groups", "act"} <= changed


def test_an_empty_library_still_offers_what_needs_no_graft(tree: Tree) -> None:
    assert set(offers_on(tree, modules={}).operators()) == OPERATORS_HERE - {"swap", "insert"}


def test_the_uniform_draw_reaches_every_operator(tree: Tree) -> None:
    offers = offers_on(tree)
    seen = {
        option.edit.operator for seed in range(60) for option in offers.draw_uniform(1, np.random.default_rng(seed))
    }
    assert seen == OPERATORS_HERE
