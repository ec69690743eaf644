"""Runs a class that uses others, and notes how it builds and calls them. Child program (law 1).

Request header: that of a trial, and `wanted`: names of other classes that the source defines. Answer header: `harvest`,
by name of what was found of them: `proposals` (constructor arguments), `inputs` (calls) and `templates` (arguments that
follow the width, from the parent built at two widths, as JSON); empty when the parent itself doesn't run.
"""

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from archgraft.evaluator.argument_choices import Arguments
from archgraft.evaluator.call_repair import Inputs
from archgraft.evaluator.causes import note
from archgraft.evaluator.derived_templates import derive
from archgraft.evaluator.loading import MINED, load_module
from archgraft.evaluator.trial import STAGES, Search, call
from archgraft.evaluator.written_values import UnwritableError, specified, written_arguments
from archgraft.sandbox.protocol import Channel, Message
from archgraft.tree_ops.contract_json import template_to_json
from archgraft.tree_ops.spec import Parameter

WIDTHS = (32, 64)
SECONDS = 2.0
"""CPU time for finding a way to run the parent, at each width."""
MAX_OF_EACH = 3


@dataclass
class Uses:
    """How one class was built and called, in order."""

    arguments: list[Arguments] = field(default_factory=list)
    calls: list[Inputs] = field(default_factory=list)


def run(channel: Channel) -> Message:
    """Entry point. Raises whatever the source raises."""
    header: Any = channel.request.header
    torch.set_num_threads(1)
    namespace = load_module(str(header["source"]), MINED).__dict__
    wanted = [str(name) for name in header["wanted"]]
    harvests = [_harvest(header, namespace, wanted, width) for width in WIDTHS]
    return Message({"harvest": {name: _joined(*(one.get(name, Uses()) for one in harvests)) for name in wanted}})


def _harvest(header: Mapping[str, Any], namespace: Mapping[str, Any], wanted: list[str], width: int) -> dict[str, Uses]:
    """What the parent does at one width."""
    parent = namespace[str(header["class_name"])]
    search = Search(parent, namespace, header, widths=(width,), seconds=SECONDS)
    found = search.run([Parameter(**fields) for fields in header["parameters"]])
    if STAGES.index(found.stage) < STAGES.index("constructed"):
        return {}
    classes = {name: namespace[name] for name in wanted if isinstance(namespace.get(name), type)}
    with Recording(classes, width) as recording:
        try:
            module = search.build(found.arguments)
            if STAGES.index(found.stage) >= STAGES.index("forward"):
                module.train(found.training)
                call(module, found.inputs, search.seed)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - mined code may raise anything; what was seen stands
            note("the harvest ended early", error)
    return recording.uses


class Recording:
    """While it is entered, notes constructions and calls of some classes; those of their subclasses aside."""

    def __init__(self, classes: Mapping[str, type], width: int) -> None:
        self.uses = {name: Uses() for name in classes}
        self._classes = classes
        self._width = width
        self._kept: list[tuple[type, dict[str, Any]]] = []

    def __enter__(self) -> "Recording":
        for name, module_class in self._classes.items():
            own = {key: vars(module_class)[key] for key in ("__init__", "__call__") if key in vars(module_class)}
            self._kept.append((module_class, own))
            self._hook_constructor(name, module_class)
            self._hook_call(name, module_class)
        return self

    def __exit__(self, *_: object) -> None:
        for module_class, own in self._kept:
            for key in ("__init__", "__call__"):
                if key in own:
                    setattr(module_class, key, own[key])
                else:
                    delattr(module_class, key)

    def _hook_constructor(self, name: str, module_class: type) -> None:
        original = module_class.__init__  # type: ignore[misc]  # the class's own or inherited one
        signature = inspect.signature(module_class)

        @functools.wraps(original)
        def construct(instance: Any, *args: Any, **kwargs: Any) -> None:
            if type(instance) is module_class:
                self._note_arguments(name, signature, args, kwargs)
            original(instance, *args, **kwargs)

        module_class.__init__ = construct  # type: ignore[misc]

    def _note_arguments(
        self, name: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        try:
            arguments = written_arguments(signature, args, kwargs, self._width)
        except (UnwritableError, TypeError, RecursionError):
            return
        if arguments not in self.uses[name].arguments:
            self.uses[name].arguments.append(arguments)

    def _hook_call(self, name: str, module_class: type) -> None:
        original = module_class.__call__

        @functools.wraps(original)
        def called(instance: Any, *args: Any, **kwargs: Any) -> Any:
            if type(instance) is module_class:
                self._note_call(name, instance, args, kwargs)
            return original(instance, *args, **kwargs)

        module_class.__call__ = called  # type: ignore[method-assign]

    def _note_call(self, name: str, instance: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        try:
            names = list(inspect.signature(instance.forward).parameters)
            positional = [(names[at] if at < len(names) else "", specified(value)) for at, value in enumerate(args)]
            inputs = [*positional, *((f"{key}=", specified(value)) for key, value in kwargs.items())]
        except (UnwritableError, TypeError, ValueError):
            return
        if inputs not in self.uses[name].calls:
            self.uses[name].calls.append(inputs)


def _joined(first: Uses, second: Uses) -> dict[str, Any]:
    """What was found at both widths; templates from the constructions that match one to one."""
    templates = []
    if len(first.arguments) == len(second.arguments):
        for one, other in zip(first.arguments, second.arguments):
            template = derive(one, other, WIDTHS)
            if template is not None and template not in templates:
                templates.append(template)
    return {
        "proposals": [[list(pair) for pair in one] for one in first.arguments[:MAX_OF_EACH]],
        "inputs": [[list(pair) for pair in one] for one in first.calls[:MAX_OF_EACH]],
        "templates": [template_to_json(one) for one in templates[:MAX_OF_EACH]],
    }
