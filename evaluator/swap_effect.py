"""What a change of a model's code does to its weights and outputs. Child program (law 1).

Both models are built, every weight that both have is copied from the old to the new one, and both are run on the same
inputs, in eval and in train mode. Request header: `old`, `new` (sources), `construct`, `seed`, `swapped` (paths of the
modules that were exchanged); array `inputs`. Answer header: `keys`, one entry for each tensor of either state dict with
`old`, `new` (names, or None) and `how`: `kept`, `moved` (same shape, in the same order within the exchanged module),
`new` or `gone`; `error` (largest absolute difference of the outputs), `scale` (largest absolute output of the old
model) and `relative` (the largest difference relative to the largest output, of the model or of an exchanged module).
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.nested import tensors
from archgraft.sandbox.protocol import Channel, Message

LARGEST = 1e30
"""Stands for a difference that no number tells: of other shapes, or where one is no finite number."""


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Any = channel.request.header
    construct, seed = str(header["construct"]), int(header["seed"])
    old = build(load_module(str(header["old"]), "archgraft_old"), construct, seed)
    new = build(load_module(str(header["new"]), "archgraft_new"), construct, seed)
    pairs = matched(old.state_dict(), new.state_dict(), [str(path) for path in header["swapped"]])
    copy_weights(old, new, pairs)
    inputs = torch.from_numpy(np.array(channel.request.arrays["inputs"]))
    entries = keys(old.state_dict(), new.state_dict(), pairs)
    error, scale, relative = compare_outputs(old, new, inputs, [str(path) for path in header["swapped"]])
    return Message({"keys": entries, "error": error, "scale": scale, "relative": min(relative, LARGEST)})


Pairs = dict[str, tuple[str, str]]
"""New key -> (old key, how)."""


def matched(old: dict[str, Tensor], new: dict[str, Tensor], swapped: list[str]) -> Pairs:
    """Which tensor of the new model is which of the old one.

    Equal names with equal shapes are the same. Within an exchanged module, the tensors that are left over are the same
    where they have the same shapes in the same order.
    """
    pairs: Pairs = {key: (key, "kept") for key, tensor in new.items() if key in old and old[key].shape == tensor.shape}
    for path in swapped:
        ours = [key for key in new if key.startswith(f"{path}.") and key not in pairs]
        theirs = [key for key in old if key.startswith(f"{path}.") and key not in pairs]
        if [tuple(new[key].shape) for key in ours] == [tuple(old[key].shape) for key in theirs]:
            pairs |= {mine: (their, "moved") for mine, their in zip(ours, theirs)}
    return pairs


def copy_weights(old: nn.Module, new: nn.Module, pairs: Pairs) -> None:
    """Give the new model the old one's tensors."""
    given, taken = old.state_dict(), new.state_dict()
    with torch.no_grad():
        for mine, (theirs, _) in pairs.items():
            taken[mine].copy_(given[theirs])


def keys(old: dict[str, Tensor], new: dict[str, Tensor], pairs: Pairs) -> list[dict[str, Any]]:
    """One entry a tensor: those of the new model in its order, then what is gone."""
    found: list[dict[str, Any]] = []
    for key, tensor in new.items():
        theirs, how = pairs.get(key, (None, "new"))
        found.append({"old": theirs, "new": key, "how": how, "shape": list(tensor.shape)})
    kept = {theirs for theirs, _ in pairs.values()}
    found += [{"old": key, "new": None, "how": "gone", "shape": list(old[key].shape)} for key in old if key not in kept]
    return found


def compare_outputs(old: nn.Module, new: nn.Module, inputs: Tensor, swapped: list[str]) -> tuple[float, float, float]:
    """The largest difference of the outputs, the largest output of the old model, and the largest relative difference.

    Both are run in eval and in train mode, from the same seed. What the exchanged modules themselves give counts in
    the relative difference, too: an untrained network can hide at its end what they do.
    """
    error = scale = relative = 0.0
    for is_training in (False, True):
        ours, theirs = (_outputs(model.train(is_training), inputs, swapped) for model in (new, old))
        for path, expected in theirs.items():
            distance, largest = gap(ours.get(path, []), expected)
            relative = max(relative, distance / largest if largest else distance)
            if path == "":
                error, scale = max(error, distance), max(scale, largest)
    return error, scale, relative


def _outputs(model: nn.Module, inputs: Tensor, swapped: list[str]) -> dict[str, list[Tensor]]:
    """What the model gives (under ""), and what the modules at these paths gave in their last call."""
    found: dict[str, list[Tensor]] = {}
    named = dict(model.named_modules())
    handles = [
        named[path].register_forward_hook(lambda _m, _i, output, path=path: found.update({path: tensors(output)}))
        for path in swapped
        if path in named
    ]
    torch.manual_seed(0)
    with torch.no_grad():
        found[""] = tensors(model(inputs))
    for handle in handles:
        handle.remove()
    return found


def gap(ours: list[Tensor], theirs: list[Tensor]) -> tuple[float, float]:
    """The largest absolute difference, or `LARGEST`, and the largest absolute value of theirs."""
    if [one.shape for one in ours] != [one.shape for one in theirs]:
        return LARGEST, 1.0
    pairs = [(one.double(), other.double()) for one, other in zip(ours, theirs) if one.numel()]
    distance = max((_distance(one, other) for one, other in pairs), default=0.0)
    finite = (torch.where(other.isfinite(), other, 0.0) for _, other in pairs)
    return distance, max((float(other.abs().max()) for other in finite), default=0.0)


def _distance(one: Tensor, other: Tensor) -> float:
    """The largest absolute difference of two tensors: none of equal infinities (a mask's), `LARGEST` of NaN."""
    found = float(torch.where(one == other, 0.0, (one - other).abs()).max())
    return found if math.isfinite(found) else LARGEST  # Python's `max` would lose a NaN
