"""Compares extracted classes with the originals that they were mined from. Child program (law 1).

Request header: `seed`, `wall_seconds` (for one class) and `classes`, each with what a trial's child is told, `module`
and `name` (where the original is imported from), `fixed` (parameters that only the original has), and how a trial built
and called it, `arguments` and `call`, or None and its `trouble`. Answer header: `comparisons`, one for each class in
the same order, each with `kind` (`equal`, `differs`, `not_comparable`) and `reason`.

The originals are imported first, all in this process, as packages are slow to import; then every class is compared in a
process of its own: as the trial ran it, and as a trial of the original runs that. So what the extracted class can't do
any more comes to light although its own trial found another way, or none.
"""

import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from archgraft.evaluator.argument_choices import Arguments
from archgraft.evaluator.causes import describe, note
from archgraft.evaluator.dressed_config import with_own_configurations
from archgraft.evaluator.forked import ForkError, in_fork
from archgraft.evaluator.inputs import value_of
from archgraft.evaluator.loading import MINED, load_module
from archgraft.evaluator.originals import import_original
from archgraft.evaluator.side_by_side import Comparison, Inputs, Kind, Setup, compare
from archgraft.evaluator.trial import Attempt, Search
from archgraft.sandbox.protocol import Channel, Message
from archgraft.tree_ops.spec import Parameter

MAX_SWITCHES = 6
"""Arguments that are turned, one at a time, in one class."""


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Any = channel.request.header
    torch.set_num_threads(1)
    found = [_original(one) for one in header["classes"]]
    seed, wall_seconds = int(header["seed"]), float(header["wall_seconds"])
    comparisons: list[Any] = [
        asdict(Comparison("not_comparable", original))
        if isinstance(original, str)
        else _compared(one, original, seed, wall_seconds)
        for one, original in zip(header["classes"], found)
    ]
    return Message({"comparisons": comparisons})


def _original(one: dict[str, Any]) -> Any:
    """The class, or why it can't be had."""
    try:
        return import_original(str(one["module"]), str(one["name"]))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a package's import may raise anything
        return f"the original can't be imported: {type(error).__name__}: {error}"[:300]


def _compared(one: dict[str, Any], original: Any, seed: int, wall_seconds: float) -> dict[str, Any]:
    try:
        return in_fork(lambda: asdict(_compare(one, original, seed)), wall_seconds)
    except ForkError as error:
        return asdict(Comparison("not_comparable", str(error)))


def _compare(one: dict[str, Any], original: Any, seed: int) -> Comparison:
    """In the way that ran the extracted class and in the first that runs the original, with its switches turned."""
    try:
        namespace = load_module(str(one["source"]), MINED).__dict__
        extracted = namespace[str(one["class_name"])]
    except (Exception, SystemExit) as error:  # noqa: BLE001 - mined code may raise anything
        return _unexecuted(describe(error), one, original)

    def outcome(arguments: Arguments, inputs: Inputs) -> Comparison:
        return compare(extracted, original, Setup(_builder(one, namespace, original, arguments), inputs), seed)

    ways = _ways(one, OriginalSearch(original, namespace, one).run(_parameters(one)))
    found = Comparison("not_comparable", f"no way to run it or its original was found: {one['trouble']}")
    for arguments, call in ways:
        inputs = _values(call, seed)
        found = outcome(arguments, inputs)
        for name, text in _switches(one["parameters"]) if found.kind == "equal" else ():
            turned = outcome(tuple({**dict(arguments), name: text}.items()), inputs)
            if turned.kind == "differs":
                return Comparison("differs", f"with {name}={text}, {turned.reason}")
        if found.kind == "differs":
            break
    return found


def _unexecuted(problem: str, one: dict[str, Any], original: Any) -> Comparison:
    """A source that can't even be executed, whose original may run."""
    names = vars(sys.modules[original.__module__])
    runs = OriginalSearch(original, names, one).run(_parameters(one)).reached("forward")
    kind: Kind = "differs" if runs else "not_comparable"
    return Comparison(kind, f"it can't be executed: {problem}")


def _ways(one: dict[str, Any], attempt: Attempt) -> list[tuple[Arguments, list[Any]]]:
    """How to build and call them: as the trial of the extracted class did, then as a trial of the original does."""
    found: list[tuple[Arguments, list[Any]]] = []
    if one["arguments"] is not None:
        found.append((tuple((str(name), str(text)) for name, text in one["arguments"]), one["call"]))
    if attempt.reached("forward"):
        way = attempt.arguments, [list(pair) for pair in attempt.inputs]
        found += [way] if way not in found else []
    return found


def _parameters(one: dict[str, Any]) -> list[Parameter]:
    return [Parameter(**fields) for fields in one["parameters"]]


def _values(call: list[Any], seed: int) -> Inputs:
    """Positional and keyword arguments of the call."""
    generator = torch.Generator().manual_seed(seed)
    values = [(str(name), value_of(spec, generator)) for name, spec in call]
    positional = tuple(value for name, value in values if not name.endswith("="))
    return positional, {name[:-1]: value for name, value in values if name.endswith("=")}


def _switches(parameters: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The parameters that are on or off by default, the other way."""
    turned = {"True": "False", "False": "True"}
    found = [(str(one["name"]), turned[one["default"]]) for one in parameters if one.get("default") in turned]
    return found[:MAX_SWITCHES]


def _builder(
    one: dict[str, Any], namespace: dict[str, Any], original: Any, arguments: Arguments
) -> Callable[[Any], nn.Module]:
    insists = OriginalSearch(original, namespace, one).insists_on_its_own(arguments)

    def build(module_class: Any) -> nn.Module:
        given = with_own_configurations(module_class, original) if insists else module_class
        return Search(given, namespace, one).build(arguments)

    return build


class OriginalSearch(Search):
    """The ways to build an original: none that gives a parameter which extraction fixed.

    Where it insists on configurations of its own it gets such.
    """

    def build(self, arguments: Arguments) -> nn.Module:
        """The module that the arguments make. Raises whatever its constructor raises."""
        if fixed := [name for name, _ in arguments if name in self.header["fixed"]]:
            raise TypeError(f"{fixed[0]} is no parameter of what was extracted")
        try:
            return super().build(arguments)
        except TypeError:
            if not self.configs:
                raise
            dressed = with_own_configurations(self.module_class, self.module_class)
            return Search(dressed, self.namespace, self.header).build(arguments)

    def insists_on_its_own(self, arguments: Arguments) -> bool:
        """Whether it refuses configurations that are no instances of its own class, and is built with such."""
        try:
            super().build(arguments)
        except TypeError:
            return bool(self.configs)
        except Exception as error:  # noqa: BLE001 - the comparison builds it again, and tells what it raises
            note("the original", error)
        return False
