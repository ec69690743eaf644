"""Both models of a latency comparison in one process: what `python -m benchmarks.latency` holds against two.

Child program, and the parent's end of it.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.evaluator import latency
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.latency_comparison import FULL_EFFORT
from archgraft.evaluator.paces import Rounds, median_interval
from archgraft.evaluator.turns import Turns
from archgraft.sandbox.protocol import Channel, Job, Limits, Message, Sandbox

ENTRY = "latency_together:run"


def run(channel: Channel) -> Message:
    """Entry point. Request header: `models` by name. `do` names one to run on `inputs`, or is `echo` or `finish`."""
    import torch

    from archgraft.evaluator.loading import build, load_module
    from archgraft.evaluator.train import forward

    header: Mapping[str, Any] = channel.request.header
    models = {
        name: build(load_module(written["source"], f"archgraft_{name}"), written["construct"], 0).eval()
        for name, written in header["models"].items()
    }
    answer, outputs = Message(), np.zeros(0, np.float32)
    while (order := channel.ask(answer)).header["do"] != "finish":
        if (model := models.get(str(order.header["do"]))) is not None:
            inputs = torch.from_numpy(np.array(order.arrays["inputs"]))
            outputs = forward(model, inputs, int(str(order.header["batch_size"])))
        answer = Message({}, {"outputs": outputs})
    return Message()


def compare_together(
    sandbox: Sandbox, candidate: CandidateSource, rootstock: CandidateSource, inputs: np.ndarray, seed: int
) -> tuple[float, float, float]:
    """The ratio of both models' passes with its interval, as `compare_latency` has it. Raises `EndedError`."""
    generator = np.random.default_rng(seed)
    models = {"candidate": asdict(candidate), "rootstock": asdict(rootstock)}
    job = Job(ENTRY, Message({"models": models}), readable=(Path(__file__).parent,), label="latency, together")
    with Turns(sandbox, 1) as turns:
        child = turns.start(job, Limits())
        child.ready()
        seconds = min(child.ask(latency.order(name, inputs))[1] for name in (*models, *models, *models))
        rounds = Rounds(math.ceil(FULL_EFFORT.round_seconds / seconds), len(inputs))
        for _ in range(FULL_EFFORT.n_rounds):
            fresh = np.concatenate([latency.fresh_batch(inputs, generator).inputs for _ in range(rounds.n_batches)])
            sides = [("candidate", rounds.candidate), ("rootstock", rounds.rootstock)]
            for number in generator.permutation(len(sides)):
                name, taken = sides[number]
                taken.seconds.append(child.ask(latency.order(name, fresh, len(inputs)))[1])
            rounds.echoes.append(child.ask(latency.order("echo", fresh, len(inputs)))[1])
    ours, theirs = (rounds.passes(taken.seconds) for taken in (rounds.candidate, rounds.rootstock))
    return median_interval((ours / theirs).tolist())
