import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.evaluator.tasks.splitting import standardised, stratified_split


@given(st.lists(st.integers(0, 4), min_size=2, max_size=80), st.data())
def test_a_stratified_split_parts_all_rows_and_keeps_proportions(labels: list[int], data: st.DataObject) -> None:
    n_held = data.draw(st.integers(1, len(labels) - 1))
    found = np.array(labels)
    kept, held = stratified_split(found, n_held, np.random.default_rng(0))
    assert len(held) == n_held
    assert sorted([*kept, *held]) == list(range(len(labels)))
    due = np.bincount(found, minlength=5) * n_held / len(labels)
    assert (np.abs(np.bincount(found[held], minlength=5) - due) < 1).all()


@pytest.mark.parametrize("n_held", [0, 4, 5])
def test_a_split_must_leave_both_parts_something(n_held: int) -> None:
    with pytest.raises(ValueError, match="must hold"):
        stratified_split(np.zeros(4), n_held, np.random.default_rng(0))


def test_a_constant_feature_is_standardised_to_zero() -> None:
    (found,) = standardised([np.full((3, 1), 7.0)], axes=(0,))
    np.testing.assert_array_equal(found, np.zeros((3, 1)))
