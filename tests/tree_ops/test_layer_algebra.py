"""What the arithmetic promises, torch's own layers keep."""

import pytest
import torch
from torch import nn

from archgraft.tree_ops.layer_algebra import Window, alike, group_counts, window_of

CONVOLUTIONS = [(3, 1, 1, 1), (3, 1, 1, 2), (7, 1, 3, 2), (4, 1, 0, 4), (2, 1, 0, 2), (3, 2, 2, 1), (1, 1, 0, 1)]


@pytest.mark.parametrize(("kernel", "dilation", "padding", "stride"), CONVOLUTIONS)
def test_other_kernels_and_dilations_give_as_many_positions_from_any_input(
    kernel: int, dilation: int, padding: int, stride: int
) -> None:
    own = nn.Conv1d(1, 1, kernel, stride, padding, dilation)
    transposed = nn.ConvTranspose1d(1, 1, kernel, stride, padding, dilation=dilation)
    for other in alike(Window(kernel, dilation, padding), pools=False):
        changed = nn.Conv1d(1, 1, other.kernel, stride, other.padding, other.dilation)
        back = nn.ConvTranspose1d(1, 1, other.kernel, stride, other.padding, dilation=other.dilation)
        for n in (9, 16, 31, 64):
            x = torch.zeros(1, 1, n)
            assert changed(x).shape == own(x).shape
            assert back(x).shape == transposed(x).shape


@pytest.mark.parametrize(("kernel", "padding"), [(2, 0), (3, 1), (3, 0), (5, 2)])
def test_other_pools_give_as_many_positions(kernel: int, padding: int) -> None:
    for other in alike(Window(kernel, 1, padding), pools=True):
        for n in (16, 31):
            x = torch.zeros(1, 1, n)
            own = nn.MaxPool1d(kernel, 2, padding)(x)
            assert nn.MaxPool1d(other.kernel, 2, other.padding)(x).shape == own.shape


def test_a_padded_three_by_three_becomes_larger_wider_or_a_point() -> None:
    found = set(alike(Window(3, 1, 1), pools=False))
    assert found == {Window(1, 1, 0), Window(5, 1, 2), Window(7, 1, 3), Window(3, 2, 2), Window(3, 3, 3)}


def test_patches_that_do_not_overlap_may_come_to_overlap_but_leave_nothing_out() -> None:
    assert set(alike(Window(4, 1, 0), pools=False)) == {Window(6, 1, 1), Window(4, 3, 3)}


def test_groups_divide_every_width() -> None:
    assert group_counts(24, 36) == [1, 2, 4, 12]
    assert group_counts(7) == [1, 7]


def test_a_window_that_differs_between_axes_is_left_alone() -> None:
    assert window_of({"kernel_size": (3, 1), "padding": (1, 0)}) is None
    assert window_of({"kernel_size": (3, 3), "padding": "same"}) is None
    assert window_of({"kernel_size": 3, "padding": (1, 1)}) == Window(3, 1, 1)
