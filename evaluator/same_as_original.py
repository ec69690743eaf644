"""Compares extracted classes with the originals that they were mined from. Child program (law 1).

Request header: `seed`, `wall_seconds` (for one class) and `classes`, each with what a trial's child is told, `module`
and `name` (where the original is imported from), and how to build and call it: `arguments` and `call`. Answer header:
`comparisons`, one for each class in the same order, each with `kind` (`equal`, `differs`, `not_comparable`) and
`reason`.

The originals are imported first, all in this process, as packages are slow to import; then every class is compared in a
process of its own.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import torch
from torch import nn

from archgraft.evaluator.argument_choices import Arguments
from archgraft.evaluator.dressed_config import with_own_configurations
from archgraft.evaluator.forked import ForkError, in_fork
from archgraft.evaluator.inputs import value_of
from archgraft.evaluator.loading import MINED, load_module
from archgraft.evaluator.originals import import_original
from archgraft.evaluator.side_by_side import Comparison, Setup, compare
from archgraft.evaluator.trial import Search
from archgraft.sandbox.protocol import Channel, Message

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
    """With the arguments of the trial, then with every switch turned that still lets both run."""
    namespace = load_module(str(one["source"]), MINED).__dict__
    generator = torch.Generator().manual_seed(seed)
    values = [(str(name), value_of(spec, generator)) for name, spec in one["call"]]
    positional = tuple(value for name, value in values if not name.endswith("="))
    inputs = positional, {name[:-1]: value for name, value in values if name.endswith("=")}

    def outcome(arguments: Arguments) -> Comparison:
        setup = Setup(_builder(one, namespace, original, arguments), inputs)
        return compare(namespace[str(one["class_name"])], original, setup, seed)

    arguments = tuple((str(name), str(text)) for name, text in one["arguments"])
    found = outcome(arguments)
    for name, text in _switches(one["parameters"]) if found.kind == "equal" else ():
        changed = {**dict(arguments), name: text}
        with suppress(Exception):  # a combination that the extracted class refuses tells nothing
            turned = outcome(tuple(changed.items()))
            if turned.kind == "differs":
                return Comparison("differs", f"with {name}={text}, {turned.reason}")
    return found


def _switches(parameters: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The parameters that are on or off by default, the other way."""
    turned = {"True": "False", "False": "True"}
    found = [(str(one["name"]), turned[one["default"]]) for one in parameters if one.get("default") in turned]
    return found[:MAX_SWITCHES]


def _builder(
    one: dict[str, Any], namespace: dict[str, Any], original: Any, arguments: Arguments
) -> Callable[[Any], nn.Module]:
    def build(module_class: Any) -> nn.Module:
        try:
            return Search(module_class, namespace, one).build(arguments)
        except TypeError:
            if module_class is not original:
                raise
            return Search(with_own_configurations(original), namespace, one).build(arguments)

    return build
