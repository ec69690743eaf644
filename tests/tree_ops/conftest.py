"""Two hosts: a small residual network, and a mixer of tokens whose code passes further arguments."""

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.tree import Tree
from tests.grafting import TOKENS, Graftery
from tests.planting import RESIDUAL, inputs, plant_tree


@pytest.fixture(scope="session")
def images(shared_sandbox: LocalSandbox) -> Graftery:
    return Graftery(shared_sandbox, inputs(3, 8, 8))


@pytest.fixture(scope="session")
def texts(shared_sandbox: LocalSandbox) -> Graftery:
    return Graftery(shared_sandbox, inputs(4, 6))


@pytest.fixture(scope="session")
def residual(images: Graftery) -> Tree:
    return plant_tree(images.sandbox, RESIDUAL, "Net(width=4)", images.batch)


@pytest.fixture(scope="session")
def tokens(texts: Graftery) -> Tree:
    return plant_tree(texts.sandbox, TOKENS, "Net()", texts.batch)
