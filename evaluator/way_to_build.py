"""One way to build a mined class for hosts of any width, with one tensor in and one tensor out. Child side."""

import functools
import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from archgraft.evaluator.behaviour import Subject, wake
from archgraft.evaluator.conventions import Template, projects
from archgraft.evaluator.layouts import Positions, sizes_of
from archgraft.evaluator.loading import evaluate
from archgraft.tree_ops import adapter_modules
from archgraft.tree_ops.contract import Feed, Layout, fill, wants_positions
from archgraft.tree_ops.expressions import Expression
from archgraft.tree_ops.fit import call_adapters
from archgraft.tree_ops.syntax import literal


@dataclass(frozen=True, slots=True)
class Construction:
    """A class with one way to call its constructor, and what makes one tensor in, one tensor out of it."""

    module_class: Callable[..., Any]
    template: Template
    seed: int
    feeds: tuple[Feed, ...] = ()
    fed_layout: Layout = "map"
    takes_first: bool = False
    scale: tuple[int, int] = (1, 1)

    @property
    def is_sized(self) -> bool:
        """Whether the constructor is told anything about the host's positions."""
        return wants_positions(self.template)

    def build(self, in_width: int, out_width: int, positions: Positions) -> nn.Module:
        """The module for a host of these widths and positions. Raises whatever its constructor raises."""
        torch.manual_seed(self.seed)
        arguments = fill(self.template, in_width, out_width, positions)
        module = self.module_class(**{name: _value(value) for name, value in arguments.items()})
        if not isinstance(module, nn.Module):
            raise TypeError(f"the constructor gives a {type(module).__name__}")
        for adapter in call_adapters(self.feeds, self.fed_layout, takes_first=self.takes_first):
            given = {name: literal(text) for name, text in adapter.arguments}
            wrapped: nn.Module = getattr(adapter_modules, adapter.name)(module, **given)
            module = wrapped
        return module

    def subject(
        self,
        layout: Layout,
        in_width: int,
        out_width: int,
        *,
        awake: bool = True,
        positions: Positions | None = None,
    ) -> Subject:
        """A freshly built module in eval mode. Raises whatever its constructor raises."""
        module = self.build(in_width, out_width, sizes_of(layout).base if positions is None else positions)
        module.eval()  # some classes override it and return nothing
        generator = torch.Generator().manual_seed(self.seed)
        if awake:
            wake(module, generator)
        made = Subject(module, layout, in_width, out_width, generator)

        def rebuilt(other: Positions) -> Subject:
            return self.subject(layout, in_width, out_width, awake=awake, positions=other)

        return replace(made, rebuilt=rebuilt) if self.is_sized else made

    def widths(self, in_width: int, out_width: int) -> tuple[int, int]:
        """The pair, the second following from the first where the class has no output width of its own."""
        return in_width, (out_width if projects(self.template) else in_width * self.scale[0] // self.scale[1])


def _value(value: Any) -> Any:
    """What a filled template's value stands for."""
    if not isinstance(value, Expression):
        return value
    return evaluate(value.text, {"torch": torch, "types": types, "functools": functools})
