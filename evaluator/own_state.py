"""What a module keeps on itself: tensors, slots, attributes with plain values, and what was done to it by hooks.

Runs in the sandbox child only.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from archgraft.evaluator.construction import is_literal, plain

MAX_LITERAL_CHARACTERS = 300
"""Longer values (a vocabulary, a table) are data, not structure."""
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_HOOKS = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


def start_contents(model: nn.Module) -> dict[int, str]:
    """`NodeTensor.content` of each tensor, by its identity; to be asked before the model runs."""
    parameters = {id(one): content(one, digest_others=False) for one in model.parameters()}
    return parameters | {id(one): content(one, digest_others=True) for one in model.buffers()}


def content(tensor: torch.Tensor, *, digest_others: bool) -> str:
    """The value that all of a tensor has, as Python writes it; for others empty or 16 digits that tell the bytes."""
    if nn.parameter.is_lazy(tensor) or not tensor.numel() or tensor.layout != torch.strided or tensor.is_meta:
        return ""
    values = tensor.detach()
    first = values[(0,) * values.dim()]
    if first.item() == values[(-1,) * values.dim()].item() and bool((values == first).all()):
        return repr(first.item())
    if not digest_others:
        return ""
    data = values.cpu().contiguous().flatten().view(torch.uint8).numpy()
    return hashlib.blake2b(data.tobytes(), digest_size=8).hexdigest()


def alterations(module: nn.Module) -> list[str]:
    """`Node.alterations`: hooks of the module or of its own tensors, and methods that the instance hides."""
    held = [one for one in (*module._parameters.values(), *module._buffers.values()) if one is not None]
    is_hooked = any(getattr(module, hooks) for hooks in _HOOKS) or any(tensor._backward_hooks for tensor in held)
    hidden = [
        name
        for name, value in vars(module).items()
        if name not in _OF_EVERY_MODULE and callable(value) and callable(getattr(type(module), name, None))
    ]
    return [*(["hook"] if is_hooked else []), *hidden]


def own_tensors(model: nn.Module, contents: Mapping[int, str]) -> dict[int, list[dict[str, Any]]]:
    """Parameters and persistent buffers of each module, by its identity, as JSON of `NodeTensor`; ties resolved.

    `contents` are `start_contents`.
    """
    first: dict[int, str] = {}  # where the model first holds a tensor
    found: dict[int, list[dict[str, Any]]] = {}
    for path, module in model.named_modules():
        prefix = f"{path}." if path else ""
        mine = found[id(module)] = []
        for kind, held in (("parameter", module._parameters), ("buffer", module._buffers)):
            for name, tensor in held.items():
                if tensor is None or (kind == "buffer" and name in module._non_persistent_buffers_set):
                    continue
                holder = first.setdefault(id(tensor), prefix + name)
                mine.append(
                    {
                        "name": name,
                        "shape": [] if nn.parameter.is_lazy(tensor) else list(tensor.shape),
                        "dtype": str(tensor.dtype).removeprefix("torch."),
                        "kind": kind,
                        "tied_to": "" if holder == prefix + name else holder,
                        "content": contents.get(id(tensor), ""),
                        "is_frozen": kind == "parameter" and not tensor.requires_grad,
                    }
                )
    return found


def shared_slots(path: str, module: nn.Module, paths: Mapping[int, list[str]]) -> list[tuple[str, str]]:
    """All slots with the paths of their nodes, when a node stands elsewhere first; `children` has each only once."""
    prefix = f"{path}." if path else ""
    slots = [(slot, paths[id(child)][0]) for slot, child in module._modules.items() if child is not None]
    return slots if any(home != prefix + slot for slot, home in slots) else []


def plain_attributes(module: nn.Module) -> list[tuple[str, str]]:
    """Name and literal of each plain value that the module's own code keeps on the instance, in order."""
    return [
        (name, text)
        for name, value in vars(module).items()
        if name not in _OF_EVERY_MODULE and not name.startswith("_") and (text := literal_text(value)) is not None
    ]


def further_attributes(module: nn.Module) -> list[tuple[str, str]]:
    """`Node.further_attributes`: name and literal, or an empty text, of what `plain_attributes` leaves out."""
    return [
        (name, text if name.startswith("_") and text is not None else "")
        for name, value in vars(module).items()
        if name not in _OF_EVERY_MODULE and ((text := literal_text(value)) is None or name.startswith("_"))
    ]


def literal_text(value: Any) -> str | None:
    """A Python literal for the value; None when there is none, or none of a reasonable length."""
    if not is_literal(value) or len(text := repr(plain(value))) > MAX_LITERAL_CHARACTERS:
        return None
    return text
