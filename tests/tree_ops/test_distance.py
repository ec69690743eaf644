import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.distance import Profile, distance, normalised_distance, normalised_distances, profile
from archgraft.tree_ops.features import FEATURE_NAMES, features, label_counts, named_features
from archgraft.tree_ops.graph_view import call_order, containment, write_graphml
from archgraft.tree_ops.tree import Tree
from archgraft.tree_ops.tree_difference import differences
from tests.planting import RESIDUAL, inputs, plant_tree

CHANGES = {
    "itself": ("", ""),
    "renamed": ("self.act", "self.activation"),
    "activation": ("act=nn.ReLU", "act=nn.GELU"),
    "kernel": ("width, 3, stride=stride, padding=1", "width, 5, stride=stride, padding=2"),
    "deeper": ("blocks=2", "blocks=3"),
    "code": ("self.act(self.norm", "2 * self.act(self.norm"),
}


@pytest.fixture(scope="module")
def trees(shared_sandbox: LocalSandbox) -> dict[str, Tree]:
    sources = {name: RESIDUAL.replace(*change) if change[0] else RESIDUAL for name, change in CHANGES.items()}
    return {name: plant_tree(shared_sandbox, text, "Net()", inputs(3, 8, 8)) for name, text in sources.items()}


def test_it_is_zero_for_the_same_model_and_for_no_other(trees: dict[str, Tree]) -> None:
    profiles = {name: profile(tree) for name, tree in trees.items()}
    zero = {name for name, found in profiles.items() if distance(profiles["itself"], found) == 0}
    assert zero == {"itself", "renamed"}


def test_all_pairs_are_the_pairs_one_by_one(trees: dict[str, Tree]) -> None:
    profiles = [profile(tree) for tree in trees.values()]
    one_by_one = [[normalised_distance(left, right) for right in profiles] for left in profiles]
    assert np.allclose(normalised_distances(profiles), one_by_one)


def test_one_more_block_is_nearer_than_another_kernel_in_all(trees: dict[str, Tree]) -> None:
    profiles = {name: profile(tree) for name, tree in trees.items()}
    assert distance(profiles["itself"], profiles["deeper"]) < distance(profiles["itself"], profiles["kernel"])


_PROFILES = st.dictionaries(st.sampled_from([("a",), ("b",), ("c",), ("d",)]), st.integers(1, 5), min_size=1)


@given(_PROFILES, _PROFILES, _PROFILES)
def test_both_distances_are_metrics(left: Profile, middle: Profile, right: Profile) -> None:
    for measure in (distance, normalised_distance):
        assert measure(left, right) == measure(right, left)
        assert (measure(left, right) == 0) == (Counter(left) == Counter(right))
        assert measure(left, right) <= measure(left, middle) + measure(middle, right) + 1e-12
    assert 0 <= normalised_distance(left, right) <= 1


def test_the_triangle_inequality_holds_for_trees(trees: dict[str, Tree]) -> None:
    found = normalised_distances([profile(tree) for tree in trees.values()])
    for a, b, c in itertools.permutations(range(len(found)), 3):
        assert found[a, c] <= found[a, b] + found[b, c] + 1e-12


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("renamed", []),
        ("kernel", [f"{path}.conv: kernel_size (3, 3) -> (5, 5), padding (1, 1) -> (2, 2)" for path in ("stage1.0",)]),
        ("activation", ["stage1.0.act: ReLU -> GELU"]),
        ("deeper", ["+ Block at stage1.2"]),
        ("code", ["stage1.0: Block runs other code, or its parts in another order"]),
    ],
)
def test_a_difference_says_where_and_what(trees: dict[str, Tree], name: str, lines: list[str]) -> None:
    found = differences(trees["itself"], trees[name])
    assert found[: len(lines)] == lines or set(lines) <= set(found)
    assert bool(found) == bool(lines)


def test_features_are_as_many_as_their_names_and_finite(trees: dict[str, Tree]) -> None:
    for tree in trees.values():
        assert features(tree).shape == (len(FEATURE_NAMES),)
        assert np.isfinite(features(tree)).all()
        assert set(named_features(tree)) == set(FEATURE_NAMES)


def test_features_follow_what_they_name(trees: dict[str, Tree]) -> None:
    before, deeper, wider = (named_features(trees[name]) for name in ("itself", "deeper", "kernel"))
    assert before["log_convolution"] == 2.321928094887362  # log2 of one plus four
    assert before["share_convolution"] + before["share_mlp"] + before["share_other"] == pytest.approx(1)
    assert deeper["log_repeats"] > before["log_repeats"]
    assert deeper["log_parameters"] > before["log_parameters"]
    assert wider["mean_kernel"] > before["mean_kernel"]
    assert before["reductions"] == 2  # the second stage halves the picture, the mean takes what is left


def test_labels_of_later_rounds_see_settings_and_what_lies_below(trees: dict[str, Tree]) -> None:
    before, kernel = label_counts(trees["itself"]), label_counts(trees["kernel"])
    assert before == label_counts(trees["renamed"])
    assert {label for label in before if label.startswith("0 ")} == {
        label for label in kernel if label.startswith("0 ")
    }
    assert before != kernel


def test_containment_and_call_order_are_two_graphs(trees: dict[str, Tree]) -> None:
    tree = trees["itself"]
    holds, calls = containment(tree), call_order(tree)
    assert holds.number_of_edges() == len(tree.nodes) - 1
    assert holds.edges[tree.root, tree.at("stage1").nid]["slot"] == "stage1"
    assert calls.has_edge(tree.at("stage2.conv").nid, tree.at("stage2.norm").nid)
    assert not calls.has_edge(tree.at("stage2").nid, tree.at("stage2.conv").nid)


def test_graphs_are_written_for_other_programs(trees: dict[str, Tree], tmp_path) -> None:  # type: ignore[no-untyped-def]
    written = write_graphml(trees["itself"], tmp_path / "net")
    assert [path.name for path in written] == ["net-containment.graphml", "net-calls.graphml"]
    assert all("stage1" in path.read_text() for path in written)
