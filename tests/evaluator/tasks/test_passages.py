import numpy as np
import pytest

from archgraft.evaluator.tasks.passages import PIECE, Shared, shared_passages


def text(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 30, n)


@pytest.mark.parametrize(("length", "is_told"), [(199, False), (200, True), (731, True)])
@pytest.mark.parametrize("kept_start", [0, 1001, 1050, 1099])
def test_a_passage_is_told_from_its_length_on_wherever_it_stands(length: int, is_told: bool, kept_start: int) -> None:
    kept, held = text(3000, 0), text(2000, 1)
    held[500 : 500 + length] = kept[kept_start : kept_start + length]
    held[499], held[500 + length] = 30, 31  # so that it doesn't go on by chance
    found = shared_passages(kept, held, 200)
    assert found == (Shared(length, length, 500, kept_start) if is_told else Shared(0, 0, 0, 0))


def test_several_passages_are_added_up_and_the_longest_is_told() -> None:
    kept, held = text(5000, 0), text(5000, 1)
    held[100:400], held[900:1400] = kept[50:350], kept[4000:4500]
    held[1400], held[400] = 30, 30
    found = shared_passages(kept, held, 200)
    assert (found.n_tokens, found.longest, found.kept_start) == (800, 500, 4000)


def test_a_text_that_repeats_itself_is_shared_as_a_whole() -> None:
    kept, held = np.arange(3000) % 7, np.arange(1000) % 7
    assert shared_passages(kept, held, 200).n_tokens == 1000


def test_passages_across_two_pieces_are_found_as_one() -> None:
    held = text(PIECE + 500, 1)
    kept = held[PIECE - 150 : PIECE + 150]
    assert shared_passages(kept, held, 200) == Shared(300, 300, PIECE - 150, 0)


def test_a_text_shorter_than_a_passage_shares_none() -> None:
    assert shared_passages(text(50, 0), text(50, 0), 200).n_tokens == 0
