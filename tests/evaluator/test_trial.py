"""A trial finds some way to build and call a class, and says how far that went."""

from collections.abc import Iterator

import pytest

from archgraft.evaluator.trying import Trial, try_module
from archgraft.sandbox.protocol import Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.configurations import Configuration
from tests.evaluator import layer_sources, rejected_sources, trial_sources
from tests.evaluator.handmade import spec_of


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with LocalSandbox(preload=("archgraft.evaluator.trial",), training=False) as made:
        yield made


def trial_of(sandbox: Sandbox, body: str, *parameters: str) -> Trial:
    return try_module(sandbox, spec_of(body, *parameters))


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        (layer_sources.CONVOLUTION, ("in_chs", "out_chs", "kernel_size=3")),
        (layer_sources.ATTENTION, ("dim", "num_heads=8")),
        (trial_sources.CROSS_ATTENTION, ("query_dim", "context_dim")),
        (trial_sources.TOKEN_MODEL, ("vocab_size", "dim=768", "depth=12")),
        (trial_sources.LOSS, ("smoothing=0.1",)),
        (trial_sources.WRAPPER, ("dim", "fn")),
        (trial_sources.BUILT_OF_CLASSES, ("dim", "act_layer", "depths")),
        (trial_sources.CHOSEN_BY_NAME, ("dim", "mode")),
        (trial_sources.PATCHES, ("img_size=224", "patch_size=16", "in_chans=3", "embed_dim=768")),
        (trial_sources.HANDED_ON, ()),
    ],
)
def test_classes_of_all_kinds_run_forward_and_backward(
    sandbox: Sandbox, body: str, parameters: tuple[str, ...]
) -> None:
    trial = trial_of(sandbox, body, *parameters)
    assert trial.stage == "backward", trial


def test_a_published_model_is_tried_at_toy_size(sandbox: Sandbox) -> None:
    trial = trial_of(sandbox, trial_sources.TOKEN_MODEL, "vocab_size", "dim=768", "depth=12")
    assert dict(trial.arguments) == {"vocab_size": "128", "dim": "32", "depth": "2"}
    assert trial.inputs == (("input_ids", {"tensor": [2, 16], "dtype": "int64", "high": 100}),)
    assert trial.outputs == ((2, 16, 128), (2, 16, 32))
    assert trial.n_parameters == 128 * 32 + 2 * (32 * 32 + 32)


def test_the_same_class_gives_the_same_trial(sandbox: Sandbox) -> None:
    first, second = (trial_of(sandbox, trial_sources.CROSS_ATTENTION, "query_dim", "context_dim") for _ in range(2))
    assert (first.arguments, first.inputs) == (second.arguments, second.inputs)


def test_a_configuration_is_made_from_its_class_at_toy_size(sandbox: Sandbox) -> None:
    configuration = Configuration(
        "AttentionConfig",
        values={"n_embd": "4096", "num_attention_heads": "32", "head_dim": "None", "num_hidden_layers": "40"},
        aliases={"hidden_size": "n_embd"},
        methods=(
            "def __post_init__(self, **kwargs):\n"
            "    self.head_dim = self.n_embd // self.num_attention_heads\n"
            "    self.x = unknown_function(self)\n"
            "    self.layer_types = ['special' for _ in range(self.num_hidden_layers)]\n",
        ),
    )
    spec = spec_of(trial_sources.CONFIGURED, "config", "layer_idx: int")
    trial = try_module(sandbox, spec, configurations={"config": configuration})
    assert trial.stage == "backward", trial
    assert dict(trial.arguments)["layer_idx"] == "0"
    assert trial.n_parameters == 32 * 32 + 32


def test_proposals_of_others_are_tried_first(sandbox: Sandbox) -> None:
    spec = spec_of(layer_sources.MLP, "dim", "hidden_dim", "dropout=0.0")
    inputs = [[("x", {"tensor": [5, 12], "dtype": "float32"})]]
    trial = try_module(sandbox, spec, proposals=[[("dim", "12"), ("hidden_dim", "7")]], inputs=inputs)
    assert (trial.arguments, trial.outputs) == ((("dim", "12"), ("hidden_dim", "7")), ((5, 12),))


@pytest.mark.parametrize(
    ("body", "parameters", "stage", "reason"),
    [
        (trial_sources.NOT_FINITE, (), "forward", "not finite"),
        (trial_sources.CUT, ("dim",), "forward", "no output that a gradient could flow from"),
        (rejected_sources.RAISING, ("dim",), "executed", "RuntimeError: this build has no kernels"),
        (rejected_sources.BROKEN_IMPORT, (), "none", "No module named 'a_package_that_is_not_there'"),
        (trial_sources.NEEDS_A_FILE, ("path: str",), "executed", "FileNotFoundError"),
    ],
)
def test_what_stands_in_the_way_of_the_next_stage_is_said(
    sandbox: Sandbox, body: str, parameters: tuple[str, ...], stage: str, reason: str
) -> None:
    trial = trial_of(sandbox, body, *parameters)
    assert trial.stage == stage, trial
    assert reason in trial.reason


def test_a_class_that_ends_its_process_is_a_crash_and_no_result(sandbox: Sandbox) -> None:
    trial = trial_of(sandbox, trial_sources.ANSWERS_NONSENSE)
    assert (trial.stage, trial.kind) == ("none", "crash")
