"""What counts in a tree's hash, each shown by a change of one small source."""

from collections.abc import Callable

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.identity import tree_hash
from tests.planting import inputs, plant_tree

Hash = Callable[..., str]

SOURCE = """
import torch
import torch.nn.functional as F
from torch import nn


def scaled(values, factor):
    return values * factor


class Gate(nn.Module):
    def __init__(self, width, start=0.5):
        super().__init__()
        self.start = start
        self.weight = nn.Parameter(torch.ones(width, 1, 1))

    def forward(self, x):
        return scaled(x, self.weight) + self.start


class Block(nn.Module):
    def __init__(self, width, kernel=3):
        super().__init__()
        self.conv = nn.Conv2d(width, width, kernel, padding=kernel // 2)
        self.norm = nn.BatchNorm2d(width)
        self.gate = Gate(width)
        self.act = nn.ReLU()

    def forward(self, x):
        y = self.norm(self.conv(x))
        y = self.gate(y)
        return self.act(x + y)


class Net(nn.Module):
    def __init__(self, width=8, blocks=2):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        self.stages = nn.ModuleList([Block(width) for _ in range(blocks)])
        self.first = nn.Linear(width, 16)
        self.second = nn.Linear(16, 10)

    def forward(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        x = F.gelu(self.first(x.mean(dim=(2, 3))))
        return self.second(x)
"""


@pytest.fixture(scope="module")
def hash_of(shared_sandbox: LocalSandbox) -> Hash:
    def hash_it(*changes: tuple[str, str], call: str = "Net()", overrides: str = "") -> str:
        source = SOURCE
        for old, new in changes:
            assert old in source, old
            source = source.replace(old, new)
        if overrides:
            source += f"\n\ndef made():\n    model = {call}\n    {overrides}\n    return model\n"
            call = "made()"
        return tree_hash(plant_tree(shared_sandbox, source, call, inputs(3, 8, 8)))

    return hash_it


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([("Block", "Unit"), ("Gate", "Scale"), ("scaled", "times")], id="classes and functions"),
        pytest.param([("self.conv", "self.mix"), ("self.stages", "self.body"), ("self.gate", "self.g")], id="slots"),
        pytest.param([("self.start", "self.offset"), ("self.weight", "self.alpha")], id="values and tensors"),
        pytest.param(
            [("y = self", "out = self"), ("self.gate(y)", "self.gate(out)"), ("x + y", "x + out")], id="variables"
        ),
        pytest.param(
            [
                ("def forward(self, x)", "def forward(this, x)"),
                ("self.act(x + y)", "this.act(x + y)"),
                ("self.norm(self.conv(x))", "this.norm(this.conv(x))"),
                ("self.gate(y)", "this.gate(y)"),
                ("self.weight) + self.start", "this.weight) + this.start"),
                ("self.stem(x)", "this.stem(x)"),
                ("in self.stages", "in this.stages"),
                ("self.first(x.mean", "this.first(x.mean"),
                ("self.second(x)", "this.second(x)"),
            ],
            id="self",
        ),
        pytest.param([("values, factor", "a, b"), ("values * factor", "a * b")], id="parameters"),
        pytest.param([("class Net(nn.Module):", 'class Net(nn.Module):\n    """Text."""\n')], id="a docstring"),
        pytest.param([("x + y", "(x  +  # both\n            y)")], id="formatting"),
        pytest.param([("def forward(self, x):", "def forward(self, x: torch.Tensor) -> torch.Tensor:")], id="hints"),
        pytest.param([("y = self.norm", "y: torch.Tensor = self.norm")], id="a variable's hint"),
        pytest.param([("F.gelu", "nn.functional.gelu")], id="spelling of an import"),
        pytest.param([("import torch\n", "import torch\n\nUNUSED = 1\n")], id="what is not used"),
        pytest.param([("return scaled", "pass\n        return scaled")], id="a statement that does nothing"),
        pytest.param(
            [("nn.Conv2d(width, width, kernel, ", "nn.Conv2d(width, width, (kernel, kernel), ")], id="spelling"
        ),
        pytest.param(
            [("self.act = nn.ReLU()\n", "self.act = nn.ReLU()\n        self.idle = nn.Identity()\n")], id="idle"
        ),
    ],
)
def test_names_and_formatting_do_not_count(hash_of: Hash, changes: list[tuple[str, str]]) -> None:
    assert hash_of(*changes) == hash_of()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param([("nn.ReLU()", "nn.GELU()")], id="an activation"),
        pytest.param([("nn.ReLU()", "nn.ReLU(inplace=True)")], id="a setting of a layer"),
        pytest.param([("x + y", "x * y")], id="a join"),
        pytest.param([("x + y", "y")], id="a skip"),
        pytest.param([("self.norm(self.conv(x))", "self.conv(self.norm(x))")], id="order of calls"),
        pytest.param([("F.gelu", "F.relu")], id="a function"),
        pytest.param([("values * factor", "values / factor")], id="code that is called"),
        pytest.param([("start=0.5", "start=0.25")], id="a plain value"),
        pytest.param([("dim=(2, 3)", "dim=(3, 2)")], id="a constant in the code"),
        pytest.param([("blocks=2", "blocks=3")], id="depth"),
        pytest.param([("width=8", "width=4")], id="width"),
        pytest.param([("width, 16)", "width, 12)"), ("(16, 10)", "(12, 10)")], id="a tensor's shape"),
        pytest.param([("3, padding=1)", "3, padding=1, bias=False)")], id="a tensor less"),
        pytest.param([("kernel=3", "kernel=5")], id="an argument"),
        pytest.param([("self.act = ", "self.idle = nn.Linear(3, 3)\n        self.act = ")], id="tensors without use"),
        pytest.param([("Gate(width)", "Gate(width).requires_grad_(False)")], id="frozen tensors"),
        pytest.param([("for stage in self.stages", "for stage in reversed(self.stages)")], id="a builtin"),
        pytest.param([("torch.ones(width, 1, 1)", "1e-5 * torch.ones(width, 1, 1)")], id="a scale's start value"),
        pytest.param([("= Gate(width)", "= Gate(width)\n        nn.init.zeros_(self.norm.weight)")], id="a zero gamma"),
        pytest.param([("BatchNorm2d(width)", "BatchNorm2d(width)\n        self.norm.bias.data.fill_(1)")], id="a bias"),
    ],
)
def test_what_changes_what_runs_counts(hash_of: Hash, changes: list[tuple[str, str]]) -> None:
    assert hash_of(*changes) != hash_of()


def test_it_does_not_count_how_a_model_was_put_together(hash_of: Hash) -> None:
    by_call = hash_of(("nn.Conv2d(3, width, 3, padding=1)", "nn.Conv2d(3, width, 5, padding=2)"))
    assert hash_of(overrides="model.stem = nn.Conv2d(3, 8, kernel_size=(5, 5), padding=2)") == by_call
    assert hash_of(overrides='model.set_submodule("stem", nn.Conv2d(3, 8, 5, padding=2))') == by_call
    assert hash_of(call="Net(8, blocks=1 + 1)") == hash_of(overrides="model.stages[1] = Block(8)") == hash_of()


def test_a_specialised_class_that_runs_the_same_code_is_the_same(hash_of: Hash) -> None:
    sibling = "class WideBlock(Block):\n    def __init__(self, width):\n        super().__init__(width, kernel=5)\n\n\n"
    changes = [("class Net(", f"{sibling}class Net("), ("[Block(width)", "[WideBlock(width)")]
    assert hash_of(*changes) == hash_of(("kernel=3", "kernel=5"))


def test_one_instance_in_two_places_differs_from_two(hash_of: Hash) -> None:
    shared = ("[Block(width) for _ in range(blocks)]", "[Block(width)] * blocks")
    assert hash_of(shared) != hash_of()
    assert hash_of(shared) != hash_of(call="Net(blocks=1)")


def test_tied_tensors_differ_from_two_of_their_shape(hash_of: Hash) -> None:
    square = [("width, 16)", "width, 8)"), ("(16, 10)", "(8, 8)")]
    tied = ("= nn.Linear(16, 10)", "= nn.Linear(8, 8)\n        self.second.weight = self.first.weight")
    assert hash_of(square[0], tied) != hash_of(*square)


def test_swapping_two_different_children_counts_and_renaming_them_does_not(hash_of: Hash) -> None:
    two = [
        ("self.act = ", "self.other = nn.Tanh()\n        self.act = "),
        ("self.act(x + y)", "self.act(self.other(x + y))"),
    ]
    swapped = [two[0], ("self.act(x + y)", "self.other(self.act(x + y))")]
    renamed = [*two, ("self.other", "self.swap"), ("self.act", "self.other"), ("self.swap", "self.act")]
    assert hash_of(*two) != hash_of(*swapped)
    assert hash_of(*two) == hash_of(*renamed)


def test_slots_that_others_read_by_name_are_told_apart(hash_of: Hash) -> None:
    """The code of both classes is the same up to names; which of the block's children the net reads is not."""
    two = ("self.act = ", "self.one, self.two = nn.Tanh(), nn.Sigmoid()\n        self.act = ")
    run = ("self.act(x + y)", "self.act(self.one(x) + self.two(y))")
    ends = [("x.mean(", f"self.stages[0].{name}(x).mean(") for name in ("one", "two")]
    assert hash_of(two, run, ends[0]) != hash_of(two, run, ends[1])


def test_classes_that_run_the_same_differ_where_code_asks_for_the_class(hash_of: Hash) -> None:
    twin = ("class Net(", "class Twin(Block):\n    pass\n\n\nclass Net(")
    asks = ("x = stage(x)", "x = 2 * stage(x) if isinstance(stage, Twin) else stage(x)")
    blocks = [("Block(width) for", "Twin(width) for")]
    assert hash_of(twin, *blocks) == hash_of(twin)
    assert hash_of(twin, asks, *blocks) != hash_of(twin, asks)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.start = start", "self.start = (lambda: 1.0)\n        self.factor = 2"),
        ("self.start = start", 'self.register_buffer("start", torch.full((1,), 0.5))'),
    ],
    ids=["a function", "a buffer"],
)
def test_what_a_node_does_not_show_counts_by_the_constructor(hash_of: Hash, old: str, new: str) -> None:
    read = ("+ self.start", "+ self.start()") if "lambda" in new else ("+ self.start", "+ self.start ")
    other = new.replace("1.0", "2.0").replace("0.5", "0.7")
    assert hash_of((old, new), read) != hash_of((old, other), read)


def test_names_found_at_run_time_count_by_name(hash_of: Hash) -> None:
    fixed = ("self.gate(y)", "getattr(self, 'gate')(y)")
    found = ("self.gate(y)", "getattr(self, 'ga' + 'te')(y)")
    assert hash_of(fixed) == hash_of(fixed, ("self.gate =", "self.gate  ="))
    assert hash_of(found) != hash_of(found, ("self.norm", "self.standard"))


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("self.act = nn.ReLU()", "self.conv.register_forward_hook(lambda module, given, found: 2 * found)"),
        ("self.act = nn.ReLU()", "self.conv.weight.register_hook(lambda gradient: 0.5 * gradient)"),
        ("self.act = nn.ReLU()", "self.act.forward = torch.tanh"),
        ("self.act = nn.ReLU()", "nn.utils.parametrizations.weight_norm(self.conv)"),
        ("self.second = nn.Linear(16, 10)", "self.second.weight.requires_grad = False"),
    ],
    ids=["a hook", "a tensor's hook", "a method of one instance", "a parametrisation", "a frozen tensor"],
)
def test_what_was_done_to_an_instance_counts(hash_of: Hash, where: str, line: str) -> None:
    assert hash_of((where, f"{where}\n        {line}")) != hash_of()


def test_what_might_be_done_to_instances_does_not_count(hash_of: Hash) -> None:
    """A function of the builder's that could freeze a model, and doesn't, leaves an override and an edited call one."""
    freezes = ("class Net(", "def freeze(model):\n    model.requires_grad_(False)\n    return model\n\n\nclass Net(")
    call = "Net() if freeze else freeze(Net())"
    by_call = hash_of(freezes, ("nn.Conv2d(3, width, 3, padding=1)", "nn.Conv2d(3, width, 5, padding=2)"), call=call)
    assert hash_of(freezes, call=call, overrides="model.stem = nn.Conv2d(3, 8, 5, padding=2)") == by_call


def test_a_layers_bias_of_zeros_is_one_that_was_drawn(hash_of: Hash) -> None:
    """An override that is made after a model's own initialisation can't repeat it."""
    assert (
        hash_of(("= nn.Linear(16, 10)", "= nn.Linear(16, 10)\n        nn.init.zeros_(self.second.bias)")) == hash_of()
    )


def test_walking_through_children_in_order_does_not_make_their_names_count(hash_of: Hash) -> None:
    walked = ("y = self.gate(y)", "y = self.gate(y) + sum(p.sum() for c in self.children() for p in c.parameters())")
    assert hash_of(walked) == hash_of(walked, ("self.norm", "self.standard"))
    swapped = [
        ("        self.norm = nn.BatchNorm2d(width)\n", ""),
        ("self.act = nn.ReLU()", "self.act = nn.ReLU()\n        self.norm = nn.BatchNorm2d(width)"),
    ]
    assert hash_of(walked) != hash_of(walked, *swapped)
    assert hash_of() == hash_of(*swapped)


def test_what_a_builder_sets_by_names_found_at_run_time_counts(hash_of: Hash) -> None:
    read = ("+ self.start", "+ self.late(x)")
    sets = "def late(model, f):\n    for stage in model.stages:\n        setattr(stage.gate, 'la' + 'te', f)\n"
    sets += "    return model\n\n\n"
    found = [hash_of(read, ("class Net(", f"{sets}class Net("), call=f"late(Net(), {f})") for f in ("F.relu", "F.silu")]
    assert found[0] != found[1]


def test_private_plain_values_count_and_not_how_they_were_computed(hash_of: Hash) -> None:
    private = [("self.start = start", "self._start = start"), ("+ self.start", "+ self._start")]
    assert hash_of(*private) == hash_of(private[0], private[1], ("self._start = start", "self._start = 2 * start / 2"))
    assert hash_of(*private) != hash_of(*private, ("start=0.5", "start=0.25"))
