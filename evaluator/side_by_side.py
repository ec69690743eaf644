"""Whether two classes do the same: built alike, given the same weights, run on the same inputs. Child side.

Compared are whether they can be built and run at all; the names and shapes of the state; in eval mode the outputs, and
what is written into the inputs; in train mode also the gradients of parameters and inputs, and the state afterwards
(running statistics, say).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from archgraft.evaluator.behaviour import DORMANT
from archgraft.evaluator.causes import describe
from archgraft.evaluator.nested import copied, difference, mapped, tensors

TOLERANCE = 1e-6
"""Relative to the largest number of a tensor: what the order of float32 additions may change."""
LARGEST_WEIGHT = 1e4
"""Beyond it a weight is one that its constructor left uninitialised."""

Kind = Literal["equal", "differs", "not_comparable"]
Inputs = tuple[tuple[Any, ...], dict[str, Any]]
"""Positional and keyword arguments of a forward pass."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it; `reason` says in what they differ, or why that can't be told."""

    kind: Kind
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Setup:
    """A way to build a class, and inputs that its forward pass takes; `build` must not depend on what ran before."""

    build: Callable[[Callable[..., Any]], nn.Module]
    inputs: Inputs


@dataclass(frozen=True, slots=True)
class _Run:
    """What one forward pass left, or what it raised."""

    outputs: Any
    inputs: Any
    gradients: dict[str, Tensor | None]
    state: dict[str, Tensor]
    error: Exception | None = None


class _DiffersError(Exception):
    """They differ, in this."""


def compare(extracted: Callable[..., Any], original: Callable[..., Any], setup: Setup, seed: int) -> Comparison:
    """Compare an extracted class with its original; one that fails where the other does not differs."""
    mine, theirs, again = (_built(module_class, setup, seed) for module_class in (extracted, original, original))
    if isinstance(mine, Exception) or isinstance(theirs, Exception):
        return _unbuilt(mine, theirs)
    if isinstance(again, Exception):
        return Comparison("not_comparable", f"the original can't be built twice: {describe(again)}")
    _wake(theirs)
    try:
        _share_weights(theirs, mine)
        _share_weights(theirs, again)
    except _DiffersError as found:
        return Comparison("differs", str(found))
    for is_training in (False, True):
        runs = [_run(module, setup.inputs, seed, is_training=is_training) for module in (mine, theirs, again)]
        mode = "train" if is_training else "eval"
        if problem := _run_difference(runs[0], runs[1]):
            if _run_difference(runs[2], runs[1]):
                return Comparison("not_comparable", f"the original differs from itself in {mode} mode")
            return Comparison("differs", f"in {mode} mode, {problem}")
        if runs[1].error and not is_training:
            return Comparison("not_comparable", f"neither runs: {describe(runs[1].error)}")
    return Comparison("equal")


def _built(module_class: Callable[..., Any], setup: Setup, seed: int) -> nn.Module | Exception:
    """The module, or what its constructor raised."""
    torch.manual_seed(seed)
    try:
        return setup.build(module_class)
    except Exception as error:  # noqa: BLE001 - mined code may raise anything
        return error


def _unbuilt(mine: nn.Module | Exception, theirs: nn.Module | Exception) -> Comparison:
    """What it means that one of them can't be built, or neither."""
    if isinstance(mine, Exception) and isinstance(theirs, Exception):
        return Comparison("not_comparable", f"neither can be built: {describe(theirs)}")
    if isinstance(mine, Exception):
        return Comparison("differs", f"it can't be built as the original can: {describe(mine)}")
    assert isinstance(theirs, Exception)
    if isinstance(theirs, ImportError):
        return Comparison("not_comparable", f"the original can't be built: {describe(theirs)}")
    return Comparison("differs", f"the original can't be built with the same arguments: {describe(theirs)}")


def _share_weights(source: nn.Module, target: nn.Module) -> None:
    """Give the target the source's state. Raises `_DiffersError` where they have not the same names and shapes."""
    given, taken = _state(source), _state(target)
    if given.keys() != taken.keys():
        extra, missing = sorted(taken.keys() - given.keys()), sorted(given.keys() - taken.keys())
        raise _DiffersError(f"its state has {', '.join(extra[:4]) or 'nothing more'}; lacks {', '.join(missing[:4])}")
    for name, tensor in given.items():
        if taken[name].shape != tensor.shape or taken[name].dtype != tensor.dtype:
            raise _DiffersError(f"its state's {name} is {tuple(taken[name].shape)}, not {tuple(tensor.shape)}")
    with torch.no_grad():
        for name, tensor in given.items():
            if not nn.parameter.is_lazy(tensor):
                taken[name].data = tensor.detach().clone()


def _state(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers, those that are not saved too."""
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def _wake(module: nn.Module) -> None:
    """Numbers for weights that start near zero, or that nobody initialised."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            if nn.parameter.is_lazy(parameter) or not parameter.is_floating_point():
                continue
            largest = float(parameter.abs().max()) if parameter.numel() else 1.0
            if not DORMANT <= largest <= LARGEST_WEIGHT:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)


def _run(module: nn.Module, inputs: Inputs, seed: int, *, is_training: bool) -> _Run:
    positional, named = copied(inputs)
    if is_training:
        positional, named = mapped((positional, named), _learnable)
    torch.manual_seed(seed)
    try:
        module.train(is_training)  # some classes override it and return nothing
        module.zero_grad(set_to_none=True)
        with torch.set_grad_enabled(is_training):
            outputs = module(*mapped(positional, _passed), **mapped(named, _passed))
        if is_training:
            _backward(outputs)
    except Exception as error:  # noqa: BLE001 - mined code may raise anything
        return _Run(None, None, {}, {}, error)
    gradients = {name: parameter.grad for name, parameter in module.named_parameters()}
    for number, tensor in enumerate(tensors((positional, named))):
        gradients[f"input {number}"] = tensor.grad
    return _Run(outputs, (positional, named), gradients, _state(module))


def _learnable(tensor: Tensor) -> Tensor:
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor


def _passed(tensor: Tensor) -> Tensor:
    """Not a leaf, so that the module may write into it."""
    return tensor.clone() if tensor.requires_grad else tensor


def _backward(outputs: Any) -> None:
    generator = torch.Generator().manual_seed(1)
    losses = [
        (tensor * torch.randn(tensor.shape, generator=generator).to(tensor.dtype)).sum()
        for tensor in tensors(outputs)
        if tensor.requires_grad and tensor.is_floating_point()
    ]
    if losses:
        torch.autograd.backward(losses)


def _run_difference(first: _Run, second: _Run) -> str | None:
    if first.error or second.error:
        if type(first.error).__name__ == type(second.error).__name__:  # an author's own error class is a copy, too
            return None
        said = [describe(run.error) if run.error else "nothing" for run in (first, second)]
        return f"it raises {said[0]}, the original {said[1]}"
    for what, one, other in (
        ("output", first.outputs, second.outputs),
        ("what it leaves in its input", first.inputs, second.inputs),
        ("gradient", first.gradients, second.gradients),
        ("state afterwards", first.state, second.state),
    ):
        if problem := difference(one, other, TOLERANCE):
            return f"{what} {problem}"
    return None
