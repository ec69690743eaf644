"""No better recipe passes for a better architecture, and no recipe that harms the rootstock either."""

from hypothesis import given
from hypothesis import strategies as st

from archgraft.agent.genes.fairness import control_owners, margins

scores = st.floats(-100, 100)
candidates = st.integers(1, 9)


def winner(finals: dict[int, float], controls: dict[int, float]) -> int:
    found = margins(finals, controls)
    return max(found, key=lambda candidate: (found[candidate], -candidate))


@given(scores, st.dictionaries(candidates, scores, min_size=1), st.dictionaries(candidates, scores))
def test_a_winner_is_above_both_of_its_rootstocks(
    own: float, finals: dict[int, float], controls: dict[int, float]
) -> None:
    best = winner({0: own, **finals}, controls)
    if best:
        assert finals[best] > own
        assert finals[best] > controls.get(best, own)
    else:
        assert all(score <= max(own, controls.get(one, own)) for one, score in finals.items())


@given(scores, st.dictionaries(candidates, scores))
def test_with_one_recipe_for_all_the_best_score_wins(own: float, finals: dict[int, float]) -> None:
    found = margins({0: own, **finals}, {})
    assert all(found[one] == score - own for one, score in finals.items())


def test_a_good_learning_rate_does_not_win_and_a_harmful_recipe_does_not_either() -> None:
    finals = {0: 90.0, 1: 97.0, 2: 93.0, 3: 91.0}
    controls = {1: 96.8, 3: 20.0}
    assert winner(finals, controls) == 2
    assert winner({0: 90.0, 1: 96.0}, {1: 96.5}) == 0


def test_without_the_rootstocks_score_the_best_score_wins() -> None:
    assert winner({1: 90.0, 2: 91.0}, {2: 95.0}) == 2


def test_finalists_with_the_same_genes_share_a_control_and_those_without_have_none() -> None:
    genes = {1: {"learning_rate": 0.1}, 2: {}, 3: {"learning_rate": 0.2}, 4: {"learning_rate": 0.1}}
    assert control_owners([4, 3, 2, 1, 0], genes) == {1: 1, 3: 3, 4: 1}
    assert control_owners([4, 3], genes) == {3: 3, 4: 4}
