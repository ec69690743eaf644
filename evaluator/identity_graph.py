"""Reads off autograd's graph which parameters to set so that a module hands on its input, or gives nothing. Child side.

A residual branch is silenced at the affine operation nearest to its join (as in zero-initialised residual blocks, Goyal
et al. 2017, arXiv 1706.02677, section 5.1); what has no skip hands on each channel (Net2DeeperNet, Chen et al. 2016,
arXiv 1511.05641, section 2.3). These are guesses: whoever uses them tries them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

MAX_STEPS = 2000
MAX_FILLED = 16
"""Tensors that a start may set: a whole stage of blocks has more, and is no module that one would add."""
_RESHAPING = ("TBackward", "Transpose", "Permute", "View", "UnsafeView", "Unsqueeze", "Squeeze", "Reshape", "Expand")
_HANDING_ON = ("Convolution", "Addmm", "Mm")
_ADDING = ("AddBackward", "SubBackward", "CatBackward")
Step = Any
"""A node of autograd's graph: one operation that was done."""


@dataclass(frozen=True)
class Fill:
    """Parameters to set, by identity: to zeros, or to weights that hand on each channel."""

    zeroed: frozenset[int] = frozenset()
    dirac: frozenset[int] = frozenset()

    def __or__(self, other: "Fill") -> "Fill":
        return Fill(self.zeroed | other.zeroed, self.dirac | other.dirac)

    def names_in(self, module: nn.Module) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Names of the two kinds of parameters, relative to a module."""
        named = list(module.named_parameters())
        zeroed, dirac = (tuple(n for n, p in named if id(p) in kind) for kind in (self.zeroed, self.dirac))
        return zeroed, dirac


def peel(step: Step, source: Tensor, own: frozenset[int], depth: int = 0) -> Fill | None:
    """What to fill so that the value of a step is the source; None when no way is seen."""
    if step is None or depth > MAX_STEPS:
        return None
    if _variable(step) is source:
        return Fill()
    attached, others = _split(step, own)
    if step.name().startswith("AddBackward") and len(others) == 2:
        for skip, branch in (others, others[::-1]):
            kept = peel(skip, source, own, depth + 1)
            silent = None if kept is None else silence(branch, own, depth + 1)
            if kept is not None and silent is not None:
                return kept | silent
        return None
    if len(others) != 1:
        return None
    rest = peel(others[0], source, own, depth + 1)
    if rest is None or not attached:
        return rest
    if step.name().startswith(_HANDING_ON):
        weights = {key for key, n_axes in attached.items() if n_axes > 1}
        return rest | Fill(frozenset(attached) - weights, frozenset(weights))
    return rest | Fill(frozenset(attached)) if step.name().startswith("AddBackward") else None


def silence(step: Step, own: frozenset[int], depth: int = 0) -> Fill | None:
    """What to fill so that the value of a step is zero."""
    if step is None or depth > MAX_STEPS:
        return None
    attached, others = _split(step, own)
    here = Fill(frozenset(attached))
    if step.name().startswith(_ADDING):
        for other in others:
            silent = silence(other, own, depth + 1)
            if silent is None:
                return None
            here |= silent
        return here
    if attached:
        return here
    for other in others:
        silent = silence(other, own, depth + 1)
        if silent is not None:
            return silent
    return None


def _split(step: Step, own: frozenset[int]) -> tuple[dict[int, int], list[Step]]:
    """Parameters that a step uses as they stand, each with its number of axes, and the other steps that it uses."""
    attached: dict[int, int] = {}
    others = []
    for used, _ in step.next_functions:
        parameter = _parameter(used)
        if parameter is not None and id(parameter) in own:
            attached[id(parameter)] = parameter.dim()
        elif used is not None and parameter is None:
            others.append(used)
    return attached, others


def _parameter(step: Step) -> Tensor | None:
    """The parameter that a step is, or only gives another shape to."""
    while step is not None and step.name().startswith(_RESHAPING):
        step = step.next_functions[0][0]
    variable = None if step is None else _variable(step)
    return variable if isinstance(variable, nn.Parameter) else None


def _variable(step: Step) -> Tensor | None:
    return getattr(step, "variable", None)


@contextmanager
def filled(module: nn.Module, fill: Fill) -> Iterator[None]:
    """The module with its start, for as long as it is tried."""
    before = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
    with torch.no_grad():
        for parameter in module.parameters():
            if id(parameter) in fill.zeroed:
                parameter.zero_()
            elif id(parameter) in fill.dirac:
                nn.init.eye_(parameter) if parameter.dim() == 2 else nn.init.dirac_(parameter)
    try:
        yield
    finally:
        module.load_state_dict(before)
