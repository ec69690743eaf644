"""What a module keeps on itself: tensors, slots, and attributes with plain values. Runs in the sandbox child only."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from archgraft.evaluator.construction import is_literal, plain

MAX_LITERAL_CHARACTERS = 300
"""Longer values (a vocabulary, a table) are data, not structure."""
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))


def own_tensors(model: nn.Module) -> dict[int, list[dict[str, Any]]]:
    """Parameters and persistent buffers of each module, by its identity, as JSON of `NodeTensor`; ties resolved."""
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


def literal_text(value: Any) -> str | None:
    """A Python literal for the value; None when there is none, or none of a reasonable length."""
    if not is_literal(value) or len(text := repr(plain(value))) > MAX_LITERAL_CHARACTERS:
        return None
    return text
