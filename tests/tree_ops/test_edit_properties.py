"""What holds for every sequence of edits, on sequences that are drawn as a search draws them."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.identity import tree_hash
from archgraft.tree_ops.offers import TreeOffers
from archgraft.tree_ops.shelf import Shelf
from archgraft.tree_ops.tree import Tree
from tests.agent.small_search import CONTRACTS
from tests.grafting import SPECS, Graftery, conv, edit_at
from tests.planting import plant_tree
from tests.tree_ops.offering.test_offering import STAGES

ROOM = 10**9
SHELF = Shelf({key: (SPECS[key].class_name, contract) for key, contract in CONTRACTS.items()}, causal=False)
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def stages(images: Graftery) -> Tree:
    return plant_tree(images.sandbox, STAGES, "Net()", images.batch)


def drawn(tree: Tree, seed: int, *donors: Tree) -> Edit:
    offers = TreeOffers(
        tree, SHELF, causal=False, max_parameters=ROOM, max_flops=ROOM, tried=lambda _: False, donors=donors
    )
    [option] = offers.draw_uniform(1, np.random.default_rng(seed))
    return option.edit


@FEW
@given(seeds=st.lists(SEEDS, min_size=1, max_size=4))
def test_edits_of_edits_are_what_was_meant_and_every_node_has_one_identity_and_one_origin(
    images: Graftery, stages: Tree, residual: Tree, seeds: list[int]
) -> None:
    tree = stages
    for seed in seeds:
        parent, tree = tree, images.grown(tree, drawn(tree, seed, stages, residual))
        paths = [node.path for node in tree]
        assert len(set(paths)) == len(paths) == len(tree.nodes)
        assert {nid for node in tree for nid in node.children} | {tree.root} == set(tree.nodes)
        newest = max(int(nid[1:]) for nid in parent.nodes)
        for node in tree:
            assert node.nid in parent.nodes or int(node.nid[1:]) > newest
            assert node.copied_from is None or node.copied_from in parent.nodes


@FEW
@given(seed=SEEDS, form=st.sampled_from(["after", "before"]))
def test_deleting_what_was_just_inserted_gives_the_tree_before(
    images: Graftery, stages: Tree, seed: int, form: str
) -> None:
    paths = [node.path for node in stages if node.path.endswith(("up", "down", "norm", "stem"))]
    path = paths[seed % len(paths)]
    node = stages.at(path)
    width = (node.output_shapes if form == "after" else node.input_shapes)[0][1]
    grown = images.grown(stages, edit_at(stages, "insert", path, graft=conv(width, width), form=form))
    back = images.grown(grown, edit_at(grown, "delete", f"{path}.graft"))
    assert tree_hash(back) == tree_hash(stages)
    assert {node.nid: node.path for node in back} == {node.nid: node.path for node in stages}
