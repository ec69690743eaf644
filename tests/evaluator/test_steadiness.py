"""Models whose structure depends on the data, or changes while they run: which nodes stay closed, and why."""

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.sites import sites
from archgraft.tree_ops.tree import Tree
from tests.planting import inputs, plant_tree

PARTS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.a = nn.Linear(4, 4)
        self.b = nn.Sequential(nn.Linear(4, 4))

    def forward(self, x):
"""


def planted(sandbox: LocalSandbox, *forward: str) -> Tree:
    return plant_tree(sandbox, PARTS + "".join(f"        {line}\n" for line in forward), "Net()", inputs(4))


def closed(tree: Tree) -> dict[str, str]:
    return {node.path: node.closed_because for node in tree if node.closed_because}


def open_paths(tree: Tree) -> set[str]:
    return {site.node.path for site in sites(tree)}


def test_what_only_some_batches_reach_is_closed_and_the_branching_module_named(shared_sandbox: LocalSandbox) -> None:
    tree = planted(shared_sandbox, "side = self.a if x.mean() > 0 else self.b", "return self.first(side(x))")
    assert [node.path for node in tree if node.branches_on_data] == [""]
    assert set(closed(tree)) == {"a", "b", "b.0"}
    assert set(closed(tree).values()) == {"called for some inputs, or in one mode, only"}
    assert open_paths(tree) == {"first"}


def test_rows_that_are_chosen_by_value_close_what_they_go_through(shared_sandbox: LocalSandbox) -> None:
    tree = planted(
        shared_sandbox,
        "y = torch.zeros_like(x)",
        "mask = x[:, 0] > 0.2",
        "y[mask] = self.a(x[mask])",
        "return self.b(self.first(x + y))",
    )
    assert set(closed(tree)) == {"a"}
    assert open_paths(tree) == {"first", "b", "b.0"}


def test_children_that_forward_reassigns_or_makes_are_closed_with_all_below_them(shared_sandbox: LocalSandbox) -> None:
    tree = planted(
        shared_sandbox,
        "if not hasattr(self, 'late'):",
        "    self.late = nn.Linear(4, 4)",
        "self.b = nn.Sequential(nn.Linear(4, 4))",
        "return self.late(self.b(self.a(self.first(x))))",
    )
    assert closed(tree) == {
        "b": "reassigned in forward",
        "b.0": "reassigned in forward",
        "late": "made in forward",
    }
    assert open_paths(tree) == {"first", "a"}


def test_a_module_that_is_called_more_or_less_often_is_closed(shared_sandbox: LocalSandbox) -> None:
    tree = planted(
        shared_sandbox,
        "x = self.a(self.first(x))",
        "for _ in range(1 + self.training):",
        "    x = self.b(x)",
        "return x",
    )
    assert set(closed(tree)) == {"b", "b.0"}
    assert not any(node.branches_on_data for node in tree)


def test_a_parametrised_module_is_no_longer_what_its_call_made_and_a_lazy_one_is(shared_sandbox: LocalSandbox) -> None:
    source = PARTS.replace(
        "nn.Linear(4, 4)\n        self.a", "nn.utils.parametrizations.weight_norm(nn.Linear(4, 4))\n        self.a"
    )
    source = source.replace("self.a = nn.Linear(4, 4)", "self.a = nn.LazyLinear(4)")
    tree = plant_tree(shared_sandbox, source + "        return self.b(self.a(self.first(x)))\n", "Net()", inputs(4))
    assert closed(tree)["first"] == "made into a ParametrizedLinear"
    assert tree.at("first").definition == "torch.nn.Linear"
    assert tree.at("a").definition == "torch.nn.LazyLinear"
    assert "a" in open_paths(tree)


def test_axes_that_hold_the_batch_may_be_as_long_as_it(shared_sandbox: LocalSandbox) -> None:
    lines = ("x = self.first(x[:, None].expand(-1, 3, -1).flatten(0, 1))", "x = self.b(x.unflatten(0, (-1, 3)).mT.mT)")
    tree = planted(shared_sandbox, *lines, "return self.a(x).mean(1)")
    assert not closed(tree)


def test_a_model_that_is_made_for_one_batch_size_says_so(shared_sandbox: LocalSandbox) -> None:
    with pytest.raises(AssertionError, match="shape"):
        planted(shared_sandbox, "return self.a(self.b(self.first(x)).view(5, 4))")
