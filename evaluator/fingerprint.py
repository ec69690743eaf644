"""What a module computes, as a short hash: equal for modules that do the same, however they are written. Child side.

Every parameter gets seeded values that depend on its shape, and on how many of that shape came before it: names don't
count, nor does the order of definition, but for parameters of equal shape. The module is run on a seeded input, in eval
and in train mode, and random projections of its outputs are hashed after rounding.

| symbol | meaning |
| --- | --- |
| y | an output, flattened |
| r_k | k-th of `N_PROJECTIONS` seeded standard normal vectors |
| p_k | r_k . y / (|r_k| |y|), kept to `DECIMALS` decimals |
| |y| | kept to 3 significant digits |

Two floating-point computations of the same function differ by about 1e-6, so one of them crosses a rounding boundary
(spacing 1e-3) in about one of 60 pairs; such a pair is missed, nothing else happens. That two different functions agree
in all 16 projections by chance is out of the question; that they differ by less than the rounding is what is wanted.
"""

import hashlib
import math
from collections import Counter

import torch
from torch import Tensor, nn

from archgraft.evaluator.behaviour import Subject
from archgraft.evaluator.causes import note
from archgraft.evaluator.layouts import Positions

N_PROJECTIONS = 8
DECIMALS = 3
_SEED = 20_240_501
_SCALE = 3.0
"""Of the input: large enough to reach what activations do beyond 6."""
_DIGITS = 16


def fingerprint(subject: Subject, positions: Positions) -> str:
    """16 hexadecimal digits, or nothing when the module can't run so or gives no finite numbers.

    Overwrites its parameters. It should be freshly built: its buffers are left as they are.
    """
    try:
        return _fingerprint(subject, positions)
    except Exception as error:  # noqa: BLE001 - mined code may raise anything; what can't be compared is no duplicate
        note("no fingerprint", error)
        return ""


def _fingerprint(subject: Subject, positions: Positions) -> str:
    _fill(subject.module)
    generator = torch.Generator().manual_seed(_SEED)
    inputs = (
        Subject(subject.module, subject.layout, subject.in_width, subject.out_width, generator).input(positions)
        * _SCALE
    )
    shapes = sorted(tuple(parameter.shape) for parameter in subject.module.parameters())
    parts = [subject.layout, str(tuple(inputs.shape)), str(shapes)]
    with torch.no_grad():
        for is_training in (False, True):
            subject.module.train(is_training)
            torch.manual_seed(_SEED)
            output = subject(inputs)
            if not torch.isfinite(output).all():
                return ""
            parts.append(_summary(output))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_DIGITS]


def _fill(module: nn.Module) -> None:
    """Give every parameter values of about the size of an initialisation, by its shape."""
    seen: Counter[tuple[int, ...]] = Counter()
    with torch.no_grad():
        for parameter in module.parameters():
            shape = tuple(parameter.shape)
            digest = hashlib.sha256(f"{shape} {seen[shape]}".encode()).digest()
            seen[shape] += 1
            generator = torch.Generator().manual_seed(int.from_bytes(digest[:6], "little"))
            scale = 1 / math.sqrt(max(1, math.prod(shape[1:]))) if len(shape) > 1 else 0.5
            parameter.copy_(torch.randn(shape, generator=generator) * scale)


def _summary(output: Tensor) -> str:
    flat = output.detach().double().flatten()
    norm = float(flat.norm())
    if not norm > 0:
        return f"{tuple(output.shape)} zero"
    generator = torch.Generator().manual_seed(_SEED + 1)
    directions = torch.randn(N_PROJECTIONS, flat.numel(), generator=generator, dtype=torch.float64)
    # Divided by their expected length, projections of a unit vector have a spread of one.
    projections = (directions @ (flat / norm)).tolist()
    return f"{tuple(output.shape)} {norm:.2e} {[round(value, DECIMALS) + 0.0 for value in projections]}"
