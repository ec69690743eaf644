"""Whether a model's extracted source, its reprint and its original do the same. Child program (law 1).

Request header: `source`, `reprint`, `construct`, `seed`, and `original`: the `module` to import, and the `name` and
`arguments` of the call that builds the model there; array `inputs` (one small batch). Answer header: `reprint` and
`original`, each the `kind` (`equal`, `differs`, `not_comparable`) and `reason` of its comparison with `source`.
"""

import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import nn

from archgraft.evaluator.causes import describe
from archgraft.evaluator.loading import build, evaluate, load_module
from archgraft.evaluator.originals import import_original
from archgraft.evaluator.side_by_side import Comparison, Setup, compare
from archgraft.sandbox.protocol import Channel, Message

Build = Callable[[], nn.Module]


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Any = channel.request.header
    construct, seed = str(header["construct"]), int(header["seed"])
    inputs = torch.from_numpy(np.array(channel.request.arrays["inputs"]))
    theirs = _original(header["original"])
    mine, reprint = (
        _builder(str(header[name]), f"archgraft_{name}", construct, seed) for name in ("source", "reprint")
    )
    original = Comparison("not_comparable", theirs) if isinstance(theirs, str) else _alike(mine, theirs, inputs, seed)
    return Message({"reprint": asdict(_alike(reprint, mine, inputs, seed)), "original": asdict(original)})


def _builder(source: str, name: str, construct: str, seed: int) -> Build:
    module = load_module(source, name)
    return lambda: build(module, construct, seed)


def _original(where: dict[str, str]) -> Build | str:
    """What builds the original, or why it can't be had."""
    try:
        import_original(where["module"], where["name"])
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a package's import may raise anything
        return f"the original can't be imported: {describe(error)}"
    names = vars(sys.modules[where["module"]])
    return lambda: evaluate(f"{where['name']}({where['arguments']})", names)


def _alike(mine: Build, theirs: Build, inputs: torch.Tensor, seed: int) -> Comparison:
    """Whether they have the same state dict and, from equal weights, the same outputs, gradients and later state."""
    found = compare(mine, theirs, Setup(lambda make: make(), ((inputs,), {})), seed)
    if found.kind == "equal" and list(mine().state_dict()) != list(theirs().state_dict()):
        return Comparison("differs", "the keys of its state dict stand in another order")
    return found
