"""Checks on one live module: does it behave the way a part of a network must? Child side.

Every check runs the module; none trusts its code. `ContractError` carries the reason for a rejection.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archgraft.evaluator.layouts import (
    Positions,
    ProbeSizes,
    channel_axis,
    channels_first,
    from_channels_first,
    positions_of,
    random_input,
    sizes_of,
)
from archgraft.evaluator.layouts import shape_of as layout_shape
from archgraft.tree_ops.contract import Layout

TOLERANCE = 1e-4
"""Relative to the largest output: far above float32's noise, far below what a real dependence does."""
LARGEST_GAIN = 1e3
DORMANT = 2e-2


class ContractError(ValueError):
    """The module breaks what a contract promises."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A module built for given widths, and the layout that it is probed in.

    `rebuilt` makes it anew for other positions, where it is built for their number; `square` says that it only works
    on squares.
    """

    module: nn.Module
    layout: Layout
    in_width: int
    out_width: int
    generator: torch.Generator
    rebuilt: "Callable[[Positions], Subject] | None" = None
    square: bool = False

    @property
    def sizes(self) -> ProbeSizes:
        """The position lengths that it is probed at."""
        return sizes_of(self.layout, square=self.square)

    def at(self, positions: Positions) -> "Subject":
        """The module for these positions. Raises whatever its constructor raises."""
        return self if self.rebuilt is None else self.rebuilt(positions)

    def input(self, positions: Positions, batch: int = 3) -> Tensor:
        return random_input(self.layout, self.in_width, positions, self.generator, batch)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Run a copy of the input through the module, so that damage to it stays unseen."""
        output = self.module(inputs.clone())
        if not isinstance(output, Tensor):
            raise ContractError(f"gives a {type(output).__name__}, not one tensor")
        if not output.dtype.is_floating_point:
            raise ContractError(f"gives {output.dtype} numbers")
        return output


def wake(module: nn.Module, generator: torch.Generator) -> None:
    """Give parameters that start at or near zero real values: a dormant branch would hide what it depends on."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.numel() and parameter.abs().max() < DORMANT:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.3)


def stride_at(subject: Subject, positions: Positions) -> int:
    """By how much the position axes shrink, after checking the output's whole shape."""
    subject = subject.at(positions)
    with torch.no_grad():
        output = subject(subject.input(positions))
    expected_rank = len(layout_shape(subject.layout, 1, 1, positions))
    if output.ndim != expected_rank:
        raise ContractError(f"gives {output.ndim} axes for {expected_rank}")
    found = positions_of(subject.layout, output)
    strides = {before // after if after and before % after == 0 else 0 for before, after in zip(positions, found)}
    stride = strides.pop() if len(strides) == 1 else (1 if not positions else 0)
    expected = layout_shape(subject.layout, 3, subject.out_width, found)
    if tuple(output.shape) != expected:
        raise ContractError(f"gives shape {tuple(output.shape)} where {expected} was due")
    if stride == 0:
        raise ContractError(f"takes {positions} positions to {found}, no whole ratio")
    if not torch.isfinite(output).all():
        raise ContractError("gives numbers that are not finite")
    return stride


def check_function(subject: Subject, positions: Positions) -> None:
    """In eval: deterministic, neither constant nor the input itself."""
    inputs = subject.input(positions)
    with torch.no_grad():
        first, second = subject(inputs), subject(inputs)
        if not torch.equal(first, second):
            raise ContractError("gives different outputs for the same input in eval mode")
        if first.shape == inputs.shape and torch.equal(first, inputs):
            raise ContractError("gives its input back unchanged in eval mode")
        moved = subject(subject.input(positions))
        if float((moved - first).abs().max()) <= 1e-6 * max(1e-6, float(first.abs().max())):
            raise ContractError("gives an output that doesn't depend on its input")


def check_gain(subject: Subject, positions: Positions) -> None:
    """As initialised, unit noise doesn't explode."""
    with torch.no_grad():
        gain = float(subject(subject.input(positions)).square().mean().sqrt())
    if not gain <= LARGEST_GAIN:
        raise ContractError(f"takes unit noise to a root mean square of {gain:.3g}")


def check_samples_apart(subject: Subject, positions: Positions) -> None:
    """A sample's output may not depend on its neighbours in the batch, nor on how many there are."""
    inputs = subject.input(positions)
    changed = inputs.clone()
    changed[0] = subject.input(positions)[0] * 2
    with torch.no_grad():
        before, after, alone = subject(inputs), subject(changed), subject(inputs[1:2])
    if differ(before[1:], after[1:]) or differ(before[1:2], alone):
        raise ContractError("mixes the samples of a batch")


def check_gradients(subject: Subject, positions: Positions) -> None:
    """In train mode, at an even and an odd batch size: runs backward, gradients finite, and they reach all there is.

    What no gradient reaches would be dead weight in every host: layers that only make an output which nobody takes.
    """
    for batch in (2, 3):
        try:
            _check_gradients(subject, positions, batch)
        except ContractError:
            raise
        except (RuntimeError, ValueError, AssertionError) as error:
            raise ContractError(f"can't train on a batch of {batch}: {error}") from error
    for name, parameter in subject.module.named_parameters():
        if parameter.requires_grad and parameter.grad is None:
            raise ContractError(f"sends no gradient to its {name.removeprefix('module.')}")


def _check_gradients(subject: Subject, positions: Positions, batch: int) -> None:
    inputs = subject.input(positions, batch=batch).requires_grad_()
    output = subject(inputs)
    if not output.requires_grad:
        raise ContractError("cuts the gradient")
    probe = torch.randn(output.shape, generator=subject.generator)
    torch.autograd.backward((output * probe).sum())
    if inputs.grad is None or not inputs.grad.abs().max() > 0:
        raise ContractError("sends no gradient to its input")
    gradients = [inputs.grad, *(p.grad for p in subject.module.parameters() if p.grad is not None)]
    if not all(torch.isfinite(gradient).all() for gradient in gradients):
        raise ContractError("gives gradients that are not finite")


def check_stride_in_place(subject: Subject, positions: Positions, stride: int) -> None:
    """A strided output reads the inputs that it stands over; a module that halves some other axis doesn't."""
    if stride == 1:
        return
    inputs = subject.input(positions, batch=1).requires_grad_()
    output = subject(inputs)
    middle = tuple(length // 2 for length in positions_of(subject.layout, output))
    (read,) = torch.autograd.grad(_at(subject, output, middle, 1).square().sum(), inputs)
    below = _at(subject, read, tuple(position * stride for position in middle), stride)
    if not below.abs().max() > 0:
        raise ContractError(f"shortens the positions by {stride}, but not by joining what lies side by side")


def _at(subject: Subject, tensor: Tensor, start: Positions, length: int) -> Tensor:
    """The part of a batch from a position on, `length` along every position axis."""
    first_axis = 1 if channel_axis(subject.layout) == -1 else 2
    for axis, position in enumerate(start, first_axis):
        tensor = tensor.narrow(axis, position, length)
    return tensor


def mutates_input(subject: Subject, positions: Positions) -> bool:
    """Whether the forward pass writes into its input."""
    inputs = subject.input(positions)
    kept = inputs.clone()
    with torch.no_grad():
        subject.module(inputs)
    return not torch.equal(inputs, kept)


def is_causal(subject: Subject, positions: Positions) -> bool:
    """Whether no output depends on a later position, in reading order."""
    if not positions:
        return True
    inputs = channels_first(subject.layout, subject.input(positions))
    length = inputs.shape[-1]
    for cut in (1, length // 2, length - 1):
        changed = inputs.clone()
        changed[..., cut:] = torch.randn(changed[..., cut:].shape, generator=subject.generator) * 2
        before, after = (_run_flat(subject, x, positions) for x in (inputs, changed))
        if before.shape[-1] != length or differ(before[..., :cut], after[..., :cut]):
            return False
    return True


def differ(first: Tensor, second: Tensor) -> bool:
    """Whether two outputs differ by more than rounding."""
    if first.shape != second.shape:
        return True
    scale = max(float(first.abs().max()), 1e-6) if first.numel() else 1.0
    return bool(((first - second).abs() > TOLERANCE * scale).any())


def _run_flat(subject: Subject, inputs: Tensor, positions: Positions) -> Tensor:
    with torch.no_grad():
        output = subject(from_channels_first(subject.layout, inputs, positions).contiguous())
    return channels_first(subject.layout, output)
