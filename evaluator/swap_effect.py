"""What a change of a model's code does to its weights and outputs. Child program (law 1).

Both models are built, every weight that both have is copied from the old to the new one, and both are run on the same
inputs in eval mode. Request header: `old`, `new` (sources), `construct`, `seed`, `swapped` (paths of the modules that
were exchanged); array `inputs`. Answer header: `keys`, one entry for each tensor of either state dict with `old`,
`new` (names, or None) and `how`: `kept`, `moved` (same shape, in the same order within the exchanged module), `new` or
`gone`; `error` (largest absolute difference of the outputs) and `scale` (largest absolute output of the old model).
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.nested import tensors
from archgraft.sandbox.protocol import Channel, Message


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Any = channel.request.header
    construct, seed = str(header["construct"]), int(header["seed"])
    old = build(load_module(str(header["old"]), "archgraft_old"), construct, seed)
    new = build(load_module(str(header["new"]), "archgraft_new"), construct, seed)
    pairs = matched(old.state_dict(), new.state_dict(), [str(path) for path in header["swapped"]])
    copy_weights(old, new, pairs)
    inputs = torch.from_numpy(np.array(channel.request.arrays["inputs"]))
    error, scale = compare_outputs(old, new, inputs)
    return Message({"keys": keys(old.state_dict(), new.state_dict(), pairs), "error": error, "scale": scale})


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


def compare_outputs(old: nn.Module, new: nn.Module, inputs: Tensor) -> tuple[float, float]:
    """The largest absolute difference of the outputs, and the largest absolute output of the old model."""
    outputs = []
    for model in (old, new):
        torch.manual_seed(0)
        with torch.no_grad():
            outputs.append(tensors(model.eval()(inputs)))
    pairs = list(zip(*outputs, strict=True))
    error = max((float((one.double() - other.double()).abs().max()) for one, other in pairs), default=0.0)
    return error, max((float(one.double().abs().max()) for one, _ in pairs), default=0.0)
