"""Each operator, form and scope: printed, rebuilt in the sandbox and found to be the intended tree on every rung."""

import re

import pytest

from archgraft.tree_ops.donors import donor
from archgraft.tree_ops.edits import Adapter, Edit, Graft
from archgraft.tree_ops.identity import tree_hash
from archgraft.tree_ops.tree import Tree
from tests.grafting import TOKENS, Graftery, conv, edit_at, mixer
from tests.planting import plant_tree

PROJECTION = Adapter("nn.Conv2d", (("in_channels", "8"), ("out_channels", "4"), ("kernel_size", "1")))
LINEAR = Adapter("nn.Linear", (("in_features", "16"), ("out_features", "8")))
IGNORING = Graft("mixer", (("dim", "8"),), outer=(Adapter("IgnoreExtra"),))
PLACES = {"one instance": ("stage1.0",), "all of the call": ("stage1.0", "stage1.1")}
LAYERS = {"one instance": ("layers.0",), "all of the call": ("layers.0", "layers.1")}


def unbroken(source: str) -> str:
    """The source without line breaks, those inside brackets without a trace."""
    return re.sub(r"\s*\n\s*", " ", re.sub(r"(?<=[(\[])\s*\n\s*|,?\s*\n\s*(?=[)\]])", "", source))


@pytest.mark.parametrize("reach", PLACES)
@pytest.mark.parametrize(
    ("operator", "fields", "becomes"),
    [
        ("swap", {"graft": conv(4, 4)}, "ConvBlock(in_chs=4, out_chs=4)"),
        ("insert", {"graft": conv(4, 4)}, "Grafted({host}, ConvBlock(in_chs=4, out_chs=4))"),
        (
            "insert",
            {"graft": conv(4, 4), "form": "before"},
            "GraftedBefore({host}, ConvBlock(in_chs=4, out_chs=4))",
        ),
        ("delete", {}, "nn.Identity()"),
        ("duplicate", {}, "nn.Sequential({host}, {copy})"),
        ("wrap", {"form": "residual"}, "Residual({host})"),
        ("wrap", {"form": "parallel", "graft": conv(4, 4)}, "ParallelSum({host}, ConvBlock(in_chs=4, out_chs=4))"),
        ("wrap", {"form": "gate", "graft": conv(4, 4)}, "Gated({host}, ConvBlock(in_chs=4, out_chs=4))"),
        (
            "wrap",
            {"form": "concatenate", "graft": conv(4, 4), "projection": PROJECTION},
            "ConcatenateProject({host}, ConvBlock(in_chs=4, out_chs=4), "
            "nn.Conv2d(in_channels=8, out_channels=4, kernel_size=1))",
        ),
        ("split", {"form": "average"}, "Average({host}, {copy})"),
    ],
)
def test_the_call_is_changed_where_all_that_it_made_is_and_overridden_elsewhere(
    images: Graftery, residual: Tree, reach: str, operator: str, fields: dict[str, object], becomes: str
) -> None:
    paths = PLACES[reach]
    rungs = dict(images.on_each_rung(residual, edit_at(residual, operator, *paths, **fields)))
    for path in paths:
        for rung, variable in (("init", "self"), ("builder", "model")):
            host = f"{variable}.stage1[{path[-1]}]"
            line = becomes.format(host=host, copy="Block(width=4)")
            assert f"{host} = {line}" in unbroken(rungs[rung].source)
    in_call = becomes.format(host="Block(width)", copy="Block(width)") + " for _"
    assert ("call" in rungs) is (len(paths) == 2)
    for rung, tree in rungs.items():
        assert (in_call in unbroken(tree.source)) is (rung == "call")
        assert ("stage1[1] = " in tree.source) is (rung != "call" and len(paths) == 2)


@pytest.mark.parametrize("reach", LAYERS)
@pytest.mark.parametrize(
    ("operator", "fields"),
    [
        ("swap", {"graft": IGNORING}),
        ("insert", {"graft": mixer(8)}),
        ("insert", {"graft": mixer(8), "form": "before"}),
        ("delete", {}),
        ("duplicate", {}),
        ("wrap", {"form": "residual"}),
        ("wrap", {"form": "parallel", "graft": mixer(8)}),
        ("wrap", {"form": "gate", "graft": mixer(8)}),
        ("wrap", {"form": "concatenate", "graft": mixer(8), "projection": LINEAR}),
        ("split", {"form": "average"}),
    ],
)
def test_a_module_that_is_given_further_arguments_and_read_by_others_takes_every_edit(
    texts: Graftery, tokens: Tree, reach: str, operator: str, fields: dict[str, object]
) -> None:
    rungs = texts.on_each_rung(tokens, edit_at(tokens, operator, *LAYERS[reach], **fields))
    assert rungs
    assert all(tree.at("head").nid == tokens.at("head").nid for _, tree in rungs)


def test_what_others_read_off_a_module_is_set_on_what_takes_its_place(texts: Graftery) -> None:
    told = TOKENS.replace("layer(x, 0.5, shift=None)", "layer(x, 0.5 * layer.dim)")
    host = plant_tree(texts.sandbox, told, "Net()", texts.batch)
    rungs = dict(texts.on_each_rung(host, edit_at(host, "swap", "layers.0", "layers.1", graft=IGNORING)))
    assert "[IgnoreExtra(TokenMixer(dim=8)) for" not in rungs["init"].source
    assert "self.layers[1] = with_attributes(IgnoreExtra(TokenMixer(dim=8)), dim=8)" in rungs["init"].source


def test_a_tensor_that_others_read_off_a_module_can_not_be_made_up(texts: Graftery) -> None:
    tied = TOKENS.replace("layer(x, 0.5, shift=None)", "layer(x, layer.proj.bias)")
    host = plant_tree(texts.sandbox, tied, "Net()", texts.batch)
    refused = texts.verified(host, edit_at(host, "duplicate", "layers.0.proj"))
    assert refused.reason == "no rung of the emission ladder applies here"


@pytest.mark.parametrize(("path", "fields"), [("stem", conv(4, 4)), ("stage1.1.conv", conv(4, 4))])
@pytest.mark.parametrize("form", ["after", "before"])
def test_deleting_what_was_inserted_gives_the_tree_before(
    images: Graftery, residual: Tree, path: str, fields: Graft, form: str
) -> None:
    if path == "stem" and form == "before":
        fields = conv(3, 3)
    grown = images.grown(residual, edit_at(residual, "insert", path, graft=fields, form=form))
    back = images.grown(grown, edit_at(grown, "delete", f"{path}.graft"))
    assert tree_hash(back) == tree_hash(residual)
    assert {node.nid: node.path for node in back} == {node.nid: node.path for node in residual}


def test_a_composite_inside_a_composite_is_undone_from_within_and_from_without(
    images: Graftery, residual: Tree
) -> None:
    inner = images.grown(residual, edit_at(residual, "wrap", "stem", form="gate", graft=conv(4, 4)))
    outer = images.grown(inner, edit_at(inner, "insert", "stem", graft=conv(4, 4)))
    assert outer.at("stem.host.host").nid == residual.at("stem").nid
    without_inner = images.grown(outer, edit_at(outer, "delete", "stem.host.graft"))
    assert without_inner.at("stem.host").nid == residual.at("stem").nid
    without_outer = images.grown(outer, edit_at(outer, "delete", "stem.graft"))
    assert tree_hash(without_outer) == tree_hash(inner)


@pytest.mark.parametrize("path", ["stem", "stage2.conv"])
def test_a_layers_channels_are_made_by_two_layers(images: Graftery, residual: Tree, path: str) -> None:
    for _, tree in images.on_each_rung(residual, edit_at(residual, "split", path, form="channels")):
        assert tree.at(path).output_shapes == residual.at(path).output_shapes
        halves = [tree.at(f"{path}.{half}").output_shapes[0][1] for half in ("first", "second")]
        assert sum(halves) == residual.at(path).output_shapes[0][1]


def test_several_edits_at_once_are_one_offspring(images: Graftery, residual: Tree) -> None:
    steps = (
        edit_at(residual, "swap", "stem", graft=conv(3, 4)),
        edit_at(residual, "duplicate", "stage1.1"),
        edit_at(residual, "change_argument", "stage2.conv", changes=(("kernel_size", "5"), ("padding", "2"))),
    )
    tree = images.grown(residual, Edit("compound", steps[0].nid, "stem", steps=steps))
    assert tree.at("stem").class_name == "ConvBlock"
    assert tree.at("stage1.1.1").copied_from == residual.at("stage1.1").nid
    assert {one.name: one.text for one in tree.at("stage2.conv").arguments}["kernel_size"] == "5"


def test_a_subtree_of_another_tree_takes_a_nodes_place(images: Graftery, texts: Graftery, tokens: Tree) -> None:
    given = donor(tokens, tokens.at("layers.0").nid)
    assert given is not None
    assert given.expression == "Mixer(dim=8)"
    for _, tree in texts.on_each_rung(tokens, edit_at(tokens, "crossover", "layers.1", donor=given)):
        assert tree.at("layers.1").class_name == "Mixer"
