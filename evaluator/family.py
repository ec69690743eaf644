"""What kind of layer a module is, judged by what it does: operations it calls, positions it reads. Child side.

No names of classes are read: a class called `Attention` that only gates is a gate.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from archgraft.evaluator.behaviour import Subject
from archgraft.evaluator.layouts import Positions, channel_axis, channels_first, positions_of
from archgraft.tree_ops.contract import Family

_PRODUCTS = frozenset({"matmul", "__matmul__", "__rmatmul__", "bmm", "einsum", "baddbmm"})
_ATTENTIONS = frozenset({"scaled_dot_product_attention", "multi_head_attention_forward"})
_MULTIPLICATIONS = frozenset({"mul", "__mul__", "__rmul__", "mul_", "__imul__", "multiply"})
_CONVOLUTIONS = frozenset({"conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "unfold"})
_NORMALISATIONS = frozenset(
    {"layer_norm", "batch_norm", "group_norm", "instance_norm", "rms_norm", "normalize", "local_response_norm"}
)
N_ELEMENTS = 8
"""Output elements whose inputs are traced."""


class CallRecorder(TorchFunctionMode):
    """Notes which torch functions a forward pass calls, and what they combine.

    With parameters frozen, a tensor that requires a gradient is one that depends on the input.
    """

    def __init__(self, inputs: Tensor) -> None:
        super().__init__()
        self.inputs = inputs
        self.names: set[str] = set()
        self.mixes_by_content = False
        self.spatial_kernel = False
        self.softmax_lengths: set[int] = set()
        self.gated: list[Tensor] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        self.names.add(name)
        result = func(*args, **(kwargs or {}))
        dependent = [a for a in _tensors((*args, *(kwargs or {}).values())) if a.requires_grad]
        if name in _PRODUCTS and len(dependent) > 1:
            self.mixes_by_content = True
        if name in _CONVOLUTIONS:
            self.spatial_kernel = self.spatial_kernel or _has_spatial_kernel(name, args, kwargs or {})
        if name == "softmax" and dependent:
            self.softmax_lengths.add(_softmax_length(result, args, kwargs or {}))
        if name in _MULTIPLICATIONS and len(dependent) > 1 and any(self._is_gated(a) for a in dependent):
            self.gated.append(result)
        return result

    def _is_gated(self, tensor: Tensor) -> bool:
        """Whether this is the input, or the input times something already."""
        return any(
            tensor.data_ptr() == known.data_ptr() and tensor.numel() == known.numel()
            for known in (self.inputs, *self.gated)
        )


@dataclass(frozen=True, slots=True)
class Reads:
    """What one output element depends on, beside its own channel and position."""

    other_channels: bool
    other_positions: bool


def family_of(subject: Subject, positions: Positions) -> Family:
    """The module's family. Freezes its parameters."""
    subject.module.requires_grad_(False)
    leaf = subject.input(positions, batch=2).requires_grad_()
    inputs = leaf * 1.0  # a module may write into its input, which autograd forbids for leaves
    with CallRecorder(inputs) as calls:
        output = subject.module(inputs)
    reads = _reads(subject, leaf, output)
    return _judge(subject, calls, leaf, output, reads)


def _reads(subject: Subject, inputs: Tensor, output: Tensor) -> Reads:
    """Follow the gradients of a few output elements; one alone might sit where an activation is flat."""
    flat = channels_first(subject.layout, output)[0]
    n_channels, n_positions = flat.shape
    is_strided = n_positions != channels_first(subject.layout, inputs).shape[2]
    other_channels = other_positions = False
    for number in range(N_ELEMENTS):
        channel, position = (number * 7 + 3) % n_channels, number * n_positions // N_ELEMENTS  # the first one included
        (gradient,) = torch.autograd.grad(flat[channel, position], inputs, retain_graph=True)
        read = channels_first(subject.layout, gradient)[0].abs() > 0
        own_channel = int(read[channel].any()) if subject.in_width == subject.out_width else 0
        own_position = 1 if is_strided else int(read[:, position].any())
        other_channels |= bool(read.any(1).sum() > own_channel)
        other_positions |= bool(read.any(0).sum() > own_position)
    return Reads(other_channels, other_positions)


def _judge(subject: Subject, calls: CallRecorder, inputs: Tensor, output: Tensor, reads: Reads) -> Family:
    if any(isinstance(m, nn.RNNBase | nn.RNNCellBase) for m in subject.module.modules()):
        return "recurrent"
    if any("fft" in name for name in calls.names):
        return "spectral"
    if reads.other_positions and _attends(subject, calls, inputs):
        return "attention"
    # A vector of numbers per channel scales or shifts; only more than that mixes.
    has_weights = any(p.numel() > max(p.shape, default=0) for p in subject.module.parameters() if p.ndim > 1)
    gates = any(gated.data_ptr() == output.data_ptr() for gated in calls.gated)
    if gates and (reads.other_positions or has_weights):
        return "gate"
    if has_weights:
        is_strided = output.numel() // output.shape[channel_axis(subject.layout)] < inputs.numel() // subject.in_width
        if calls.spatial_kernel or is_strided:
            return "convolution"
        if not reads.other_positions:
            return "mlp"
        return "pooling" if any("pool" in name for name in calls.names) else "other"
    return _judge_without_weights(subject, calls, inputs, reads)


def _attends(subject: Subject, calls: CallRecorder, inputs: Tensor) -> bool:
    """Products of two things read off the input, or a softmax over positions."""
    positions = positions_of(subject.layout, inputs)
    lengths = {*positions, math.prod(positions)}
    return calls.mixes_by_content or bool(calls.names & _ATTENTIONS) or bool(calls.softmax_lengths & lengths)


def _judge_without_weights(subject: Subject, calls: CallRecorder, inputs: Tensor, reads: Reads) -> Family:
    mixes = reads.other_channels or reads.other_positions
    if calls.names & _NORMALISATIONS or (mixes and _forgets_scale(subject, inputs.detach())):
        return "normalisation"
    if reads.other_positions:
        return "pooling"
    if not reads.other_channels and _is_nonlinear(subject, inputs.detach()):
        return "activation"
    return "other"


def _forgets_scale(subject: Subject, inputs: Tensor) -> bool:
    """Whether twice a large input gives about the same output: what hand-written normalisation does."""
    with torch.no_grad():
        large, twice = subject(inputs * 100), subject(inputs * 200)
    return bool((twice - large).abs().max() < 0.1 * large.abs().max())


def _is_nonlinear(subject: Subject, inputs: Tensor) -> bool:
    first, second = inputs, inputs.flip(0)
    with torch.no_grad():
        zero = subject(torch.zeros_like(first))
        gap = subject(first + second) - subject(first) - subject(second) + zero
    return bool(gap.abs().max() > 1e-4)


def _tensors(values: tuple[Any, ...]) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found.extend(item for item in value if isinstance(item, Tensor))
    return found


def _has_spatial_kernel(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    if name == "unfold":
        return True
    weight = args[1] if len(args) > 1 else kwargs.get("weight")
    return isinstance(weight, Tensor) and any(length > 1 for length in weight.shape[2:])


def _softmax_length(result: Tensor, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> int:
    axis = kwargs.get("dim", args[1] if len(args) > 1 else -1)
    return int(result.shape[axis]) if isinstance(axis, int) else 0
