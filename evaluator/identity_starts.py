"""Finds how another copy of a module, put behind it, begins as the identity. Child side.

Every guess is tried on what the module really gives, in eval and in train mode: only what passes is told.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from archgraft.evaluator.causes import note
from archgraft.evaluator.identity_graph import MAX_FILLED, filled, peel
from archgraft.evaluator.stillness import Stillness
from archgraft.evaluator.trace import definition
from archgraft.tree_ops.anatomy import IdentityStart

_TOLERANCE = 1e-12
"""Largest difference from the identity in float64, relative to the largest value."""


@dataclass
class _Seen:
    """The first call of a module: what it was given beside its input, and what it gave."""

    further: tuple[Any, ...]
    named: dict[str, Any]
    output: Tensor


def identity_starts(model: nn.Module, inputs: Tensor) -> list[IdentityStart]:
    """Starts for all modules with parameters that keep their input's shape; alike ones are tried once. Changes `model`.

    The model and its inputs are to be in float64.
    """
    calls = _first_calls(model, inputs)
    known: dict[str, IdentityStart | None] = {}
    found = []
    for path, module in model.named_modules():
        if not path or path not in calls:
            continue
        kind = f"{type(module).__qualname__} {module!r}"
        if kind not in known:
            known[kind] = None
            try:
                known[kind] = _start(path, module, calls[path])
            except Exception as error:  # noqa: BLE001 - a module that can't be run by itself has no known start
                note(f"no identity start of {path}", error)
        if (start := known[kind]) is not None:
            found.append(replace(start, path=path))
    return found


def _first_calls(model: nn.Module, inputs: Tensor) -> dict[str, _Seen]:
    calls: dict[str, _Seen] = {}
    handles = []

    def hook(path: str) -> Any:
        def keep(_module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
            tensors = bool(args) and isinstance(args[0], Tensor) and isinstance(output, Tensor)
            if tensors and path not in calls and args[0].shape == output.shape and output.is_floating_point():
                calls[path] = _Seen(args[1:], kwargs, output.detach().clone())

        return keep

    for path, module in model.named_modules():
        if next(module.parameters(), None) is not None:
            handles.append(module.register_forward_hook(hook(path), with_kwargs=True))
    model.eval()
    with torch.no_grad():
        model(inputs)
    for handle in handles:
        handle.remove()
    return calls


def _start(path: str, module: nn.Module, seen: _Seen) -> IdentityStart | None:
    source = seen.output.clone().requires_grad_()
    module.train()
    with Stillness():
        given = module(source * 1, *seen.further, **seen.named)  # not a leaf, so that it may work in place
    fill = peel(given.grad_fn, source, frozenset(map(id, module.parameters())))
    if fill is None or not 0 < len(fill.zeroed | fill.dirac) <= MAX_FILLED:
        return None
    with filled(module, fill):
        if not _is_identity(module, seen):
            return None
    return IdentityStart(path, definition(module), *fill.names_in(module))


def _is_identity(module: nn.Module, seen: _Seen) -> bool:
    for is_training in (True, False):
        module.train(is_training)
        with torch.no_grad(), Stillness():
            given = module(seen.output.clone(), *seen.further, **seen.named)
        if not alike(given, seen.output):
            return False
    return True


def alike(left: Tensor, right: Tensor) -> bool:
    """Whether two tensors in float64 are equal but for rounding."""
    if left.shape != right.shape:
        return False
    return float((left - right).abs().max()) <= _TOLERANCE * float(right.abs().max())
