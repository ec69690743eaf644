"""What was extracted is compared, in the sandbox, with the class of the package that it was extracted from."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archgraft.evaluator.equality import Equality, Tried, compare_with_originals
from archgraft.evaluator.trying import try_module
from archgraft.sandbox.protocol import Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.configurations import Configuration
from tests.evaluator.handmade import spec_of

LAYER = """
class Layer(nn.Module):
    def __init__(self, dim, slope=0.1):
        super().__init__()
        self.linear = nn.Linear(dim, dim)
        self.slope = slope

    def gate(self, x):
        return F.leaky_relu(x, self.slope)

    def forward(self, x):
        return self.gate(self.linear(x))
"""
HEADER = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n"
CONFIGURATION = """
class Config:
    slope = 0.3

    def __init__(self, hidden_size):
        self.hidden_size = hidden_size
"""
CONFIGURED = """
class Layer(nn.Module):
    def __init__(self, config: "Config"):
        super().__init__()
        # check
        self.linear = nn.Linear(config.hidden_size, config.hidden_size)
        self.slope = config.slope

    def forward(self, x):
        return F.leaky_relu(self.linear(x), self.slope)
"""
CHECK = "if not isinstance(config, Config): raise TypeError('not a configuration')"
OPERATOR = '@torch.library.register_fake("{library}::absent")\ndef absent_fake(x):\n    return x\n'


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    preload = ("archgraft.evaluator.trial", "archgraft.evaluator.same_as_original")
    with LocalSandbox(preload, training=False) as made:
        yield made


def tried(sandbox: Sandbox, module: str, body: str = LAYER, *parameters: str) -> Tried:
    spec = spec_of(body, "dim", "slope=0.1", *parameters)
    spec = replace(spec, origin=replace(spec.origin, qualified_name=f"{module}.Layer"))
    return Tried(spec, try_module(sandbox, spec))


def equality(sandbox: Sandbox, folder: Path, original: str, *, extracted: str = LAYER) -> Equality:
    """Of an extracted class that runs with a package of one file."""
    (folder / "zoo.py").write_text(HEADER + original)
    one = tried(sandbox, "zoo", extracted)
    assert one.trial.reached("forward"), one.trial
    (found,) = compare_with_originals(sandbox, [one], [folder])
    return found


def test_a_class_with_all_it_needs_is_equal(sandbox: Sandbox, tmp_path: Path) -> None:
    split = 'SLOPE = 0.1\n\nclass Base(nn.Module):\n    """Documented."""\n' + LAYER.split("\n", 2)[2]
    original = split + "\n\nclass Layer(Base):\n    pass\n"
    assert equality(sandbox, tmp_path, original) == Equality("equal")


def test_a_wrong_constant_is_found(sandbox: Sandbox, tmp_path: Path) -> None:
    found = equality(sandbox, tmp_path, LAYER, extracted=LAYER.replace("0.1", "0.2"))
    assert found.kind == "differs"
    assert found.reason.startswith("in eval mode, output the value: differs by 0.")


def test_a_pruned_method_is_found(sandbox: Sandbox, tmp_path: Path) -> None:
    original = (
        LAYER + "\n    def train(self, mode=True):\n        self.slope = 0.5\n        return super().train(mode)\n"
    )
    found = equality(sandbox, tmp_path, original)
    assert found.kind == "differs"


def test_a_switch_is_turned_to_look_behind_it(sandbox: Sandbox, tmp_path: Path) -> None:
    switched = LAYER.replace("slope=0.1", "slope=0.1, bias=True").replace("dim, dim", "dim, dim, bias=bias")
    wrong = switched.replace("self.slope = slope", "self.slope = slope if bias else 0.3")
    (tmp_path / "zoo.py").write_text(HEADER + switched)
    (found,) = compare_with_originals(sandbox, [tried(sandbox, "zoo", wrong, "bias=True")], [tmp_path])
    assert found.kind == "differs"
    assert found.reason.startswith("with bias=False, in eval mode, output")


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (LAYER.replace("(nn.Module)", "(nn.Modul)"), "it can't be executed: AttributeError: module 'torch.nn' has no"),
        (LAYER.replace("= slope", "= slop"), "it can't be built as the original can: NameError: name 'slop' is not"),
        (LAYER.replace("self.gate", "self.gat"), "in eval mode, it raises AttributeError: 'Layer' object has no"),
    ],
    ids=["execute", "build", "run"],
)
def test_what_fails_where_the_original_does_not_differs(
    sandbox: Sandbox, tmp_path: Path, wrong: str, reason: str
) -> None:
    (tmp_path / "zoo.py").write_text(HEADER + LAYER)
    (found,) = compare_with_originals(sandbox, [tried(sandbox, "zoo", wrong)], [tmp_path])
    assert found.kind == "differs"
    assert found.reason.startswith(reason)


def test_a_way_that_only_the_original_can_go_is_found_although_the_extracted_class_runs_another(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "zoo.py").write_text(HEADER + LAYER)
    flat = LAYER.replace("return self.gate", "assert x.dim() == 2; return self.gate")
    one = tried(sandbox, "zoo", flat)
    assert one.trial.reached("forward"), one.trial
    (found,) = compare_with_originals(sandbox, [one], [tmp_path])
    assert (found.kind, found.reason) == ("differs", "in eval mode, it raises AssertionError, the original nothing")


def test_what_neither_can_do_is_no_difference(sandbox: Sandbox, tmp_path: Path) -> None:
    broken = LAYER.replace("self.gate", "self.gat")
    (tmp_path / "zoo.py").write_text(HEADER + broken)
    (found,) = compare_with_originals(sandbox, [tried(sandbox, "zoo", broken)], [tmp_path])
    assert found.kind == "not_comparable"
    assert found.reason.startswith("no way to run it or its original was found: AttributeError")


def test_a_parameter_that_extraction_fixed_is_not_given_to_the_original(sandbox: Sandbox, tmp_path: Path) -> None:
    original = LAYER.replace("slope=0.1", "slope=0.1, wide=None, **rest")
    (tmp_path / "zoo.py").write_text(HEADER + original.replace("dim, dim)", "dim, dim if wide is None else wide)"))
    one = tried(sandbox, "zoo", LAYER)
    one = replace(one, spec=replace(one.spec, fixed=(("wide", "None"),)))
    assert compare_with_originals(sandbox, [one], [tmp_path]) == [Equality("equal")]


def test_another_base_class_that_adds_state_is_found(sandbox: Sandbox, tmp_path: Path) -> None:
    original = LAYER.replace("self.slope = slope", "self.slope = slope; self.register_buffer('calls', torch.zeros(1))")
    found = equality(sandbox, tmp_path, original)
    assert (found.kind, found.reason) == ("differs", "its state has nothing more; lacks calls")


def test_an_original_that_insists_on_its_own_configuration_is_given_one(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "zoo.py").write_text(HEADER + CONFIGURATION + CONFIGURED.replace("# check", CHECK))
    spec = spec_of(CONFIGURED, "config")
    spec = replace(spec, origin=replace(spec.origin, qualified_name="zoo.Layer"))
    configurations = {"config": Configuration("Config", {"hidden_size": "768", "slope": "0.1"})}
    trial = try_module(sandbox, spec, configurations=configurations)
    assert compare_with_originals(sandbox, [Tried(spec, trial, configurations)], [tmp_path]) == [Equality("equal")]


def test_what_only_the_originals_configuration_class_knows_is_known_to_both(sandbox: Sandbox, tmp_path: Path) -> None:
    configured = CONFIGURED.replace("config.slope", "config.reset().slope")
    known = CONFIGURATION + "\n    def reset(self):\n        return self\n"
    (tmp_path / "zoo.py").write_text(HEADER + known + configured.replace("# check", CHECK))
    spec = spec_of(configured, "config")
    spec = replace(spec, origin=replace(spec.origin, qualified_name="zoo.Layer"))
    configurations = {"config": Configuration("Config", {"hidden_size": "768", "slope": "0.1"})}
    trial = try_module(sandbox, spec, configurations=configurations)
    assert not trial.reached("constructed")
    assert compare_with_originals(sandbox, [Tried(spec, trial, configurations)], [tmp_path]) == [Equality("equal")]


@pytest.mark.parametrize(
    ("original", "reason"),
    [
        ("import a_package_that_is_not_there\n", "the original can't be imported: ModuleNotFoundError"),
        ("Layers = 1\n", "the original can't be imported: AttributeError: module 'zoo' has no attribute 'Layer'"),
        (LAYER.replace("super", "import os; os.abort(); super"), "ended early (SIGABRT)"),
    ],
)
def test_an_original_that_does_not_work_here_is_no_measure(
    sandbox: Sandbox, tmp_path: Path, original: str, reason: str
) -> None:
    found = equality(sandbox, tmp_path, original)
    assert found.kind == "not_comparable"
    assert found.reason.startswith(reason)


def test_kernels_registered_for_operators_of_an_absent_binary_do_not_keep_a_package_out(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    assert equality(sandbox, tmp_path, OPERATOR.format(library="zoo") + LAYER) == Equality("equal")
    (tmp_path / "kernels.py").write_text("import torch\n" + OPERATOR.format(library="kernels"))
    lazily = "try:\n    import kernels\nexcept RuntimeError as error:\n    raise ImportError('kernels') from error\n"
    assert equality(sandbox, tmp_path, lazily + LAYER) == Equality("equal")


def test_a_package_that_ends_the_process_leaves_the_others_comparable(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(HEADER + LAYER)
    (tmp_path / "bad.py").write_text("import os\nos._exit(3)\n")
    found = compare_with_originals(sandbox, [tried(sandbox, "good"), tried(sandbox, "bad")], [tmp_path])
    assert found == [Equality("equal"), Equality("not_comparable", "the comparison ended early")]
