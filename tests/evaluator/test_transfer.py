"""What is inherited, in numbers: small networks in numpy, before and after."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from archgraft.evaluator.pull_back import pulled_back
from archgraft.evaluator.transfer import transferred
from archgraft.tree_ops.lineage import AxisMap, Beginning, Lineage, TensorPlan
from archgraft.tree_ops.widening import replicas

RNG = np.random.default_rng(0)


def one(plan: TensorPlan, parent: dict[str, np.ndarray], units: tuple[int, ...] = ()) -> np.ndarray:
    """One tensor's value, where its constructor made sevens."""
    lineage = Lineage((), (plan,), unit_maps={"g": units})
    return transferred(lineage, parent, {plan.name: np.full(plan.shape, 7.0)})[plan.name]


def mlp(state: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    hidden = np.tanh(x @ state["up"].T + state["bias"])
    return np.asarray(hidden @ state["down"].T)


@given(n=st.integers(1, 12), m=st.integers(2, 30), seed=st.integers(0, 99))
def test_a_widened_network_computes_what_it_did(n: int, m: int, seed: int) -> None:
    m = max(m, n + 1)
    rng = np.random.default_rng(seed)
    parent = {"up": rng.normal(size=(n, 3)), "bias": rng.normal(size=n), "down": rng.normal(size=(2, n))}
    plans = (
        TensorPlan("up", (m, 3), "widen", ("up",), (AxisMap(0, "g", divides=False),)),
        TensorPlan("bias", (m,), "widen", ("bias",), (AxisMap(0, "g", divides=False),)),
        TensorPlan("down", (2, m), "widen", ("down",), (AxisMap(1, "g", divides=True),)),
    )
    fresh = {plan.name: np.zeros(plan.shape) for plan in plans}
    child = transferred(Lineage((), plans, unit_maps={"g": replicas(n, m, seed)}), parent, fresh)
    x = rng.normal(size=(5, 3))
    np.testing.assert_allclose(mlp(child, x), mlp(parent, x), rtol=1e-12, atol=1e-12)


def test_a_kernel_lies_in_the_middle_of_a_larger_one() -> None:
    found = one(TensorPlan("w", (1, 1, 5), "centre", ("w",)), {"w": np.array([[[1.0, 2.0, 3.0]]])})
    assert found.tolist() == [[[0, 1, 2, 3, 0]]]


def test_merged_groups_see_their_old_inputs_only() -> None:
    grouped = np.arange(1.0, 5.0).reshape(4, 1)  # four groups, one channel in and out each
    found = one(TensorPlan("w", (4, 2), "blocks", ("w",), n_groups=4), {"w": grouped})
    assert found.tolist() == [[1, 0], [0, 2], [3, 0], [0, 4]]


def test_an_overlap_leaves_the_rest_as_it_was_initialised() -> None:
    found = one(TensorPlan("w", (2, 3), "overlap", ("w",)), {"w": np.ones((3, 2))})
    assert found.tolist() == [[1, 1, 7], [1, 1, 7]]


def test_paths_that_merge_are_averaged_and_new_ones_hand_on_or_are_silent() -> None:
    assert one(TensorPlan("w", (2,), "average", ("a", "b")), {"a": np.ones(2), "b": np.full(2, 3.0)}).tolist() == [2, 2]
    assert one(TensorPlan("w", (2, 3), "identity"), {}).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert one(TensorPlan("w", (1, 1, 3), "identity"), {}).tolist() == [[[0, 1, 0]]]
    assert one(TensorPlan("w", (2,), "zero"), {}).tolist() == [0, 0]
    assert one(TensorPlan("w", (2,), "fresh"), {}).tolist() == [7, 7]


def test_tied_names_get_the_same_tensor_and_integers_stay_integers() -> None:
    plan = TensorPlan("embedding", (2,), "copy", ("embedding",))
    fresh = {"embedding": np.zeros(2, np.int64), "head": np.zeros(2, np.int64)}
    found = transferred(Lineage((), (plan,), (("head", "embedding"),)), {"embedding": np.array([3, 4])}, fresh)
    assert found["head"].tolist() == [3, 4]
    assert found["head"].dtype == np.int64


def test_a_lineage_of_other_models_is_refused() -> None:
    lineage = Lineage((), (TensorPlan("w", (2,), "copy", ("v",)),))
    with pytest.raises(ValueError, match="another parent: it has no v"):
        transferred(lineage, {}, {"w": np.zeros(2)})
    with pytest.raises(ValueError, match="another child: w is not of shape"):
        transferred(lineage, {"v": np.zeros(2)}, {"w": np.zeros(3)})


LINEAR_PLANS: dict[Beginning, tuple[TensorPlan, tuple[int, ...]]] = {
    "copy": (TensorPlan("w", (4, 2), "copy", ("w",)), (4, 2)),
    "average": (TensorPlan("w", (4, 2), "average", ("w", "v")), (4, 2)),
    "slice": (TensorPlan("w", (2, 2), "slice", ("w",), offset=2), (4, 2)),
    "widen": (TensorPlan("w", (4, 5), "widen", ("w",), (AxisMap(1, "g", divides=True),)), (4, 3)),
    "centre": (TensorPlan("w", (4, 2, 5), "centre", ("w",)), (4, 2, 3)),
    "blocks": (TensorPlan("w", (4, 4), "blocks", ("w",), n_groups=4), (4, 2)),
}


@pytest.mark.parametrize("beginning", LINEAR_PLANS)
def test_pulling_back_is_the_adjoint_of_transferring(beginning: Beginning) -> None:
    plan, shape = LINEAR_PLANS[beginning]
    parent = {name: RNG.normal(size=shape) for name in plan.sources}
    gradient = RNG.normal(size=plan.shape)
    units = replicas(3, 5, seed=1)
    given_child = float(np.sum(one(plan, parent, units) * gradient))
    back = pulled_back(
        Lineage((), (plan,), unit_maps={"g": units}), dict.fromkeys(plan.sources, shape), {"w": gradient}
    )
    given_parent = sum(float(np.sum(parent[name] * back[name])) for name in plan.sources)
    assert given_parent == pytest.approx(given_child)
