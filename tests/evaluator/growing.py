"""Edits that promise to be exact, tried whole: from the parent's tree to the comparison of both functions."""

from dataclasses import dataclass

import numpy as np

from archgraft.evaluator.dissecting import anatomy_of
from archgraft.evaluator.exactness import Exactness, exactness
from archgraft.evaluator.verify import verify
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.anatomy import Anatomy
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.emission import emissions
from archgraft.tree_ops.inheritance import inheritance
from archgraft.tree_ops.lineage import Lineage
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.tree import Tree
from tests.agent.small_search import CONV_BLOCK, TOKEN_MIXER, spec
from tests.planting import LIMITS, plant_tree

SPECS = {each.id: each for each in (spec("conv", "ConvBlock", CONV_BLOCK), spec("mixer", "TokenMixer", TOKEN_MIXER))}


@dataclass(frozen=True)
class Grown:
    """What came of one edit."""

    child: Tree
    lineage: Lineage
    check: Exactness


@dataclass(frozen=True)
class Nursery:
    """A parent, with all that growing a child from it needs."""

    sandbox: Sandbox
    tree: Tree
    anatomy: Anatomy
    batch: np.ndarray
    output_shape: tuple[int, ...]

    def edit(self, operator: str, path: str, **fields: object) -> Edit:
        """An edit at a path."""
        return Edit(operator, self.tree.at(path).nid, path, **fields)  # type: ignore[arg-type]  # named in words

    def child(self, edit: Edit) -> Tree:
        """The verified child. Fails the test when there is none."""
        prints = emissions(self.tree, edit, spec_of)
        verified = verify(self.sandbox, self.tree, prints, self.batch, self.output_shape, 0, 0, LIMITS)
        assert verified.tree is not None, verified.reason
        return verified.tree

    def grow(self, edit: Edit) -> Grown:
        """Edit, inherit, compare."""
        child = self.child(edit)
        lineage = inheritance(self.tree, child, edit, self.anatomy)
        return Grown(child, lineage, exactness(self.sandbox, self.tree, child, lineage, self.batch, 0, LIMITS))


def nursery(
    sandbox: Sandbox, source: str, call: str, batch: np.ndarray, output_shape: tuple[int, ...] = (10,)
) -> Nursery:
    """A parent from its source, whose outputs are of that shape without the batch axis."""
    tree = plant_tree(sandbox, source, call, batch)
    anatomy = anatomy_of(sandbox, tree, batch, 0, LIMITS)
    assert not anatomy.failure
    return Nursery(sandbox, tree, anatomy, batch, output_shape)


def spec_of(module_id: str) -> ModuleSpec:
    """The library of these tests."""
    return SPECS[module_id]
