import dataclasses

import pytest

from archgraft.tree_ops.contract import Contract, Role
from archgraft.tree_ops.edits import Adapter, Graft
from archgraft.tree_ops.expressions import Expression
from archgraft.tree_ops.fit import fit
from archgraft.tree_ops.sites import Signature

PROJECTING = Contract(
    layout="map",
    template=(("in_chs", Role("in_width")), ("out_chs", Role("out_width")), ("kernel_size", (3, 3))),
    width="project",
    width_multiple=1,
    spatial_stride=1,
    family="convolution",
    causal=False,
    mutates_input=False,
    n_parameters=9216,
    flops=1,
    probe_widths=(32, 32),
)
ATTENTION = dataclasses.replace(
    PROJECTING,
    layout="sequence",
    template=(("dim", Role("in_width")), ("num_heads", 4)),
    width="preserve",
    width_multiple=4,
    family="attention",
)
MAP = Signature("map", 16, 32, (8, 8), (4, 4), False)
TOKENS = Signature("sequence", 64, 64, (17,), (17,), True)


def possible(contract: Contract, site: Signature, *, images: bool = True, causal: bool = False) -> Graft | None:
    return fit("m", contract, site, images=images, causal=causal)


def fitted(contract: Contract, site: Signature) -> Graft:
    graft = possible(contract, site)
    assert graft is not None
    return graft


def names(adapters: tuple[Adapter, ...]) -> list[str]:
    return [adapter.name for adapter in adapters]


def test_a_module_with_its_own_widths_takes_the_hosts_and_keeps_literal_arguments_as_source() -> None:
    graft = fitted(PROJECTING, MAP)
    assert graft.arguments == (("in_chs", "16"), ("out_chs", "32"), ("kernel_size", "(3, 3)"))
    assert not graft.before
    assert not graft.wrappers


def test_a_host_that_halves_its_map_gets_a_pool_behind_a_module_that_does_not() -> None:
    assert fitted(PROJECTING, MAP).after == (Adapter("nn.AvgPool2d", (("kernel_size", "2"), ("ceil_mode", "True"))),)


def test_a_module_with_the_hosts_stride_needs_no_pool() -> None:
    assert fitted(dataclasses.replace(PROJECTING, spatial_stride=2), MAP).n_adapters == 0


def test_a_module_with_another_stride_does_not_fit() -> None:
    assert possible(dataclasses.replace(PROJECTING, spatial_stride=4), MAP) is None


def test_attention_runs_on_a_map_as_a_sequence_and_is_projected_to_the_hosts_width() -> None:
    graft = fitted(ATTENTION, MAP)
    assert names(graft.wrappers) == ["OnSequence"]
    assert names(graft.after) == ["nn.Conv2d", "nn.AvgPool2d"]


def test_a_width_that_heads_cannot_divide_is_projected_first() -> None:
    graft = fitted(ATTENTION, Signature("sequence", 30, 64, (16,), (16,), False))
    assert graft.before == (Adapter("nn.Linear", (("in_features", "30"), ("out_features", "64"))),)
    assert dict(graft.arguments)["dim"] == "64"


def test_a_width_that_no_projection_mends_does_not_fit() -> None:
    assert possible(ATTENTION, Signature("sequence", 30, 30, (16,), (16,), False)) is None


def test_a_host_narrower_than_a_module_works_at_is_projected_or_refused() -> None:
    wide = dataclasses.replace(ATTENTION, min_width=32)
    assert names(fitted(wide, MAP).before) == ["nn.Conv2d"]
    assert possible(wide, dataclasses.replace(MAP, out_width=16)) is None


def test_a_map_module_on_tokens_keeps_the_class_token_out_and_drops_extra_arguments() -> None:
    graft = fitted(PROJECTING, TOKENS)
    assert graft.wrappers == (Adapter("OnMap", (("n_prefix", "1"),)),)
    assert names(graft.outer) == ["IgnoreExtra"]


@pytest.mark.parametrize(
    ("n_tokens", "n_prefix", "passed_by"),
    [(17, None, 1), (21, None, None), (21, 5, 5), (25, 0, 0), (25, 9, 9), (26, 10, None)],
)
def test_registers_pass_by_where_the_model_shows_its_grid(
    n_tokens: int, n_prefix: int | None, passed_by: int | None
) -> None:
    tokens = dataclasses.replace(TOKENS, in_positions=(n_tokens,), out_positions=(n_tokens,), n_prefix=n_prefix)
    graft = possible(PROJECTING, tokens)
    assert (int(dict(graft.wrappers[0].arguments).get("n_prefix", 0)) if graft else None) == passed_by


@pytest.mark.parametrize("n_tokens", [16, 17])
def test_a_map_module_on_tokens_keeps_its_width(n_tokens: int) -> None:
    graft = fitted(
        PROJECTING, dataclasses.replace(TOKENS, out_width=96, in_positions=(n_tokens,), out_positions=(n_tokens,))
    )
    assert graft.arguments[:2] == (("in_chs", "64"), ("out_chs", "64"))
    assert graft.after == (Adapter("nn.Linear", (("in_features", "64"), ("out_features", "96"))),)
    scaling = dataclasses.replace(PROJECTING, width="scale", width_scale=(2, 1))
    assert possible(scaling, dataclasses.replace(TOKENS, out_width=128)) is None


def test_attention_is_offered_for_as_many_positions_as_memory_takes() -> None:
    wide = dataclasses.replace(TOKENS, in_positions=(4096,), out_positions=(4096,))
    assert possible(ATTENTION, wide) is None
    assert possible(dataclasses.replace(ATTENTION, family="mlp"), wide) is not None


def test_tokens_of_a_text_are_no_picture() -> None:
    assert possible(PROJECTING, TOKENS, images=False) is None


@pytest.mark.parametrize(("causal_module", "fits"), [(True, True), (False, False)])
def test_a_causal_task_takes_only_causal_modules(causal_module: bool, fits: bool) -> None:
    contract = dataclasses.replace(ATTENTION, causal=causal_module)
    assert (possible(contract, TOKENS, causal=True) is not None) is fits


def test_what_works_in_place_gets_a_copy() -> None:
    graft = fitted(dataclasses.replace(PROJECTING, mutates_input=True), MAP)
    assert names(graft.wrappers) == ["CloneInput"]


def test_positions_that_are_no_multiple_of_a_window_do_not_fit() -> None:
    windowed = dataclasses.replace(PROJECTING, position_multiple=7)
    assert possible(windowed, MAP) is None
    assert possible(windowed, dataclasses.replace(MAP, in_positions=(14, 14), out_positions=(7, 7))) is not None


def test_maps_smaller_than_a_module_works_at_do_not_fit() -> None:
    coarse = dataclasses.replace(PROJECTING, min_positions=7)
    assert possible(coarse, MAP) is not None
    assert possible(coarse, dataclasses.replace(MAP, in_positions=(6, 8), out_positions=(6, 8))) is None


def test_further_inputs_and_outputs_are_handled_next_to_the_module() -> None:
    contract = dataclasses.replace(ATTENTION, feeds=("height", "width"), takes_first=True)
    graft = fitted(contract, TOKENS)
    assert graft.wrappers == (
        Adapter("FeedInputs", (("feeds", "('height', 'width')"), ("first", "1"), ("n_axes", "1"))),
        Adapter("TakeFirst"),
    )


def test_expressions_are_written_with_the_hosts_width() -> None:
    template = (("dim", Role("in_width")), ("fn", Expression("torch.nn.Linear(in_width, 2 * in_width)")))
    graft = fitted(dataclasses.replace(ATTENTION, template=template), TOKENS)
    assert graft.arguments == (("dim", "64"), ("fn", "torch.nn.Linear(64, 128)"))


def test_a_module_that_scales_its_width_is_projected_to_the_hosts() -> None:
    contract = dataclasses.replace(PROJECTING, template=(("dim", Role("in_width")),), width="scale", width_scale=(2, 1))
    stage = Signature("map", 16, 32, (8, 8), (8, 8), False)
    assert fitted(contract, stage).after == ()
    widened = Signature("map", 16, 48, (8, 8), (8, 8), False)
    (projection,) = fitted(contract, widened).after
    assert projection.arguments[:2] == (("in_channels", "32"), ("out_channels", "48"))


SIZED = dataclasses.replace(ATTENTION, template=(("dim", Role("in_width")), ("seq_len", Role("n_positions"))))


def test_a_module_made_for_a_number_of_positions_is_told_those_that_it_meets() -> None:
    assert dict(fitted(SIZED, TOKENS).arguments)["seq_len"] == "17"
    assert dict(fitted(SIZED, MAP).arguments)["seq_len"] == "64"


def test_height_and_width_are_those_of_the_map_that_the_module_meets() -> None:
    template = (("dim", Role("in_width")), ("feat_size", Expression("(map_height, map_width)")))
    sized = dataclasses.replace(PROJECTING, template=template, width="preserve")
    wide = dataclasses.replace(MAP, in_positions=(8, 16), out_positions=(8, 16))
    assert dict(fitted(sized, wide).arguments)["feat_size"] == "(8, 16)"
    assert dict(fitted(sized, TOKENS).arguments)["feat_size"] == "(4, 4)"


def test_a_module_made_for_a_map_does_not_fit_where_there_is_none() -> None:
    template = (("dim", Role("in_width")), ("feat_size", Role("map_height")))
    assert possible(dataclasses.replace(ATTENTION, template=template), TOKENS) is None


def test_a_module_for_squares_takes_square_maps_and_square_numbers_of_tokens_only() -> None:
    square = dataclasses.replace(ATTENTION, square=True)
    windowed = dataclasses.replace(ATTENTION, template=(("dim", Role("in_width")), ("window_size", Role("side"))))
    for contract in (square, windowed):
        assert possible(contract, TOKENS) is None
        assert possible(contract, dataclasses.replace(TOKENS, in_positions=(16,), out_positions=(16,))) is not None
    oblong = dataclasses.replace(MAP, in_positions=(4, 16), out_positions=(4, 16))
    assert possible(dataclasses.replace(PROJECTING, square=True), oblong) is None
    assert possible(dataclasses.replace(PROJECTING, square=True), MAP) is not None
