"""Runs one model whenever it is told to, for the parent to time. Child program (law 1).

Request header: `source`, `construct`, `seed`, `device`, `variant` (evaluator/variants.py), `compiler`; arrays `inputs`
(one batch) and, for a trained model, `weights/NAME`. Says `n_fused` and `remark` once it is ready, then obeys: `do` is
`run` (the array `inputs` in batches of `batch_size`), `echo` (the last outputs again, nothing run) or `finish`. The
result says `gpu_memory_bytes`, at its peak, none but on a CUDA GPU.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch._inductor import config as inductor

from archgraft.evaluator.fusion import Fusion, fuse
from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.train import WEIGHTS, forward, made_ready
from archgraft.evaluator.variants import Variant
from archgraft.sandbox.protocol import Channel, Message

N_FUSION_ROWS = 4
"""Rows that show which layers can be folded; all that the model computes of them is held for a moment."""


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Mapping[str, Any] = channel.request.header
    arrays = {name: torch.from_numpy(np.array(array)) for name, array in channel.request.arrays.items()}
    device = made_ready(**header["device"])
    model = build(load_module(header["source"]), header["construct"], int(header["seed"]))
    if weights := {name.removeprefix(WEIGHTS): array for name, array in arrays.items() if name.startswith(WEIGHTS)}:
        model.load_state_dict(weights)
    model.to(device).eval()
    model, fusion = prepared(model, Variant(header["variant"]), arrays["inputs"], device, str(header["compiler"]))
    answer = Message({"n_fused": fusion.n_pairs, "remark": fusion.reason})
    outputs = np.zeros(0, np.float32)
    while (order := channel.ask(answer)).header["do"] != "finish":
        if order.header["do"] == "run":
            inputs = torch.from_numpy(np.array(order.arrays["inputs"]))
            outputs = forward(model, inputs, int(str(order.header["batch_size"])))
        answer = Message({}, {"outputs": outputs})
    return Message({"gpu_memory_bytes": torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None})


def prepared(
    model: nn.Module, variant: Variant, inputs: Tensor, device: torch.device, compiler: str
) -> tuple[nn.Module, Fusion]:
    """The model as this variant has it, which is the same object unless it is compiled. Raises what a compiler does."""
    if variant is Variant.AS_IS:
        return model, Fusion(0)
    fusion = fuse(model, inputs[:N_FUSION_ROWS].to(device))
    if variant is Variant.COMPILED:
        inductor.compile_threads = 1
        inductor.cpp_cache_precompile_headers = False  # one such file is larger than a job may write
        model = torch.compile(model, backend=compiler, dynamic=False)  # type: ignore[assignment]  # a module stays one
        forward(model, inputs, len(inputs))
    return model, fusion
