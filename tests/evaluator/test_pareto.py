import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.evaluator.pareto import hypervolume, on_front


def array(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float64)


@pytest.mark.parametrize(
    ("points", "front"),
    [
        (array((1, 4), (2, 2), (4, 1), (3, 3), (2, 5)), [True, True, True, False, False]),
        (array((1, 1), (1, 1), (1, 2)), [True, True, False]),
        (array((5,), (3,), (3,)), [False, True, True]),
        (array((1, 2, 3), (2, 1, 3), (2, 2, 3), (0, 9, 9)), [True, True, False, True]),
    ],
)
def test_the_front_is_what_nothing_beats(points: np.ndarray, front: list[bool]) -> None:
    assert on_front(points).tolist() == front


@pytest.mark.parametrize(
    ("points", "reference", "volume"),
    [
        (array((2,), (3,)), (5,), 3),
        (array((1, 1)), (3, 4), 2 * 3),
        (array((1, 4), (2, 2), (4, 1)), (5, 5), 4 * 1 + 3 * 2 + 1 * 1),  # strips below each step of the stairs
        (array((1, 4), (2, 2), (4, 1), (3, 3), (2, 2)), (5, 5), 11),
        (array((1, 1, 1)), (2, 3, 4), 1 * 2 * 3),
        (
            array((0, 0, 1), (0, 1, 0), (1, 0, 0)),
            (2, 2, 2),
            3 * 4 - 3 * 2 + 1,
        ),  # three boxes of 4, pairs share 2, all 1
        (array((0, 0, 0, 1), (1, 1, 1, 0)), (2, 2, 2, 2), 8 + 2 - 1),
        (array((6, 1), (1, 6)), (5, 5), 0),
        (np.zeros((0, 2)), (5, 5), 0),
    ],
)
def test_hypervolume_is_what_a_hand_counts(points: np.ndarray, reference: tuple[float, ...], volume: float) -> None:
    assert hypervolume(points, np.array(reference)) == pytest.approx(volume)


@given(st.data(), st.integers(1, 4))
def test_hypervolume_is_the_number_of_unit_cells_that_are_covered(data: st.DataObject, n_objectives: int) -> None:
    rows = data.draw(st.lists(st.tuples(*[st.integers(0, 6)] * n_objectives), min_size=0, max_size=8))
    points = np.array(rows, np.float64).reshape(-1, n_objectives)
    cells = np.stack(np.meshgrid(*[np.arange(6)] * n_objectives), axis=-1).reshape(-1, 1, n_objectives)
    covered = np.any(np.all(points[None] <= cells, axis=2), axis=1)
    assert hypervolume(points, np.full(n_objectives, 6.0)) == np.sum(covered)


@pytest.mark.parametrize("points", [np.zeros(3), array((1, np.nan))])
def test_what_is_no_table_of_numbers_is_refused(points: np.ndarray) -> None:
    with pytest.raises(ValueError, match="numbers of shape"):
        on_front(points)
    with pytest.raises(ValueError, match="numbers of shape"):
        hypervolume(points, np.ones(2))


def test_a_reference_for_other_objectives_is_refused() -> None:
    with pytest.raises(ValueError, match="reference of shape"):
        hypervolume(array((1, 2)), np.ones(3))
