"""Carries out one attempt: edit -> emit -> verify -> gates -> train -> checks. Everything but recording it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from archgraft.agent.rootstock import Rootstock
from archgraft.evaluator.limits import CostCaps
from archgraft.evaluator.results import Stage, Status
from archgraft.evaluator.verify import Verified, verify
from archgraft.sandbox.protocol import Limits, Sandbox
from archgraft.tree_ops.edits import Edit
from archgraft.tree_ops.emission import emissions
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.tree import Tree


@dataclass(frozen=True)
class Workshop:
    """What every attempt of one search shares."""

    sandbox: Sandbox
    rootstock: Rootstock
    spec_of: Callable[[str], ModuleSpec]
    inputs: np.ndarray
    """A small batch that trees are traced on."""
    limits: Limits
    caps: CostCaps
    seed: int

    def offspring(self, parent: Tree, edit: Edit) -> Verified:
        """The edited tree, emitted, rebuilt and found to be what was intended and within the caps; or why not."""
        verified = verify(
            self.sandbox,
            parent,
            emissions(parent, edit, self.spec_of),
            self.inputs,
            self.rootstock.output_shape,
            self.rootstock.n_unreached,
            self.seed,
            self.limits,
        )
        if verified.tree is None:
            return verified
        broken = self.caps.broken_by(verified.tree.n_parameters, verified.tree.flops)
        if broken is not None:
            return replace(verified, tree=None, status=Status.OVER_LIMIT, stage=Stage.GATES, reason=broken)
        return verified
