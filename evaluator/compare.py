"""Compares a child that has inherited its weights with its parent, on one batch. Child program (law 1).

Request header: `parent` and `child` (each `source`, `construct`), `lineage`, `seed`; array `inputs` (batch axis first)
and, when the parent was trained, `weights/NAME`. Answer header: `differences`, one for each thing compared, each with
`dtype`, `mode`, `what`, `absolute` and `relative`.

Without weights the parent gets numbers that hide nothing: layers that start at zero, at one, or at their statistics'
defaults would make wrong transfers look right. Chance is taken out (`Stillness`); batch normalisation uses the batch's
statistics in train mode.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archgraft.evaluator.difference import Difference
from archgraft.evaluator.inherit import LINEAGE, inherit
from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.pull_back import pulled_back
from archgraft.evaluator.stillness import Stillness
from archgraft.evaluator.train import WEIGHTS, state_of
from archgraft.sandbox.protocol import Channel, Message
from archgraft.tree_ops.lineage import Lineage

_SPREAD = 0.1
"""Standard deviation of what is added to weights and statistics."""


@dataclass
class _Run:
    outputs: Tensor
    input_gradient: Tensor | None
    gradients: dict[str, Tensor]


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Any = channel.request.header
    lineage, seed = LINEAGE.validate_python(header["lineage"]), int(header["seed"])
    models = [_built(header[name], seed, name) for name in ("parent", "child")]
    arrays = channel.request.arrays
    weights = {name.removeprefix(WEIGHTS): array for name, array in arrays.items() if name.startswith(WEIGHTS)}
    if not weights:
        shake(models[0], seed)
    inputs = torch.from_numpy(np.array(arrays["inputs"]))
    found: list[Difference] = []
    for dtype in (torch.float32, torch.float64):
        for model in models:
            model.to(dtype)
        state = weights or state_of(models[0])
        if weights:
            models[0].load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
        weights = dict(state)  # training mode moves statistics: both precisions start from the same
        inherit(models[1], lineage, state)
        found += differences(models[0], models[1], lineage, inputs, dtype, seed)
    return Message({"differences": [asdict(difference) for difference in found]})


def _built(described: Mapping[str, str], seed: int, name: str) -> nn.Module:
    module = load_module(described["source"], f"archgraft_{name}")
    return build(module, described["construct"], seed)


def shake(model: nn.Module, seed: int) -> None:
    """Give every parameter, and the statistics of normalisations, numbers that no constructor would."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            scale = min(_SPREAD, _SPREAD * float(parameter.std()) if parameter.dim() > 1 else _SPREAD)
            parameter.add_((noise * (scale or _SPREAD)).to(parameter.dtype))
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.add_(_SPREAD * torch.randn(buffer.shape, generator=generator).to(buffer.dtype))
            elif name.endswith("running_var"):
                buffer.mul_(1 + _SPREAD * torch.rand(buffer.shape, generator=generator).to(buffer.dtype))


def differences(
    parent: nn.Module, child: nn.Module, lineage: Lineage, inputs: Tensor, dtype: torch.dtype, seed: int
) -> Iterator[Difference]:
    """Outputs, gradients of the input, and gradients of parameters as the child's pull back to them, in both modes."""
    inputs = inputs.to(dtype) if inputs.is_floating_point() else inputs
    name = str(dtype).removeprefix("torch.")
    for mode in ("eval", "train"):
        left, right = (_run(model, inputs, seed, is_training=mode == "train") for model in (parent, child))
        yield _difference(name, mode, "outputs", left.outputs, right.outputs)
        if left.input_gradient is not None and right.input_gradient is not None:
            yield _difference(name, mode, "input gradients", left.input_gradient, right.input_gradient)
        shapes = {source: tuple(gradient.shape) for source, gradient in left.gradients.items()}
        owed = pulled_back(lineage, shapes, {key: g.numpy() for key, g in right.gradients.items()})
        if owed:
            pairs = [(left.gradients[source], torch.from_numpy(gradient)) for source, gradient in owed.items()]
            first, second = (torch.cat([pair[side].double().flatten() for pair in pairs]) for side in (0, 1))
            yield _difference(name, mode, "parameter gradients", first, second)


def _run(model: nn.Module, inputs: Tensor, seed: int, *, is_training: bool) -> _Run:
    model.train(is_training)
    model.zero_grad(set_to_none=True)
    leaf = inputs.clone().requires_grad_(inputs.is_floating_point())
    torch.manual_seed(seed)
    with Stillness():
        outputs = model(leaf * 1 if leaf.requires_grad else leaf)
    weights = torch.randn(outputs.shape, generator=torch.Generator().manual_seed(seed)).to(outputs.dtype)
    (outputs * weights).sum().backward()
    gradients = {
        name: torch.zeros_like(p) if p.grad is None else p.grad
        for name, p in model.named_parameters()
        if p.requires_grad
    }
    return _Run(outputs.detach(), leaf.grad, gradients)


def _difference(dtype: str, mode: str, what: str, left: Tensor, right: Tensor) -> Difference:
    absolute = float((left - right).abs().max()) if left.shape == right.shape else float("inf")
    scale = float(left.abs().max())
    return Difference(dtype, mode, what, absolute, absolute / scale if scale > 0 else absolute)
