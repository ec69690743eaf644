"""What each module sees while a model runs: calls, shapes, FLOPs. Runs in the sandbox child only.

All modules share one `__call__`: it is replaced while a batch runs, which costs less than two hooks on every module and
sees those that are only made on the way.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from archgraft.evaluator.flops import FlopCount

Shapes = dict[int, dict[tuple[int, ...], None]]
"""By identity of the module; each shape once, in the order of first sight."""


@dataclass
class Flow:
    """One pass of one batch."""

    inputs: Shapes = field(default_factory=lambda: defaultdict(dict))
    outputs: Shapes = field(default_factory=lambda: defaultdict(dict))
    odd: set[int] = field(default_factory=set)
    """Modules that took or gave something other than one floating-point tensor."""
    extra: set[int] = field(default_factory=set)
    """Modules that were given more than one thing."""
    n_calls: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    first_call: dict[int, int] = field(default_factory=dict)
    """Position of a module's first call among all calls."""
    n_all_calls: int = 0
    batch_size: int = 1
    """Of the model's own input."""
    flops: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    overwritten: set[int] = field(default_factory=set)
    """Modules of whose outputs at least one was changed in place later on, by whatever code."""

    @contextmanager
    def recording(self, counter: FlopCount | None = None) -> Iterator[None]:
        """While it lasts, every call of a module is noted, with its share of what `counter` counts.

        With a counter it is also noted whose outputs are overwritten, for which all outputs are held until the end.
        """
        ordinary_call = nn.Module.__call__
        given: list[tuple[int, torch.Tensor, int]] = []

        def noted_call(module: nn.Module, *args: Any, **kwargs: Any) -> Any:
            started = counter.total if counter else 0
            with torch._C.DisableTorchFunction():  # a mode that watches operations need not hear of looks at shapes
                self._enter(id(module), args, kwargs)
            output = ordinary_call(module, *args, **kwargs)
            if counter:
                self.flops[id(module)] += counter.total - started
                if isinstance(output, torch.Tensor) and not output.is_inference():  # those count no versions
                    given.append((id(module), output, output._version))
            with torch._C.DisableTorchFunction():
                self._shape(id(module), output, self.outputs)
            return output

        nn.Module.__call__ = noted_call  # type: ignore[method-assign]
        try:
            yield
        finally:
            nn.Module.__call__ = ordinary_call  # type: ignore[method-assign]
            self.overwritten.update(key for key, output, version in given if output._version != version)

    def of(self, module: nn.Module) -> dict[str, Any]:
        """The fields of `Node` that tell what a module saw."""
        key = id(module)
        is_plain = key not in self.odd and key in self.n_calls
        return {
            "input_shapes": list(self.inputs[key]) if is_plain else [],
            "output_shapes": list(self.outputs[key]) if is_plain else [],
            "n_calls": self.n_calls.get(key, 0),
            "call_order": self.first_call.get(key),
            "extra_inputs": key in self.extra,
            "flops": self.flops.get(key, 0),
            "overwritten": key in self.overwritten,
        }

    def _enter(self, key: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if not self.n_all_calls and args and isinstance(args[0], torch.Tensor):
            self.batch_size = len(args[0])
        self.first_call.setdefault(key, self.n_all_calls)
        self.n_all_calls += 1
        self.n_calls[key] += 1
        n_given = sum(value is not None for value in (*args, *kwargs.values()))
        if n_given > 1 or (kwargs and n_given):
            self.extra.add(key)
        self._shape(key, args[0] if args else None, self.inputs)

    def _shape(self, key: int, value: Any, into: Shapes) -> None:
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            into[key][tuple(value.shape)] = None
        else:
            self.odd.add(key)
