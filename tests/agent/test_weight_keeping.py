"""Whose trained weights are kept, and until when."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archgraft.agent.attempt import Attempt
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.run_store import RunStore
from archgraft.agent.weight_keeping import WeightKeeper
from archgraft.tree_ops.tree import NodeTensor, Tree
from tests.agent.synthetic import SyntheticRun, result_of, run_info, source_of, tree_of

STATE = {"weight": np.ones((2, 3), np.float32)}


def attempt(index: int, score: float, n_bytes: int = 40) -> Attempt:
    found = SyntheticRun.attempt(index, 0, "swap", "mlp", result_of(score, 100), 0.0)
    return replace(found, weights_bytes=n_bytes)


def tree() -> Tree:
    plain = tree_of(source_of(()))
    tensor = NodeTensor("weight", (2, 3), "float32", "parameter")
    return replace(plain, nodes={"n0": replace(plain.nodes["n0"], tensors=(tensor,))})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with open_run(tmp_path, run_info()) as store:
        yield store


def keeper(store: RunStore, max_bytes: int, n_slots: int = 1) -> WeightKeeper:
    return WeightKeeper(store, max_bytes, n_slots)


def test_the_best_are_held_as_far_as_the_cap_reaches_and_who_fell_out_never_comes_back(store: RunStore) -> None:
    generator = np.random.default_rng(0)
    told = [attempt(index, float(generator.normal()), int(generator.integers(10, 60))) for index in range(40)]
    gone: set[int] = set()
    for n in range(1, len(told) + 1):
        held = keeper(store, 100).holders(told[:n])
        assert sum(told[index].weights_bytes for index in held) <= 100
        assert not held & gone
        gone |= set(range(n)) - held
        scores = {index: one.oriented_score or 0.0 for index, one in enumerate(told[:n])}
        assert all(scores[index] <= min(scores[one] for one in held) for index in scores.keys() - held if held)
    assert keeper(store, 100).holders([attempt(0, 1.0, n_bytes=0)]) == set()


def test_files_stay_until_nobody_in_flight_can_want_them(store: RunStore) -> None:
    kept = keeper(store, max_bytes=150)
    for index in range(1, 9):
        n_bytes = kept.keep(index, tree(), {0: STATE, 1: STATE})
        assert n_bytes == sum(path.stat().st_size for path in store.weights(index, "search").values())
        kept.tell(attempt(index, score=index, n_bytes=100))
    assert {index for index in range(1, 9) if store.weights(index, "search")} == {4, 5, 6, 7, 8}
    np.testing.assert_array_equal(kept.load(8, 1)["weight"], STATE["weight"])  # type: ignore[index]
    assert kept.load(1, 0) is None


def test_what_is_not_the_trees_own_state_is_not_kept(store: RunStore) -> None:
    kept = keeper(store, 10**6)
    assert kept.keep(1, tree(), {0: {"weight": np.full((2, 3), np.inf)}}) == 0
    assert kept.load(1, 0) is None
    assert "candidate 1, seed 0, are not kept: weight is not finite" in store.events()[-1].text


def test_models_that_are_too_large_are_not_asked_for_their_weights(store: RunStore) -> None:
    assert keeper(store, 48).wants(tree())
    assert not keeper(store, 47).wants(tree())


def test_a_damaged_file_is_as_good_as_none(store: RunStore) -> None:
    kept = keeper(store, 10**6)
    kept.keep(1, tree(), {0: STATE})
    path = store.weights(1, "search")[0]
    path.write_bytes(path.read_bytes()[:-4])
    assert kept.load(1, 0) is None
