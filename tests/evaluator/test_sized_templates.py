"""What is built for the number of its host's positions: how names ask for it, and a graft from probe to offspring."""

import numpy as np
import pytest

from archgraft.evaluator.probing import probe_module
from archgraft.evaluator.sized_templates import sized_templates
from archgraft.evaluator.verify import verify
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.contract import Contract, Role
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.emission import emissions
from archgraft.tree_ops.expressions import Expression
from archgraft.tree_ops.fit import fit
from archgraft.tree_ops.sites import signature_of
from archgraft.tree_ops.spec import Parameter
from tests.evaluator import sized_sources
from tests.evaluator.handmade import spec_of
from tests.planting import LIMITS, RESIDUAL, inputs, plant_tree

WIDTH = ("dim", Role("in_width"))


def sized(*names: str) -> list[tuple[tuple[str, object], ...]]:
    parameters = [Parameter(name, "positional") for name in ("dim", *names)]
    return list(sized_templates([(WIDTH, *((name, 16) for name in names))], parameters))


@pytest.mark.parametrize("name", ["seq_len", "num_patches", "n_tokens", "num_positions"])
def test_a_count_by_name_becomes_the_hosts_number_of_positions(name: str) -> None:
    assert sized(name) == [(WIDTH, (name, Role("n_positions")))]


@pytest.mark.parametrize("name", ["feat_size", "input_resolution", "window_size", "fmap_size"])
def test_a_size_by_name_becomes_height_and_width_or_a_side(name: str) -> None:
    values = [dict(template)[name] for template in sized(name)]
    assert values == [Expression("(map_height, map_width)"), Role("side"), Expression("(side, side)")]


@pytest.mark.parametrize("name", ["kernel_size", "patch_size", "hidden_size", "num_heads", "max_len"])
def test_other_names_ask_for_nothing(name: str) -> None:
    assert sized(name) == []


@pytest.mark.parametrize(
    ("body", "parameters", "call"),
    [
        (sized_sources.FIXED_SIZE, ("dim", "num_tokens"), "TokenMixer(dim=4, num_tokens=60)"),
        (sized_sources.MAP_TABLE, ("dim", "feat_size=None"), "MapTable(dim=4, feat_size=(6, 10))"),
    ],
)
def test_a_mined_module_is_rebuilt_for_a_host_of_a_size_that_no_probe_saw(
    shared_sandbox: LocalSandbox, body: str, parameters: tuple[str, ...], call: str
) -> None:
    batch: np.ndarray = inputs(3, 6, 10)
    tree = plant_tree(shared_sandbox, RESIDUAL, "Net(width=4)", batch)
    spec = spec_of(body, *parameters)
    contract = probe_module(shared_sandbox, spec)
    assert isinstance(contract, Contract), contract
    node = tree.at("stage1.0.conv")
    site = signature_of(tree, node)
    assert site is not None
    graft = fit(spec.id, contract, site, images=True, causal=False)
    assert graft is not None
    edit = Edit("swap", node.nid, node.path, graft)
    prints = emissions(tree, edit, lambda _: spec)
    offspring = verify(shared_sandbox, tree, prints, batch, (10,), 0, 0, LIMITS).tree
    assert offspring is not None
    assert call in offspring.source
