"""How much a module and its code keep between calls: a cache that grows with every batch ends a night of training.

Child side. Counted are the entries of containers that are reachable from the instance, its classes and its source's
globals, and those of caches without a bound.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from functools import _lru_cache_wrapper
from types import FunctionType, ModuleType
from typing import Any

from torch import Tensor, nn

from archgraft.evaluator.loading import MINED

MAX_ENTRIES = 200_000
_CONTAINERS = (dict, list, set, frozenset, tuple, deque)


def n_kept(module: nn.Module, namespace: ModuleType) -> int:
    """Entries in all containers that stay between calls."""
    total, seen = 0, set[int]()
    waiting: list[Any] = [vars(module), vars(namespace)]
    while waiting and total < MAX_ENTRIES:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, _CONTAINERS):
            total += len(value)
        elif isinstance(value, _lru_cache_wrapper):
            information = value.cache_info()
            total += information.currsize if information.maxsize is None else 0
        waiting.extend(_below(value))
    return total


def _below(value: Any) -> Iterator[Any]:
    """What an object holds, where the object is a container or of mined code's making."""
    if isinstance(value, dict):
        yield from _worth(value.values())
    elif isinstance(value, _CONTAINERS):
        yield from _worth(value)
    elif isinstance(value, FunctionType):
        yield from _worth(vars(value).values())
        yield from _worth(cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell))
    elif isinstance(value, type):
        if value.__module__ == MINED:
            yield from _worth(dict(vars(value)).values())
    elif isinstance(value, nn.Module) or type(value).__module__ == MINED:
        yield from _worth(getattr(value, "__dict__", {}).values())


def _worth(values: Iterable[Any]) -> Iterator[Any]:
    return (v for v in values if not isinstance(v, Tensor | ModuleType | str | bytes | int | float | None))


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:  # a name that is bound later
        return False
