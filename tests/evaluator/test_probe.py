"""The probe learns from running a class what no signature says."""

from collections.abc import Iterator

import pytest

from archgraft.evaluator.probing import PROBE_LIMITS, ProbeRejection, probe_module
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.configurations import Configuration
from archgraft.tree_ops.contract import Contract, Role
from archgraft.tree_ops.contract_json import contract_from_json, contract_to_json
from archgraft.tree_ops.expressions import Expression
from tests.evaluator import argument_sources, layer_sources, rejected_sources, sized_sources
from tests.evaluator.handmade import spec_of


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with LocalSandbox(preload=("archgraft.evaluator.probe",)) as made:
        yield made


def contract_of(sandbox: Sandbox, body: str, *parameters: str) -> Contract:
    found = probe_module(sandbox, spec_of(body, *parameters))
    assert isinstance(found, Contract), found
    return found


def rejection_of(sandbox: Sandbox, body: str, *parameters: str, limits: Limits = PROBE_LIMITS) -> ProbeRejection:
    found = probe_module(sandbox, spec_of(body, *parameters), limits=limits)
    assert isinstance(found, ProbeRejection), found
    return found


def test_a_convolution_block_projects_from_any_width_to_any_width(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, layer_sources.CONVOLUTION, "in_chs", "out_chs", "kernel_size=3")
    assert (contract.layout, contract.family, contract.width) == ("map", "convolution", "project")
    assert (contract.width_multiple, contract.spatial_stride, contract.position_multiple) == (1, 1, 1)
    assert contract.arguments_for(24, 7) == {"in_chs": 24, "out_chs": 7}
    assert not contract.causal


def test_cost_is_that_of_one_sample_at_the_probed_widths(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, layer_sources.CONVOLUTION, "in_chs", "out_chs", "kernel_size=3")
    in_width, out_width = contract.probe_widths
    assert contract.n_parameters == in_width * out_width * 9 + 3 * out_width
    assert contract.flops == 2 * 64 * in_width * out_width * 9


def test_a_stride_is_found_and_demands_even_maps(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, sized_sources.DOWNSAMPLE, "dim")
    assert (contract.spatial_stride, contract.position_multiple) == (2, 2)


def test_attention_needs_widths_that_its_heads_divide(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, layer_sources.ATTENTION, "dim", "num_heads=8")
    assert (contract.layout, contract.family, contract.width) == ("sequence", "attention", "preserve")
    assert contract.width_multiple == 8


def test_widths_below_one_head_are_too_narrow(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, sized_sources.WIDE_ONLY, "dim", "head_dim=16")
    assert contract.min_width == 16
    with pytest.raises(ValueError, match="at least 16"):
        contract.arguments_for(8, 8)


def test_widths_that_groups_divide_by_chance_are_not_promised(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, sized_sources.ROUNDED_GROUPS, "dim", "groups=8")
    assert contract.width_multiple == 32  # 37 and 41 channels would do, 53 would not


def test_maps_smaller_than_a_kernel_without_padding_are_too_small(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, sized_sources.COARSE_GATE, "dim", "size=5")
    assert contract.min_positions == 5
    assert [contract.suits_positions((side, side)) for side in (4, 5, 13)] == [False, True, True]


def test_a_branch_scaled_to_a_millionth_still_counts_as_reading_later_positions(sandbox: Sandbox) -> None:
    assert not contract_of(sandbox, layer_sources.ATTENTION, "dim", "num_heads=8").causal


def test_a_recurrent_layer_is_causal_and_its_hidden_size_is_its_output(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, layer_sources.RECURRENT, "input_size", "hidden_size")
    assert (contract.family, contract.layout, contract.width, contract.causal) == (
        "recurrent",
        "sequence",
        "project",
        True,
    )


def test_a_left_padded_convolution_is_causal(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, layer_sources.CAUSAL_CONVOLUTION, "channels")
    assert (contract.layout, contract.family, contract.causal) == ("signal", "convolution", True)


def test_a_required_inner_width_grows_with_the_host(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, layer_sources.MLP, "dim", "hidden_dim", "dropout=0.0")
    assert (contract.family, contract.causal) == ("mlp", True)
    assert contract.arguments_for(20, 20) == {"dim": 20, "hidden_dim": 40}


def test_a_bottleneck_is_asked_for_a_quarter_of_what_it_gives(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, sized_sources.BOTTLENECK, "inplanes", "planes")
    assert (contract.width, contract.width_multiple) == ("preserve", 4)
    assert contract.arguments_for(64, 64) == {"inplanes": 64, "planes": 16}


@pytest.mark.parametrize(
    ("body", "parameters", "family"),
    [
        (layer_sources.SQUEEZE_EXCITE, ("channels", "reduction"), "gate"),
        (layer_sources.SPECTRAL, ("dim",), "spectral"),
        (layer_sources.CONTEXT_ATTENTION, ("dim",), "attention"),
        (layer_sources.CLASS_ATTENTION, ("dim",), "attention"),
        (layer_sources.POOL_BLOCK, ("dim",), "pooling"),
        (layer_sources.NORMALISATION, ("num_channels",), "normalisation"),
        (layer_sources.POOLING, (), "pooling"),
        (layer_sources.SWISH, (), "activation"),
    ],
)
def test_the_family_is_read_off_what_a_module_does(
    sandbox: Sandbox, body: str, parameters: tuple[str, ...], family: str
) -> None:
    assert contract_of(sandbox, body, *parameters).family == family


def test_a_layer_that_starts_at_zero_is_judged_by_what_it_can_become(sandbox: Sandbox) -> None:
    assert contract_of(sandbox, layer_sources.ZERO_START, "dim").family == "convolution"


def test_halving_the_channels_is_a_scale_and_no_stride(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, layer_sources.HALVED_GATE)
    assert (contract.width, contract.width_scale, contract.spatial_stride) == ("scale", (1, 2), 1)


def test_a_class_that_takes_the_number_of_classes_is_a_model(sandbox: Sandbox) -> None:
    rejection = rejection_of(sandbox, layer_sources.MLP, "dim", "num_classes: int")
    assert (rejection.kind, rejection.reason) == (
        "construct",
        "takes `num_classes`: a whole model or a head, not a part of one",
    )


def test_writing_into_the_input_is_noticed(sandbox: Sandbox) -> None:
    assert contract_of(sandbox, layer_sources.IN_PLACE).mutates_input
    assert not contract_of(sandbox, layer_sources.SWISH).mutates_input


def test_windows_ask_for_a_multiple_of_positions(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, sized_sources.WINDOWS, "dim", "window_size=4")
    assert (contract.position_multiple, contract.width_multiple) == (4, 1)


@pytest.mark.parametrize(
    ("body", "parameters", "kind", "reason"),
    [
        (rejected_sources.BATCH_MIXER, ("dim",), "contract", "mixes the samples of a batch"),
        (rejected_sources.EVEN_BATCHES, ("dim",), "contract", "can't train on a batch of 3: batch size must be even"),
        (rejected_sources.FIVE_INPUTS, ("dim",), "forward", "forward needs 6 inputs (x, a, b, c, d, e), not one"),
        (rejected_sources.CONSTANT, ("dim",), "contract", "doesn't depend on its input"),
        (rejected_sources.IDENTITY, ("drop_prob=0.1",), "contract", "gives its input back unchanged"),
        (rejected_sources.NOISY, (), "contract", "different outputs for the same input"),
        (rejected_sources.RAISING, ("dim",), "construct", "RuntimeError: this build has no kernels"),
        (rejected_sources.UNKNOWN, ("table",), "construct", "no value is known for the required parameter `table`"),
        (rejected_sources.BROKEN_IMPORT, (), "execute", "No module named 'a_package_that_is_not_there'"),
        (sized_sources.FIXED_SIZE, ("dim", "rows=16"), "contract", "runs at (16,) positions, but not at (24,)"),
    ],
)
def test_a_class_that_is_no_part_of_a_network_is_rejected_with_its_reason(
    sandbox: Sandbox, body: str, parameters: tuple[str, ...], kind: str, reason: str
) -> None:
    rejection = rejection_of(sandbox, body, *parameters)
    assert rejection.kind == kind
    assert reason in rejection.reason


@pytest.mark.parametrize(
    ("body", "parameters", "template", "square"),
    [
        (sized_sources.FIXED_SIZE, ("dim", "num_tokens"), ("num_tokens", Role("n_positions")), False),
        (
            sized_sources.MAP_TABLE,
            ("dim", "feat_size=None"),
            ("feat_size", Expression("(map_height, map_width)")),
            False,
        ),
        (sized_sources.WINDOW_TABLE, ("dim", "window_size: int"), ("window_size", Role("side")), True),
        (sized_sources.SQUARE_GRID, ("dim",), ("dim", Role("in_width")), True),
    ],
)
def test_what_is_built_for_a_number_of_positions_is_told_the_hosts(
    sandbox: Sandbox, body: str, parameters: tuple[str, ...], template: tuple[str, object], square: bool
) -> None:
    contract = contract_of(sandbox, body, *parameters)
    assert template in contract.template
    assert contract.square is square
    assert contract.position_multiple == 1


def test_a_module_built_for_its_positions_is_given_no_host_of_unknown_ones(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, sized_sources.FIXED_SIZE, "dim", "num_tokens")
    assert contract.arguments_for(24, 24, (21,)) == {"dim": 24, "num_tokens": 21}
    with pytest.raises(ValueError, match="made for the n_positions of its host"):
        contract.arguments_for(24, 24)


@pytest.mark.parametrize(
    ("body", "norm"),
    [(argument_sources.NORMED_MAP, "torch.nn.BatchNorm2d"), (argument_sources.NORMED_TOKENS, "torch.nn.LayerNorm")],
)
@pytest.mark.parametrize("declared", ["norm_layer", "norm_layer=None"])
def test_a_norm_that_is_called_though_none_is_given_is_the_one_that_suits_the_layout(
    sandbox: Sandbox, body: str, norm: str, declared: str
) -> None:
    assert ("norm_layer", Expression(norm)) in contract_of(sandbox, body, "dim", declared).template


def test_a_module_whose_train_returns_nothing_is_as_good_as_any(sandbox: Sandbox) -> None:
    assert contract_of(sandbox, layer_sources.SILENT_TRAIN, "dim").layout == "map"


def test_classes_as_arguments_follow_from_a_trial_at_two_widths(sandbox: Sandbox) -> None:
    contract = contract_of(
        sandbox, argument_sources.LISTED, "in_channels", "widths: list", "act_layer: type[nn.Module]"
    )
    arguments = contract.arguments_for(24, 24)
    assert arguments["act_layer"] == Expression("torch.nn.GELU")
    assert arguments["widths"] == Expression("[24, 24]")
    assert contract_from_json(contract_to_json(contract)) == contract


def test_a_configuration_becomes_a_namespace_of_the_fields_that_are_read(sandbox: Sandbox) -> None:
    spec = spec_of(argument_sources.CONFIGURED, "config")
    table = Configuration("C", {"hidden_size": "768", "num_attention_heads": "12", "unused": "7"})
    contract = probe_module(sandbox, spec, configurations={"config": table})
    assert isinstance(contract, Contract), contract
    assert contract.arguments_for(64, 64) == {
        "config": Expression("types.SimpleNamespace(hidden_size=64, num_attention_heads=4)")
    }
    assert contract.takes_first


@pytest.mark.parametrize(
    ("body", "feeds", "layout"),
    [(sized_sources.GRID, ("height", "width"), "sequence"), (argument_sources.CROSS, ("same", "none"), "sequence")],
)
def test_further_inputs_are_fed_where_there_is_a_sound_way(
    sandbox: Sandbox, body: str, feeds: tuple[str, ...], layout: str
) -> None:
    contract = contract_of(sandbox, body, "dim")
    assert (contract.feeds, contract.layout, contract.width_multiple) == (feeds, layout, 1)


def test_a_module_that_doubles_its_width_has_that_as_its_rule(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, sized_sources.DOUBLING, "dim")
    assert (contract.width, contract.width_scale, contract.out_width_for(24)) == ("scale", (2, 1), 48)
    with pytest.raises(ValueError, match="scales its width"):
        contract.arguments_for(24, 24)


def test_templates_of_others_are_tried_first(sandbox: Sandbox) -> None:
    spec = spec_of(layer_sources.MLP, "dim", "hidden_dim", "dropout=0.0")
    template = (("dim", Role("in_width")), ("hidden_dim", Role("in_width", 1, 2)))
    contract = probe_module(sandbox, spec, templates=[template])
    assert isinstance(contract, Contract)
    assert contract.template == template


def test_a_class_that_never_returns_is_cut_off(sandbox: Sandbox) -> None:
    assert rejection_of(sandbox, rejected_sources.ENDLESS, limits=Limits(wall_seconds=1.0)).kind == "timeout"


def test_a_kernel_that_eats_the_borders_is_padded(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, argument_sources.UNPADDED, "channels", "kernel_size=3", "padding=0")
    assert contract.spatial_stride == 1
    assert contract.arguments_for(24, 24) == {"channels": 24, "kernel_size": 3, "padding": 1}


def test_channels_made_of_positions_scale_without_any_argument(sandbox: Sandbox) -> None:
    contract = contract_of(sandbox, sized_sources.UNSHUFFLE)
    assert (contract.width, contract.width_scale, contract.spatial_stride) == ("scale", (4, 1), 2)


def test_layers_whose_output_nobody_takes_are_dead_weight(sandbox: Sandbox) -> None:
    rejection = rejection_of(sandbox, rejected_sources.SECOND_OUTPUT, "dim")
    assert (rejection.kind, rejection.reason) == ("contract", "sends no gradient to its second.weight")
