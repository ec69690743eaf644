"""Edits as their user meets them: the source before and after, and what is refused."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archgraft.evaluator.results import Status
from archgraft.evaluator.verify import Verified, verify
from archgraft.sandbox.protocol import Job, Message
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.edits import Adapter, Edit, Graft
from archgraft.tree_ops.emission import emissions
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.tree import Tree
from tests.agent.small_search import CONV_BLOCK, TOKEN_MIXER, spec
from tests.planting import LIMITS, RESIDUAL, inputs, plant_tree

CONFIGURED = """
from torch import nn

class Configured(nn.Module):
    def __init__(self, config, act_layer):
        super().__init__()
        self.conv, self.act = nn.Conv2d(config.in_width, config.out_width, 1), act_layer()

    def forward(self, x, mask):
        return self.act(self.conv(x)), mask
"""
SPECS = {
    each.id: each
    for each in (
        spec("conv1", "ConvBlock", CONV_BLOCK),
        spec("mixer", "TokenMixer", TOKEN_MIXER),
        spec("configured", "Configured", CONFIGURED),
    )
}
Apply = Callable[[Tree, Edit], Verified]


@pytest.fixture(scope="module")
def tree(shared_sandbox: LocalSandbox) -> Tree:
    return plant_tree(shared_sandbox, RESIDUAL, "Net(width=4)", inputs(3, 8, 8))


@pytest.fixture(scope="module")
def applied(shared_sandbox: LocalSandbox) -> Apply:
    def apply(parent: Tree, edit: Edit) -> Verified:
        return verify(shared_sandbox, parent, emissions(parent, edit, spec_of), inputs(3, 8, 8), (10,), 0, 0, LIMITS)

    return apply


def spec_of(module_id: str) -> ModuleSpec:
    return SPECS[module_id]


def edit_at(tree: Tree, operator: str, path: str, **fields: object) -> Edit:
    return Edit(operator, tree.at(path).nid, path, **fields)  # type: ignore[arg-type]  # tests name operators in words


def conv(in_chs: int, out_chs: int) -> Graft:
    return Graft("conv1", (("in_chs", str(in_chs)), ("out_chs", str(out_chs))))


def added_lines(before: str, after: str) -> list[str]:
    known = set(before.splitlines())
    return [line.strip() for line in after.splitlines() if line.strip() and line not in known]


def test_a_module_that_its_call_alone_made_is_swapped_in_that_call(tree: Tree, applied: Apply) -> None:
    swapped = applied(tree, edit_at(tree, "swap", "stem", graft=conv(3, 4))).tree
    assert swapped is not None
    assert "self.stem = ConvBlock(in_chs=3, out_chs=4)" in swapped.source
    assert "self.stage1[" not in swapped.source
    assert "# Mined from tests 1, small.py:1 (MIT), module conv1.\nclass ConvBlock(nn.Module):" in swapped.source


def test_one_of_several_instances_of_a_call_is_swapped_by_an_override(tree: Tree, applied: Apply) -> None:
    edit = edit_at(tree, "swap", "stage1.1.conv", graft=conv(4, 4))
    swapped = applied(tree, edit).tree
    assert swapped is not None
    assert "self.stage1[1].conv = ConvBlock(in_chs=4, out_chs=4)" in added_lines(tree.source, swapped.source)
    assert swapped.at("stage1.1.conv").definition == "ConvBlock"
    assert swapped.at("stage1.0.conv").definition == "torch.nn.Conv2d"


def test_all_else_keeps_its_identity_and_what_is_new_gets_a_number_of_its_own(tree: Tree, applied: Apply) -> None:
    swapped = applied(tree, edit_at(tree, "swap", "stem", graft=conv(3, 4))).tree
    assert swapped is not None
    kept = {node.path: node.nid for node in tree if node.path != "stem"}
    assert {path: swapped.at(path).nid for path in kept} == kept
    new = [node.nid for node in swapped if node.path not in kept]
    assert set(new).isdisjoint(node.nid for node in tree)
    assert len(set(new)) == len(new)


def test_an_inserted_module_stands_behind_a_zero_gate_and_changes_no_output(
    tree: Tree, applied: Apply, shared_sandbox: LocalSandbox
) -> None:
    edit = edit_at(tree, "insert", "stage1.0", graft=conv(4, 4))
    grown = applied(tree, edit).tree
    assert grown is not None
    assert "self.stage1[0] = Grafted(self.stage1[0], ConvBlock(in_chs=4, out_chs=4))" in grown.source
    assert grown.at("stage1.0.host").nid == tree.at("stage1.0").nid
    assert np.array_equal(outputs_of(shared_sandbox, tree), outputs_of(shared_sandbox, grown))


def outputs_of(sandbox: LocalSandbox, tree: Tree) -> np.ndarray:
    message = Message({"source": tree.source, "construct": tree.construct, "seed": 0}, {"inputs": inputs(3, 8, 8)})
    outcome = sandbox.run(Job("outputs:run", message, readable=(Path(__file__).parent,)), LIMITS)
    assert outcome.message is not None, outcome.log
    return outcome.message.arrays["outputs"]


def test_adapters_are_written_into_the_file_only_where_they_are_used(tree: Tree, applied: Apply) -> None:
    graft = Graft("mixer", (("dim", "4"),), wrappers=(Adapter("OnSequence"),))
    swapped = applied(tree, edit_at(tree, "swap", "stage1.0.norm", graft=graft)).tree
    assert swapped is not None
    assert "OnSequence(TokenMixer(dim=4))" in swapped.source
    assert "class OnSequence" in swapped.source
    assert "class OnMap" not in swapped.source


def test_projections_and_pools_stand_in_a_sequence_around_the_graft(tree: Tree, applied: Apply) -> None:
    projection = Adapter("nn.Conv2d", (("in_channels", "4"), ("out_channels", "8"), ("kernel_size", "1")))
    pool = Adapter("nn.AvgPool2d", (("kernel_size", "2"),))
    graft = Graft("conv1", (("in_chs", "4"), ("out_chs", "4")), after=(projection, pool))
    swapped = applied(tree, edit_at(tree, "swap", "stage2.conv", graft=graft)).tree
    assert swapped is not None
    assert swapped.at("stage2.conv").definition == "torch.nn.Sequential"
    assert swapped.at("stage2.conv").output_shapes == tree.at("stage2.conv").output_shapes


def test_a_module_built_of_a_configuration_and_a_class_is_written_with_the_imports_that_it_needs(
    tree: Tree, applied: Apply
) -> None:
    arguments = (
        ("config", "types.SimpleNamespace(in_width=3, out_width=4)"),
        ("act_layer", "torch.nn.GELU"),
    )
    feeds = (("feeds", "('none',)"), ("first", "2"), ("n_axes", "2"))
    graft = Graft("configured", arguments, wrappers=(Adapter("FeedInputs", feeds), Adapter("TakeFirst")))
    swapped = applied(tree, edit_at(tree, "swap", "stem", graft=graft)).tree
    assert swapped is not None
    assert "import types" in swapped.source
    assert "config=types.SimpleNamespace(in_width=3, out_width=4), act_layer=nn.GELU" in swapped.source


def test_a_deleted_module_leaves_an_identity(tree: Tree, applied: Apply) -> None:
    smaller = applied(tree, edit_at(tree, "delete", "stage1.1.norm")).tree
    assert smaller is not None
    assert smaller.at("stage1.1.norm").definition == "torch.nn.Identity"
    assert smaller.n_parameters == tree.n_parameters - tree.at("stage1.1.norm").n_parameters


def test_an_argument_of_the_model_is_changed_where_it_is_built(tree: Tree, applied: Apply) -> None:
    deeper = applied(tree, edit_at(tree, "change_argument", "", changes=(("blocks", "3"),))).tree
    assert deeper is not None
    assert added_lines(tree.source, deeper.source) == ["model: nn.Module = Net(width=4, blocks=3)"]
    assert deeper.nodes[deeper.root].nid == tree.root
    assert "stage1.2" in {node.path for node in deeper}


def test_a_second_edit_of_the_same_place_replaces_the_first(tree: Tree, applied: Apply) -> None:
    first = applied(tree, edit_at(tree, "swap", "stage1.1.conv", graft=conv(4, 4))).tree
    assert first is not None
    second = applied(first, edit_at(first, "delete", "stage1.1.conv")).tree
    assert second is not None
    assert second.source.count("self.stage1[1].conv = ") == 1
    assert "ConvBlock" not in second.source


@pytest.mark.parametrize(
    ("path", "fields", "reason"),
    [
        ("stem", {"graft": conv(3, 5)}, "RuntimeError"),
        ("stem", {"graft": conv(4, 4)}, "RuntimeError"),
    ],
)
def test_an_edit_that_does_not_fit_comes_back_with_the_models_own_error(
    tree: Tree, applied: Apply, path: str, fields: dict[str, object], reason: str
) -> None:
    refused = applied(tree, edit_at(tree, "swap", path, **fields))
    assert refused.tree is None
    assert refused.status is Status.CRASH
    assert reason in refused.reason


def test_a_print_that_rebuilds_to_another_tree_is_refused(tree: Tree, shared_sandbox: LocalSandbox) -> None:
    edit = edit_at(tree, "swap", "stem", graft=conv(3, 4))
    [good, *_] = emissions(tree, edit, spec_of)
    forged = replace(good, source=good.source.replace("blocks=2", "blocks=1"))
    refused = verify(shared_sandbox, tree, [forged], inputs(3, 8, 8), (10,), 0, 0, LIMITS)
    assert refused.status is Status.INVALID
    assert refused.reason.startswith("rebuilt differently: ")


def test_a_model_whose_parts_get_no_gradient_is_refused(tree: Tree, shared_sandbox: LocalSandbox) -> None:
    edit = edit_at(tree, "delete", "stage1.0")
    [good, *_] = emissions(tree, edit, spec_of)
    cut = replace(good, source=good.source.replace("self.stem(x)", "self.stem(x).detach()"))
    refused = verify(shared_sandbox, tree, [cut], inputs(3, 8, 8), (10,), 0, 0, LIMITS)
    assert refused.reason == "no gradient reaches stem.weight"


@pytest.mark.parametrize(
    "said",
    [
        {"nodes": None},
        {"nodes": [1]},
        {"nodes": [{"path": ""}]},
        {"n_parameters": math.inf},
        {"n_parameters": 10**30},
        {"flops": -1},
        {"output_shape": 3},
        {"output_shape": ["x" * 10**6, 10]},
        {"unreached": 1},
    ],
    ids=lambda said: str(said)[:30],
)
def test_a_module_that_answers_in_the_place_of_the_trace_is_a_failed_candidate(
    tree: Tree, shared_sandbox: LocalSandbox, said: dict[str, object]
) -> None:
    edit = edit_at(tree, "swap", "stem", graft=conv(3, 4))
    [good, *_] = emissions(tree, edit, spec_of)
    forging = (
        "import math\n\nfrom archgraft.sandbox import serving\n\nsend = serving.send_frame\n\n\n"
        "def forge(stream, kind, message):\n"
        f"    send(stream, kind, serving.Message({{**message.header, **{said!r}}}))\n\n\n"
        "serving.send_frame = forge\n"
    ).replace(": inf}", ": math.inf}")
    forged = replace(good, source=good.source + forging)
    refused = verify(shared_sandbox, tree, [forged], inputs(3, 8, 8), (10,), 0, 0, LIMITS)
    assert refused.tree is None
    assert refused.status in (Status.CRASH, Status.INVALID)
    assert 0 < len(refused.reason) <= 500
