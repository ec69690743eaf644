"""Builds a model, trains it, then answers what the parent asks of it. Child program (law 1).

Request header: `source`, `construct`, `recipe`, `loss`, `seed`, `device` (`name`, `memory_share`), `return_weights`;
arrays `inputs` and `targets` (the training split), and, to load a state instead of training, `weights/NAME`, or to
begin the training with one, `start/NAME`.

Asks, each with a `phase`: `built` (`n_parameters`, `flops` of one sample, `output_shape` of a batch of two), `epoch`
(`epoch`, `train_loss`; not when weights were given), then `ready` (`train_loss`, of the trained model in eval mode;
`learning_rate`, the peak, none when weights were given or the user's own function trained; `gpu_memory_bytes`, at its
peak, none but on a CUDA GPU). With `ready` comes the state, when asked for: before any input that counts is seen.
Each answer's `do` is `go` or `finish`. From `ready` on the parent examines: `run` (array `inputs`, header `batch_size`)
gives back `outputs`, float32; `echo` takes the same inputs and gives the last outputs again without running the model,
so that the parent can time the way there and back. `finish` ends the job.
"""

import math
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch._inductor.config  # loaded by the first use of deterministic algorithms: better once, before any fork
from torch import Tensor, nn

from archgraft.evaluator.flops import FlopCount
from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.losses import Loss, NonFiniteLossError, loss_named
from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.training import CPU
from archgraft.evaluator.user_training import training_of
from archgraft.sandbox.protocol import Channel, Message

PROFILE_BATCH = 2
MAX_LOSS_SAMPLES = 2000
WEIGHTS, START = "weights/", "start/"


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Mapping[str, Any] = channel.request.header
    device = made_ready(**header["device"])
    arrays = {name: torch.from_numpy(np.array(array)) for name, array in channel.request.arrays.items()}
    seed = int(header["seed"])
    recipe = Recipe(**header["recipe"])
    train = training_of(recipe)
    model = build(load_module(header["source"]), header["construct"], seed)
    if not _go(channel, "built", **profile(model, arrays["inputs"][:PROFILE_BATCH])):
        return Message()
    weights, start = (
        {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        for prefix in (WEIGHTS, START)
    )
    if start:
        model.load_state_dict(start)
    model.to(device)
    inputs, targets = arrays["inputs"], arrays["targets"]
    learning_rate = None
    if weights:
        model.load_state_dict(weights)
    else:
        loss = loss_named(header["loss"], recipe.label_smoothing)
        going = True

        def keep_going(epoch: int, train_loss: float) -> bool:
            nonlocal going
            going = _go(channel, "epoch", epoch=epoch, train_loss=train_loss)
            return going

        learning_rate = train(model, inputs, targets, recipe, loss, seed, keep_going, device)
        if not going:
            return Message()
    n_at_once = max(1, recipe.batch_size // recipe.gradient_accumulation)
    train_loss = final_loss(model, inputs, targets, loss_named(header["loss"], 0.0), n_at_once)
    state = state_of(model) if header["return_weights"] else {}
    serve(channel, model, {"train_loss": train_loss, "learning_rate": learning_rate}, state)
    return Message()


def made_ready(name: str, memory_share: float) -> torch.device:
    """The device, set up so that the same seed gives the same numbers: bit for bit on a CPU, nearly so elsewhere.

    Some operations have no deterministic kernel on a GPU; there they run all the same, with a warning in the log.
    """
    device = torch.device(name)
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"  # what makes matrix products deterministic on CUDA
    torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
    if device.type == "cuda":
        torch.cuda.set_per_process_memory_fraction(memory_share, device)
    return device


def profile(model: nn.Module, inputs: Tensor) -> dict[str, Any]:
    """Parameters, FLOPs of one sample, and the shape of the output of a small batch. Raises `TypeError`."""
    model.eval()
    with torch.no_grad(), FlopCount() as counter:
        output = _checked(model(inputs))
    return {
        "n_parameters": sum(parameter.numel() for parameter in model.parameters()),
        "flops": counter.total // len(inputs),
        "output_shape": list(output.shape),
    }


def final_loss(model: nn.Module, inputs: Tensor, targets: Tensor, loss: Loss, batch_size: int) -> float:
    """Mean loss in eval mode over the first training samples. Raises `NonFiniteLossError`."""
    model.eval()
    device = device_of(model)
    n = min(len(inputs), MAX_LOSS_SAMPLES)
    with torch.no_grad():
        batches = zip(torch.split(inputs[:n], batch_size), torch.split(targets[:n], batch_size))
        total = sum(float(loss(_checked(model(x.to(device))).float(), y.to(device))) * len(x) for x, y in batches)
    if not math.isfinite(total):
        raise NonFiniteLossError(f"the trained model's loss on its training data is {total}")
    return total / n


def serve(channel: Channel, model: nn.Module, said: Mapping[str, Any], state: Mapping[str, np.ndarray]) -> None:
    """Say `said` of the training and give the `state`, then run what the parent sends until it has seen enough."""
    model.eval()
    device = device_of(model)
    gpu_memory_bytes = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    answer = Message({"phase": "ready", **said, "gpu_memory_bytes": gpu_memory_bytes}, state)
    outputs = np.zeros(0, np.float32)
    while (order := channel.ask(answer)).header["do"] != "finish":
        if order.header["do"] == "run":
            inputs = torch.from_numpy(np.array(order.arrays["inputs"]))
            outputs = forward(model, inputs, int(str(order.header["batch_size"])))
        answer = Message({"phase": "outputs"}, {"outputs": outputs})


def forward(model: nn.Module, inputs: Tensor, batch_size: int) -> np.ndarray:
    """Raw float32 outputs of all inputs, batch by batch."""
    with torch.no_grad():
        device = device_of(model)
        parts = [_checked(model(batch.to(device))).float().cpu() for batch in torch.split(inputs, batch_size)]
    joined: np.ndarray = torch.cat(parts).numpy()
    return joined


def device_of(model: nn.Module) -> torch.device:
    """Where the model's parameters are; a model without any is on the CPU."""
    return next((parameter.device for parameter in model.parameters()), CPU)


def state_of(model: nn.Module) -> dict[str, np.ndarray]:
    """Every parameter and buffer that `load_state_dict` wants, in dtypes that can travel: half precision as float32."""
    kept = (torch.float32, torch.float64, torch.int64, torch.int32, torch.uint8, torch.bool)
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items() if isinstance(tensor, Tensor)}
    return {name: (t if t.dtype in kept else t.float()).contiguous().numpy() for name, t in state.items()}


def _checked(output: object) -> Tensor:
    if not isinstance(output, Tensor):
        raise TypeError(f"the model's output must be one tensor, but is a {type(output).__name__}")
    return output


def _go(channel: Channel, phase: str, **said: Any) -> bool:
    return channel.ask(Message({"phase": phase, **said})).header["do"] == "go"
