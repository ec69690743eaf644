"""Equal hashes for equal steps and for no others: the steps that a source was written from are the other judge."""

from collections import defaultdict

import numpy as np
import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.identity import tree_hash
from tests.planting import inputs, plant_tree
from tests.tree_ops.random_models import Steps, random_steps, written


@pytest.mark.parametrize("n", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_hashes_are_equal_exactly_where_the_steps_are(shared_sandbox: LocalSandbox, n: int) -> None:
    generator = np.random.default_rng(n)
    hashes: dict[Steps, set[str]] = defaultdict(set)
    for _ in range(n):
        steps = random_steps(generator)
        for _ in range(2):
            tree = plant_tree(shared_sandbox, written(steps, generator), "Net()", inputs(4))
            hashes[steps].add(tree_hash(tree))
    assert all(len(found) == 1 for found in hashes.values())
    assert len(set().union(*hashes.values())) == len(hashes)
