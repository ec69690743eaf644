"""Classes that no guess builds are shown by those that use them how it is done."""

from collections.abc import Iterator

import pytest

from archgraft.evaluator.harvesting import Harvest, harvest
from archgraft.evaluator.probing import ProbeRejection, probe_module
from archgraft.evaluator.trying import try_module
from archgraft.sandbox.protocol import Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.contract import Contract, Role
from tests.evaluator.handmade import spec_of

STAGE = """
class Mixing(nn.Module):
    def __init__(self, spread, plan, act=nn.ReLU):
        super().__init__()
        assert plan["kind"] == "depthwise", "unknown plan"
        self.conv = nn.Conv2d(spread[0], spread[1], plan["kernel"], padding=plan["kernel"] // 2, groups=spread[0])
        self.act = act()

    def forward(self, x, shift):
        assert isinstance(shift, tuple)
        return self.act(self.conv(x)).roll(shift, (2, 3))


class Special(Mixing):
    pass


class Stage(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.first = Mixing((dim, dim), {"kind": "depthwise", "kernel": 5}, nn.GELU)
        self.second = Special((dim, 2 * dim), plan={"kind": "depthwise", "kernel": 3})

    def forward(self, x):
        return self.second(self.first(x, shift=(1, 0)), (0, 0))
"""
BROKEN = STAGE.replace("super().__init__()\n        self.first", "raise OSError\n        self.first")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with LocalSandbox(preload=("archgraft.evaluator.probe", "archgraft.evaluator.harvest"), training=False) as made:
        yield made


@pytest.fixture(scope="module")
def found(sandbox: Sandbox) -> dict[str, Harvest]:
    return harvest(sandbox, spec_of(STAGE, "dim", class_name="Stage"), ["Mixing", "Special", "Absent"])


def test_a_parent_shows_real_arguments_and_calls(found: dict[str, Harvest]) -> None:
    plan = "{'kind': 'depthwise', 'kernel': 5}"
    assert found["Mixing"].proposals == ((("spread", "(32, 32)"), ("plan", plan), ("act", "torch.nn.GELU")),)
    assert found["Mixing"].inputs == (
        (
            ("x", {"tensor": [2, 32, 8, 8], "dtype": "float32"}),
            ("shift=", {"tuple": [{"literal": "1"}, {"literal": "0"}]}),
        ),
    )


def test_what_grows_with_the_parents_width_becomes_a_width(found: dict[str, Harvest]) -> None:
    (template,) = found["Special"].templates
    assert dict(template)["plan"] == {"kind": "depthwise", "kernel": 3}
    assert dict(template)["spread"].text == "(in_width, in_width * 2)"


def test_classes_that_are_not_used_are_left_out(found: dict[str, Harvest]) -> None:
    assert sorted(found) == ["Mixing", "Special"]


def test_a_parent_that_does_not_run_shows_nothing(sandbox: Sandbox) -> None:
    assert harvest(sandbox, spec_of(BROKEN, "dim", class_name="Stage"), ["Mixing"]) == {}


def test_with_a_harvest_a_class_runs_that_did_not(sandbox: Sandbox, found: dict[str, Harvest]) -> None:
    spec = spec_of(STAGE, "spread", "plan", "act=nn.ReLU", class_name="Mixing")
    shown = found["Mixing"]
    assert not try_module(sandbox, spec).reached("forward")
    assert try_module(sandbox, spec, proposals=shown.proposals, inputs=shown.inputs).stage == "backward"


def test_with_a_harvest_a_class_gets_a_contract_that_had_none(sandbox: Sandbox) -> None:
    source = STAGE.replace(
        "def forward(self, x, shift):\n        assert isinstance(shift, tuple)", "def forward(self, x):"
    )
    source = (
        source.replace(".roll(shift, (2, 3))", "")
        .replace("shift=(1, 0)", "")
        .replace(", )", ")")
        .replace(", (0, 0)", "")
    )
    shown = harvest(sandbox, spec_of(source, "dim", class_name="Stage"), ["Mixing"])["Mixing"]
    spec = spec_of(source, "spread", "plan", "act=nn.ReLU", class_name="Mixing")
    assert isinstance(probe_module(sandbox, spec), ProbeRejection)
    contract = probe_module(sandbox, spec, templates=shown.templates)
    assert isinstance(contract, Contract), contract
    assert (contract.width, contract.family) == ("preserve", "convolution")


def test_harvests_are_joined_without_repeats() -> None:
    one = Harvest(templates=((("dim", Role("in_width")),),))
    other = Harvest(templates=((("dim", Role("in_width")),), (("dim", 8),)))
    assert one.joined(other).templates == ((("dim", Role("in_width")),), (("dim", 8),))
