import pytest

from archgraft.evaluator.early_stop import EarlyStop

ROOTSTOCK = [[2.0, 1.0, 0.5, 0.3, 0.2, 0.1, 0.1, 0.1], [2.2, 1.1, 0.5, 0.3, 0.2, 0.1, 0.1, 0.1]]


@pytest.mark.parametrize("epoch", [1, 3])
def test_nobody_is_stopped_in_the_first_half(epoch: int) -> None:
    assert EarlyStop(ROOTSTOCK).reason_to_stop(epoch, 1e9) is None


def test_a_model_that_learns_four_times_slower_is_stopped_with_the_reason() -> None:
    reason = EarlyStop(ROOTSTOCK).reason_to_stop(4, 2.3)
    assert reason is not None
    assert "above the 2.2 that the rootstock had reached by epoch 1" in reason


def test_a_model_that_is_slower_within_reason_goes_on() -> None:
    assert EarlyStop(ROOTSTOCK).reason_to_stop(4, 2.1) is None


def test_the_last_epoch_is_never_cut() -> None:
    assert EarlyStop(ROOTSTOCK).reason_to_stop(8, 1e9) is None


def test_without_a_rootstock_curve_nothing_is_stopped() -> None:
    assert EarlyStop([]).reason_to_stop(5, 1e9) is None
