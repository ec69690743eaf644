"""What kind of layer a module is, judged by what it does: operations it calls, positions it reads. Child side.

No names of classes are read: a class called `Attention` that only gates is a gate.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from archgraft.evaluator.behaviour import Subject
from archgraft.evaluator.call_recorder import CallRecorder
from archgraft.evaluator.dataflow import depth_of, joins_paths, multiplies_by_weights
from archgraft.evaluator.layouts import (
    Positions,
    channel_axis,
    channels_first,
    from_channels_first,
    positions_of,
)
from archgraft.tree_ops.contract import Family, Kind

_ATTENTIONS = frozenset({"scaled_dot_product_attention", "multi_head_attention_forward"})
_NORMALISATIONS = frozenset(
    {"layer_norm", "batch_norm", "group_norm", "instance_norm", "rms_norm", "normalize", "local_response_norm"}
)
N_ELEMENTS = 8
"""Output elements whose inputs are traced."""


@dataclass(frozen=True, slots=True)
class Reads:
    """What one output element depends on, beside its own channel and position."""

    other_channels: bool
    other_positions: bool


@dataclass(frozen=True, slots=True)
class Nature:
    """What a module is: its family, by the strongest way in which it mixes, and whether it joins paths."""

    family: Family
    kind: Kind


def nature_of(subject: Subject, positions: Positions) -> Nature:
    """The module's nature. Freezes its parameters."""
    subject.module.requires_grad_(False)
    leaf = subject.input(positions, batch=2).requires_grad_()
    inputs = leaf * 1.0  # a module may write into its input, which autograd forbids for leaves
    with CallRecorder(inputs) as calls:
        output = subject.module(inputs)
    reads = _reads(subject, leaf, output)
    family = _judge(subject, calls, leaf, output, reads)
    is_block = joins_paths(output, one_is_bare=family == "recurrent")  # a step of a recurrence adds weighted paths
    return Nature(family, "block" if is_block else "layer")


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
    if reads.other_positions and (
        any(isinstance(module, nn.RNNBase) for module in subject.module.modules())  # one step of autograd's, often
        or _steps_through_positions(subject, output, positions_of(subject.layout, inputs))
    ):
        return "recurrent"
    if any("fft" in name for name in calls.names):
        return "spectral"
    if reads.other_positions and _attends(subject, calls, inputs):
        return "attention"
    if reads.other_positions and calls.accumulates:
        return "recurrent"
    if not reads.other_positions and not multiplies_by_weights(output) and _knows_positions(subject, inputs.detach()):
        return "embedding"
    # A vector of numbers per channel scales or shifts; only more than that mixes.
    has_weights = any(p.numel() > max(p.shape, default=0) for p in subject.module.parameters() if p.ndim > 1)
    gates = any(gated.data_ptr() == output.data_ptr() for gated in calls.gated)
    if gates and (reads.other_positions or has_weights):
        return "gate"
    if has_weights:
        is_strided = output.numel() // output.shape[channel_axis(subject.layout)] < inputs.numel() // subject.in_width
        if calls.spatial_kernel or is_strided:
            return "convolution"
        if not reads.other_positions or calls.names & _NORMALISATIONS:  # whose statistics reach over positions
            return "mlp"
        return "pooling" if any("pool" in name for name in calls.names) else "other"
    return _judge_without_weights(subject, calls, inputs, output, reads)


def _attends(subject: Subject, calls: CallRecorder, inputs: Tensor) -> bool:
    """Products of two things read off the input, or a softmax over positions."""
    positions = positions_of(subject.layout, inputs)
    lengths = {*positions, math.prod(positions)}
    return calls.mixes_by_content or bool(calls.names & _ATTENTIONS) or bool(calls.softmax_lengths & lengths)


def _steps_through_positions(subject: Subject, output: Tensor, positions: Positions) -> bool:
    """Whether the longest chain of operations grows by one or more with every position: a state is carried along.

    A hand-written scan, selective or not, is told from loops over heads, windows or branches by this.
    """
    longer = subject.sizes.other
    n_more = max((after - before for before, after in zip(positions, longer)), default=0)
    if n_more <= 0:
        return False
    subject = subject.at(longer)
    subject.module.requires_grad_(False)
    inputs = subject.input(longer, batch=2).requires_grad_()
    return depth_of(subject.module(inputs * 1.0)) - depth_of(output) >= n_more


def _knows_positions(subject: Subject, inputs: Tensor) -> bool:
    """Whether equal content at different positions comes out different, by no more than an affine map of each."""
    if not positions_of(subject.layout, inputs) or inputs.numel() == 0:
        return False
    flat = channels_first(subject.layout, inputs)
    same = flat[..., :1].expand(flat.shape).contiguous()
    alike = from_channels_first(subject.layout, same, positions_of(subject.layout, inputs))
    with torch.no_grad():
        output = channels_first(subject.layout, subject(alike.contiguous()))
    spread = (output - output[..., :1]).abs().max()
    return bool(spread > 1e-3 * output.abs().max()) and not _is_nonlinear(subject, inputs)


def _judge_without_weights(
    subject: Subject, calls: CallRecorder, inputs: Tensor, output: Tensor, reads: Reads
) -> Family:
    mixes = reads.other_channels or reads.other_positions
    is_relative = calls.divides_by_statistic or _forgets_scale(subject, inputs.detach())
    if calls.names & _NORMALISATIONS or (mixes and is_relative):
        return "normalisation"
    if reads.other_positions or output.numel() < inputs.numel():  # a maximum reads one position, whichever that is
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
