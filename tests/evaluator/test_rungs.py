import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.evaluator.rungs import best_share, epochs_by_rung


@pytest.mark.parametrize(
    ("epochs", "n_rungs", "reduction", "expected"),
    [(10, 1, 3, (10,)), (27, 3, 3, (3, 9, 27)), (10, 3, 3, (1, 3, 10)), (4, 2, 4, (1, 4))],
)
def test_each_rung_has_a_share_of_the_epochs_above(
    epochs: int, n_rungs: int, reduction: int, expected: tuple[int, ...]
) -> None:
    assert epochs_by_rung(epochs, n_rungs, reduction) == expected


@given(st.integers(1, 200), st.integers(1, 6), st.integers(2, 5))
def test_rungs_differ_or_the_message_says_how_many_epochs_would_do(epochs: int, n_rungs: int, reduction: int) -> None:
    try:
        found = epochs_by_rung(epochs, n_rungs, reduction)
    except ValueError as error:
        enough = int(str(error).partition("at least ")[2].partition(" ")[0])
        assert enough > epochs
        found = epochs_by_rung(enough, n_rungs, reduction)
    assert found[0] >= 1
    assert list(found) == sorted(set(found))
    assert len(found) == n_rungs


def test_the_best_share_is_rounded_down_and_ties_go_to_the_earlier() -> None:
    assert best_share({5: 1.0, 2: 3.0, 4: 3.0, 1: 2.0, 3: 0.0}, 2) == [2, 4]
    assert best_share({5: 1.0, 2: 3.0}, 3) == []
