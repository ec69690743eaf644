"""What a traced tree tells of models in the styles that people write."""

import pytest

from archgraft.evaluator.verify import trace
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.source_text import read_site
from archgraft.tree_ops.tree import Tree
from tests.planting import BATCH, LIMITS, RESIDUAL, inputs, plant_tree, with_builder

HEADER = "import functools\nimport torch\nfrom torch import nn\n"


@pytest.fixture(scope="module")
def residual(shared_sandbox: LocalSandbox) -> Tree:
    return plant_tree(shared_sandbox, RESIDUAL, "Net(width=4)", inputs(3, 8, 8))


def test_every_instance_is_a_node_under_its_slot(residual: Tree) -> None:
    paths = {node.path for node in residual}
    assert {"", "stem", "stage1.0.conv", "stage1.1.norm", "stage2.act", "head"} <= paths
    assert residual.parent_of(residual.at("stage1.0").nid) == residual.at("stage1")


def test_a_node_knows_the_exact_call_that_made_it_and_how_many_others_it_made(residual: Tree) -> None:
    assert made_at(residual, "head") == ("nn.Linear(2 * width, 10)", "Net.__init__", 1)
    assert made_at(residual, "stage1.1") == ("Block(width)", "Net.__init__.<locals>.<listcomp>", 2)
    text, function, n_instances = made_at(residual, "stage2.conv")
    assert text.startswith("nn.Conv2d(width // stride")
    assert (function, n_instances) == ("Block.__init__", 3)


def made_at(tree: Tree, path: str) -> tuple[str, str, int]:
    """The text of the call that made a node, the function that holds it, and how many instances it made."""
    site = tree.at(path).site
    assert site is not None
    return read_site(tree.source, site), site.function, site.n_instances


def test_arguments_are_those_given_with_defaults_filled_in(residual: Tree) -> None:
    root = {a.name: (a.kind, a.text) for a in residual.at("").arguments}
    assert root == {"width": ("literal", "4"), "blocks": ("literal", "2")}
    block = {a.name: (a.kind, a.text) for a in residual.at("stage2").arguments}
    assert block == {"width": ("literal", "8"), "stride": ("literal", "2"), "act": ("reference", "torch.nn.ReLU")}


def test_shapes_parameters_and_flops_are_recorded(residual: Tree) -> None:
    conv = residual.at("stage2.conv")
    assert conv.input_shapes == ((BATCH, 4, 8, 8),)
    assert conv.output_shapes == ((BATCH, 8, 4, 4),)
    assert conv.n_parameters == 4 * 8 * 9 + 8
    assert conv.flops == BATCH * 2 * 4 * 8 * 9 * 16
    assert (
        residual.n_parameters
        == residual.at("").n_parameters
        == sum(node.n_parameters for node in residual if not node.children)
    )


def test_calls_are_numbered_in_the_order_of_forward(residual: Tree) -> None:
    orders = [residual.at(path).call_order or 0 for path in ("", "stem", "stage1.0", "stage2", "head")]
    assert orders == sorted(set(orders))


def test_partials_and_classes_among_arguments_become_expressions(shared_sandbox: LocalSandbox) -> None:
    source = (
        HEADER
        + """
class Net(nn.Module):
    def __init__(self, norm=functools.partial(nn.LayerNorm, eps=1e-6), cls=nn.GELU, f=lambda x: x):
        super().__init__()
        self.norm = norm(4)
        self.act = cls()

    def forward(self, x):
        return self.act(self.norm(x))
"""
    )
    tree = plant_tree(shared_sandbox, source, "Net()", inputs(4))
    assert {a.name: (a.kind, a.text) for a in tree.at("").arguments} == {
        "norm": ("reference", "functools.partial(torch.nn.LayerNorm, eps=1e-06)"),
        "cls": ("reference", "torch.nn.GELU"),
        "f": ("opaque", "function"),
    }


def test_attributes_that_others_read_off_a_module_are_seen_but_not_its_own(shared_sandbox: LocalSandbox) -> None:
    source = (
        HEADER
        + """
class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.scale = 2.0

    def forward(self, x):
        return self.layer(x) * self.scale


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Scaled()
        self.plain = nn.Linear(4, 4)

    def forward(self, x):
        return nn.functional.linear(self.inner(x), self.plain.weight) * self.inner.scale
"""
    )
    tree = plant_tree(shared_sandbox, source, "Net()", inputs(4))
    assert tree.at("inner").attribute_reads == ("scale",)
    assert tree.at("plain").attribute_reads == ("weight",)
    assert tree.at("inner.layer").attribute_reads == ()


def test_shared_instances_and_tied_parameters_are_marked(shared_sandbox: LocalSandbox) -> None:
    source = (
        HEADER
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.again = nn.ModuleList([self.a])
        self.tied = nn.Linear(4, 4)
        self.out = nn.Linear(4, 4)
        self.out.weight = self.tied.weight
        self.free = nn.Linear(4, 4)

    def forward(self, x):
        return self.free(self.out(self.tied(self.again[0](self.a(x)))))
"""
    )
    tree = plant_tree(shared_sandbox, source, "Net()", inputs(4))
    assert {path: tree.at(path).shared for path in ("a", "tied", "out", "free")} == {
        "a": True,
        "tied": True,
        "out": True,
        "free": False,
    }


def test_what_torch_makes_inside_its_own_modules_is_opaque(shared_sandbox: LocalSandbox) -> None:
    source = (
        HEADER
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x):
        return self.layer(x)
"""
    )
    tree = plant_tree(shared_sandbox, source, "Net()", inputs(6, 8))
    assert not tree.at("layer").opaque
    assert tree.at("layer.linear1").opaque


def test_modules_with_several_inputs_or_odd_outputs_have_no_shapes_to_rely_on(shared_sandbox: LocalSandbox) -> None:
    source = (
        HEADER
        + """
class Pair(nn.Module):
    def forward(self, x, mask):
        return x * mask, mask


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.pair = Pair()
        self.embed = nn.Embedding(11, 4)

    def forward(self, x):
        x = self.embed(x)
        return self.pair(x, torch.ones_like(x))[0]
"""
    )
    tree = plant_tree(shared_sandbox, source, "Net()", inputs(6, tokens=True))
    assert tree.at("pair").input_shapes == ()
    assert tree.at("pair").extra_inputs
    assert tree.at("embed").input_shapes == ()


def test_outputs_that_are_changed_in_place_are_told_whatever_changes_them(shared_sandbox: LocalSandbox) -> None:
    source = (
        HEADER
        + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(4, 4), nn.Identity())
        self.second = nn.Linear(4, 4)
        self.third = nn.Linear(4, 4)
        self.last = nn.Linear(4, 4)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.act(self.first(x))
        z = self.second(y).relu_()
        w = self.third(y)
        w[:, 0].mul_(2)
        return self.last(self.act(y + z + w))
"""
    )
    tree = plant_tree(shared_sandbox, source, "Net()", inputs(4))
    assert {node.path for node in tree if node.overwritten} == {"first", "first.0", "first.1", "second", "third"}


def test_a_model_that_cannot_learn_says_why(shared_sandbox: LocalSandbox) -> None:
    source = (
        HEADER
        + """
class Net(nn.Module):
    def __init__(self, frozen):
        super().__init__()
        self.layer = nn.Linear(4, 4)
        self.unused = nn.Linear(4, 4)
        self.layer.requires_grad_(not frozen)

    def forward(self, x):
        return self.layer(x)
"""
    )
    frozen = trace(shared_sandbox, with_builder(source, "Net(True)"), "build_model()", inputs(4), 0, LIMITS)
    assert frozen.header is not None
    assert frozen.header["faults"] == ["no parameter receives a gradient"]
    half = trace(shared_sandbox, with_builder(source, "Net(False)"), "build_model()", inputs(4), 0, LIMITS)
    assert half.header is not None
    assert half.header["unreached"] == ["unused.weight", "unused.bias"]
    assert half.header["faults"] == []


def test_the_models_own_error_comes_back_as_the_reason(shared_sandbox: LocalSandbox) -> None:
    source = RESIDUAL
    traced = trace(shared_sandbox, with_builder(source, "Net()"), "build_model()", inputs(1, 8, 8), 0, LIMITS)
    assert traced.header is None
    assert "expected input" in traced.outcome.reason


def test_a_class_of_torch_has_one_name_however_the_file_imports_it(shared_sandbox: LocalSandbox) -> None:
    source = """
from torch import nn
from torch.nn import LayerNorm


class Net(nn.Module):
    def __init__(self, norm=nn.LayerNorm):
        super().__init__()
        self.norm = norm(4)

    def forward(self, x):
        return self.norm(x)
"""
    tree = plant_tree(shared_sandbox, source, "Net()", inputs(4))
    assert [argument.text for argument in tree.nodes[tree.root].arguments] == ["torch.nn.LayerNorm"]


def test_a_class_that_only_the_recording_would_let_be_built_fails_as_it_would_without(
    shared_sandbox: LocalSandbox,
) -> None:
    source = """
from torch import nn


class Net(nn.Linear):
    def __new__(cls, *args):
        return super().__new__(cls, *args)
"""
    traced = trace(shared_sandbox, with_builder(source, "Net(4, 4)"), "build_model()", inputs(4), 0, LIMITS)
    assert traced.header is None
    assert "object.__new__() takes exactly one argument" in traced.outcome.reason
    fine = source.replace("super().__new__(cls, *args)", "super().__new__(cls)")
    assert plant_tree(shared_sandbox, fine, "Net(4, 4)", inputs(4)).at("").definition == "Net"


def test_a_mixin_behind_a_module_gets_what_the_constructor_is_given(shared_sandbox: LocalSandbox) -> None:
    source = """
from torch import nn


class Mixin:
    def __new__(cls, *args):
        made = super().__new__(cls)
        made.given = args
        return made


class Net(nn.Linear, Mixin):
    def __new__(cls, *args):
        return super().__new__(cls, *args)

    def forward(self, x):
        return super().forward(x) if self.given == (4, 3) else x
"""
    tree = plant_tree(shared_sandbox, source, "Net(4, 3)", inputs(4))
    assert tree.at("").output_shapes == ((5, 3),)
