"""Computes zero-cost proxies of one freshly built model. Child program (law 1).

Request header: `source`, `construct`, `loss`, `seed`, `device` (`name`, `memory_share`), `names`; arrays `inputs` and
`targets`, a batch of training samples. Answer header: `scores`, by name, and `reasons` of those that there are none of.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from archgraft.evaluator.causes import describe
from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.losses import loss_named
from archgraft.evaluator.proxies.flops import flops
from archgraft.evaluator.proxies.gradsign import gradsign
from archgraft.evaluator.proxies.naswot import naswot
from archgraft.evaluator.proxies.parameters import parameters
from archgraft.evaluator.proxies.subject import NoScoreError, Subject
from archgraft.evaluator.proxies.synflow import synflow
from archgraft.evaluator.proxies.zico import zico
from archgraft.evaluator.train import PROFILE_BATCH, made_ready, profile
from archgraft.sandbox.protocol import Channel, Message

PROXIES: Mapping[str, Callable[[Subject], float]] = {
    "parameters": parameters,
    "flops": flops,
    "synflow": synflow,
    "naswot": naswot,
    "zico": zico,
    "gradsign": gradsign,
}


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Mapping[str, Any] = channel.request.header
    device = made_ready(**header["device"])
    arrays = {name: torch.from_numpy(np.array(array)).to(device) for name, array in channel.request.arrays.items()}
    seed = int(header["seed"])
    model = build(load_module(header["source"]), header["construct"], seed).to(device)
    profile(model, arrays["inputs"][:PROFILE_BATCH])  # lazy modules get their parameters from their first inputs
    subject = Subject(model, arrays["inputs"], arrays["targets"], loss_named(header["loss"], 0.0))
    scores: dict[str, float] = {}
    reasons: dict[str, str] = {}
    for name in header["names"]:
        torch.manual_seed(seed)  # a proxy's score doesn't depend on which others are asked for
        try:
            score = PROXIES[name](subject)
        except NoScoreError as reason:
            reasons[name] = str(reason)
        except Exception as error:  # noqa: BLE001 - mined code may raise anything
            reasons[name] = describe(error)
        else:
            if math.isfinite(score):
                scores[name] = score
            else:
                reasons[name] = f"it is {score}"
    return Message({"scores": scores, "reasons": reasons})
