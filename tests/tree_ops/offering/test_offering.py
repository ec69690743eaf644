"""What is offered where, operator by operator; that what is offered works is measured by `benchmarks.edits`."""

import dataclasses

import numpy as np
import pytest

from archgraft.tree_ops.contract import Role
from archgraft.tree_ops.edits import Adapter, Edit, Graft, Operator, Option
from archgraft.tree_ops.offers import TreeOffers
from archgraft.tree_ops.shelf import Modules
from archgraft.tree_ops.tree import Tree
from tests.grafting import Graftery, edit_at
from tests.planting import plant_tree
from tests.tree_ops.test_offers import CONV, MODULES, ROOM

STAGES = """
from torch import nn


class Block(nn.Module):
    def __init__(self, width, hidden, inplace=True):
        super().__init__()
        self.act = nn.ReLU(inplace=inplace)
        self.up = nn.Conv2d(width, hidden, 1)
        self.down = nn.Conv2d(hidden, width, 1)

    def forward(self, x):
        return self.down(self.up(self.act(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.stages = nn.Sequential(
            nn.Sequential(*[Block(8, 16) for _ in range(2)]),
            nn.Conv2d(8, 16, 2, stride=2),
            nn.Sequential(*[Block(16, 32) for _ in range(3)]),
        )
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        return self.head(self.stages(self.norm(self.stem(x))).mean((2, 3)))
"""

BOTTLENECKS = """
from torch import nn


class Bottleneck(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width, 1)
        self.bn3 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += x
        return self.relu(y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.blocks = nn.Sequential(*[Bottleneck(8) for _ in range(2)])
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean((2, 3)))
"""

REGISTERS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 2, stride=2)
        self.tokens = nn.Parameter(torch.zeros(1, 5, 8))
        self.mix = nn.Linear(8, 8)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        return self.head(self.mix(torch.cat([self.tokens.expand(len(x), -1, -1), x], 1))[:, 0])
"""


@pytest.fixture(scope="module")
def stages(images: Graftery) -> Tree:
    return plant_tree(images.sandbox, STAGES, "Net()", images.batch)


def drawn(tree: Tree, operator: Operator, *, modules: Modules = MODULES, donors: tuple[Tree, ...] = ()) -> list[Option]:
    offers = TreeOffers(
        tree, modules, causal=False, max_parameters=ROOM, max_flops=ROOM, tried=lambda _: False, donors=donors
    )
    generator = np.random.default_rng(0)
    return [
        option
        for band in offers.depth_bands(operator)
        for family in offers.families(operator, band)
        for option in offers.draw(operator, band, family, 30, generator)
    ]


def edits(tree: Tree, operator: Operator, **given: object) -> list[Edit]:
    return [option.edit for option in drawn(tree, operator, **given)]  # type: ignore[arg-type]  # as `drawn` takes them


def test_blocks_beside_each_other_may_be_edited_together(stages: Tree) -> None:
    places = {tuple(path for _, path in edit.places) for edit in edits(stages, "insert") if edit.scope != "instance"}
    together = {frozenset(paths) for paths in places}
    assert frozenset({"stages.0.0.up", "stages.0.1.up"}) in together
    assert frozenset({"stages.2.0", "stages.2.1", "stages.2.2"}) in together
    assert not any("stages.0.0.up" in paths and "stages.2.0.up" in paths for paths in together)


def test_what_one_call_made_is_scope_site_and_the_label_counts_it(stages: Tree) -> None:
    options = [option for option in drawn(stages, "duplicate") if option.edit.scope == "site"]
    assert {len(option.edit.places) for option in options} == {2, 3}
    assert all(f"all {len(option.edit.places)} like " in option.label for option in options)


@pytest.mark.parametrize("operator", ["duplicate", "split"])
def test_blocks_in_which_something_was_set_are_not_copied_with_those_beside_them(
    images: Graftery, stages: Tree, operator: Operator
) -> None:
    grouped = images.grown(stages, edit_at(stages, "change_argument", "stages.2.1.up", changes=(("groups", "2"),)))
    together = [{path for _, path in edit.places} for edit in edits(grouped, operator) if edit.others]
    assert {"stages.2.0", "stages.2.2"} in together or operator == "split"
    assert not any("stages.2.1" in paths for paths in together)


def test_modules_are_added_in_front_and_behind(stages: Tree) -> None:
    found = {(edit.form, edit.path) for edit in edits(stages, "insert")}
    assert {("before", "stem"), ("after", "stem")} <= found
    widths = {
        edit.form: dict(edit.graft.arguments)["width"]
        for edit in edits(stages, "insert")
        if edit.path == "stem" and edit.graft
    }
    assert widths == {"before": "3", "after": "8"}


def test_composites_come_in_every_form_with_a_projection_to_the_hosts_width(stages: Tree) -> None:
    found = edits(stages, "wrap")
    assert {edit.form for edit in found} == {"residual", "parallel", "gate", "concatenate"}
    joined = next(edit for edit in found if edit.form == "concatenate" and edit.path == "norm")
    assert joined.projection is not None
    assert dict(joined.projection.arguments) == {"in_channels": "16", "out_channels": "8", "kernel_size": "1"}


def test_what_overwrites_its_input_gets_no_second_path_beside_it(stages: Tree) -> None:
    beside = {edit.path for edit in edits(stages, "wrap") if edit.form != "gate"}
    averaged = {edit.path for edit in edits(stages, "split") if edit.form == "average"}
    assert beside.isdisjoint({"stages.0.0", "stages.0.0.act"})
    assert averaged.isdisjoint({"stages.0.0", "stages.0"})
    assert "stages.0.0.up" in beside & averaged


def test_what_overwrites_its_input_behind_an_identity_gets_none_either(images: Graftery, stages: Tree) -> None:
    shorter = images.grown(stages, edit_at(stages, "delete", "stages.0.0"))
    beside = {edit.path for edit in edits(shorter, "wrap") if edit.form != "gate"}
    assert beside.isdisjoint({"stages", "stages.0", "stages.0.1"})


def test_a_graft_whose_output_gets_overwritten_gives_a_copy(stages: Tree) -> None:
    outer = {edit.path: edit.graft.outer for edit in edits(stages, "swap") if edit.graft and edit.scope == "instance"}
    assert [adapter.name for adapter in outer["norm"]] == ["CloneOutput"]
    assert outer["stages.0.0.up"] == ()


@pytest.mark.parametrize("slot", ["bn1", "bn2", "bn3"])
def test_one_activation_that_works_in_place_in_several_spots_is_seen_in_each(images: Graftery, slot: str) -> None:
    tree = plant_tree(images.sandbox, BOTTLENECKS, "Net()", images.batch)
    modules = {"conv1": ("ConvBlock", PROJECTING)}
    found = [edit for edit in edits(tree, "swap", modules=modules) if edit.path.endswith(f".{slot}") and edit.graft]
    assert {len(edit.places) for edit in found} == {1, 2}
    for edit in found:
        assert edit.graft is not None
        rectified = dataclasses.replace(edit.graft, arguments=(*edit.graft.arguments, ("act_layer", "nn.ReLU")))
        assert images.grown(tree, dataclasses.replace(edit, graft=rectified))


def test_register_tokens_pass_by_a_module_of_maps(images: Graftery) -> None:
    tree = plant_tree(images.sandbox, REGISTERS, "Net()", images.batch)
    wrappers = {edit.graft.wrappers for edit in edits(tree, "swap") if edit.graft and edit.path == "mix"}
    assert wrappers == {(Adapter("OnMap", (("n_prefix", "5"),)),)}


SEQUENCE = dataclasses.replace(CONV, layout="sequence", template=(("dim", Role("in_width")),))
PROJECTING = dataclasses.replace(
    CONV, width="project", template=(("in_chs", Role("in_width")), ("out_chs", Role("out_width")))
)


def test_a_layout_that_is_changed_back_is_not_changed_at_all(images: Graftery) -> None:
    tokens = plant_tree(images.sandbox, REGISTERS, "Net()", images.batch)
    on_map = Graft("conv1", (("in_chs", "8"), ("out_chs", "8")), (Adapter("OnMap", (("n_prefix", "5"),)),))
    grown = images.grown(tokens, edit_at(tokens, "swap", "mix", graft=on_map))
    modules = {"mixer": ("TokenMixer", SEQUENCE), "conv1": ("ConvBlock", PROJECTING)}
    swaps = {(edit.path, edit.graft.module_id): edit for edit in edits(grown, "swap", modules=modules) if edit.graft}
    assert ("mix.module", "mixer") not in swaps
    for place in (("mix", "mixer"), ("mix.module", "conv1")):
        graft = swaps[place].graft
        assert graft is not None
        assert graft.wrappers == ()
        assert images.grown(grown, swaps[place]).at(place[0]).children


def test_a_projection_goes_with_the_module_that_it_was_made_for(images: Graftery, residual: Tree) -> None:
    project = Adapter("nn.Conv2d", (("in_channels", "3"), ("out_channels", "4"), ("kernel_size", "1")))
    projected = Graft("conv1", (("in_chs", "4"), ("out_chs", "4")), before=(project,))
    grown = images.grown(residual, edit_at(residual, "swap", "stem", graft=projected))
    modules = {"conv1": ("ConvBlock", PROJECTING)}
    swapped = [edit for edit in edits(grown, "swap", modules=modules) if edit.path == "stem" and edit.graft]
    assert swapped
    assert all(edit.graft.n_adapters == 0 for edit in swapped if edit.graft)


def test_a_path_beside_a_node_is_projected_once(stages: Tree) -> None:
    narrow = dataclasses.replace(CONV, width="scale", width_scale=(2, 1))
    joined = [
        edit
        for edit in edits(stages, "wrap", modules={"wide": ("Wide", narrow)})
        if edit.form == "concatenate" and edit.path == "norm"
    ]
    for edit in joined:
        assert edit.graft is not None
        assert edit.projection is not None
        assert edit.graft.after == ()
        assert dict(edit.projection.arguments) == {"in_channels": "24", "out_channels": "8", "kernel_size": "1"}
    assert joined


def test_gates_are_small(stages: Tree) -> None:
    large = dataclasses.replace(CONV, n_parameters=10**6)
    modules = {"large": ("Large", large), "small": ("Small", dataclasses.replace(CONV, n_parameters=100))}
    gates = {
        edit.graft.module_id for edit in edits(stages, "wrap", modules=modules) if edit.form == "gate" and edit.graft
    }
    assert gates == {"small"}


def test_halves_of_channels_are_offered_for_layers_that_have_them(stages: Tree) -> None:
    halved = {edit.path for edit in edits(stages, "split") if edit.form == "channels"}
    assert {"stem", "head", "stages.2.1.up"} <= halved
    assert halved.isdisjoint({"norm", "stages.0"})


def test_a_model_is_scaled_in_depth_stage_by_stage_and_in_width_block_by_block(stages: Tree) -> None:
    options = {option.family: option for option in drawn(stages, "compound")}
    assert set(options) == {"deeper", "shallower", "wider", "narrower"}
    assert [path for _, path in options["deeper"].edit.places] == ["stages.0.1", "stages.2.2"]
    assert {step.operator for step in options["shallower"].edit.steps} == {"delete"}
    assert {dict(step.changes)["hidden"] for step in options["wider"].edit.steps} == {"24", "48"}
    assert len(options["wider"].edit.places) == 5
    assert options["deeper"].parameter_change > 0 > options["narrower"].parameter_change


def test_subtrees_of_other_trees_are_offered_where_they_fit(images: Graftery, stages: Tree) -> None:
    other = plant_tree(images.sandbox, STAGES.replace("Block(8, 16)", "Block(8, 24)"), "Net()", images.batch)
    options = drawn(stages, "crossover", donors=(other,))
    by_place = {option.edit.path: option for option in options}
    assert "Block of stages.0." in by_place["stages.0.0"].label
    assert by_place["stages.0.0"].edit.donor is not None
    assert by_place["stages.0.0"].edit.donor.expression == "Block(width=8, hidden=24)"
    assert images.grown(stages, by_place["stages.0.0"].edit).at("stages.0.0.up").output_shapes[0][1] == 24


@pytest.mark.parametrize("operator", ["swap", "insert", "wrap"])
def test_what_helped_once_is_done_elsewhere_with_the_same_module(
    stages: Tree, residual: Tree, operator: Operator
) -> None:
    example = next(edit for edit in edits(residual, operator) if edit.graft and edit.graft.module_id == "norm")
    offers = TreeOffers(
        stages, MODULES, causal=False, max_parameters=ROOM, max_flops=ROOM, tried=lambda _: False, example=example
    )
    options = offers.draw_repeats(8, np.random.default_rng(0))
    assert len({(option.edit.operator, option.depth_band, option.family) for option in options}) == 1
    assert {option.edit.graft.module_id for option in options if option.edit.graft} == {"norm"}
    assert {(option.edit.operator, option.edit.form) for option in options} == {(operator, example.form)}


def test_every_label_says_what_happens_where(stages: Tree, residual: Tree) -> None:
    for operator in ("swap", "insert", "delete", "duplicate", "wrap", "split", "change_argument", "crossover"):
        for option in drawn(stages, operator, donors=(residual,)):
            assert f"{option.edit.path or 'the model'} (" in option.label
