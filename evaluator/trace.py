"""Builds a model, runs one batch through it, and describes it as a tree. Child program (law 1).

Request header: `source`, `construct`, `seed`; arrays `inputs` (one small batch, batch axis first) and perhaps `code`,
the source as `archgraft.tree_ops.bytecode` compiled it.
Answer header: `nodes` (parents first; see `archgraft.tree_ops.tree.Node`, without nids), `output_shape`,
`n_parameters`, `flops` (one sample), `unreached` (names of trainable parameters without a gradient), and the reasons
why the model can't be trained, if any, in `faults`.

The first pass is in eval mode, and recorded; the second one, of another, smaller batch, is in train mode and goes
backward. Where the two differ in what they call, the model depends on its data.
"""

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import torch
from torch import nn

from archgraft.evaluator.attribute_reads import ReadRecorder
from archgraft.evaluator.construction import ConstructionRecorder
from archgraft.evaluator.flops import FlopCount
from archgraft.evaluator.flow import Flow
from archgraft.evaluator.joins import JoinRecorder
from archgraft.evaluator.learning import try_learning
from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.one_tensor import require_one_input, require_one_output
from archgraft.evaluator.own_state import (
    alterations,
    further_attributes,
    own_tensors,
    plain_attributes,
    shared_slots,
    start_contents,
)
from archgraft.evaluator.repeated_noise import repeated_noise
from archgraft.evaluator.spans import site
from archgraft.evaluator.steadiness import other_batch, places, unsteady
from archgraft.sandbox.protocol import Channel, Message
from archgraft.tree_ops.builder import CANDIDATE, CANDIDATE_FILE


def run(channel: Channel) -> Message:
    """Entry point."""
    header = channel.request.header
    source, seed = str(header["source"]), int(str(header["seed"]))
    inputs = torch.from_numpy(np.array(channel.request.arrays["inputs"]))
    code = channel.request.arrays.get("code")
    candidate = load_module(source, CANDIDATE, None if code is None else code.tobytes())
    reads = ReadRecorder(source, CANDIDATE_FILE, candidate)
    calls = ConstructionRecorder(CANDIDATE_FILE, candidate, reads.watch)
    reads.install()
    calls.install()
    with repeated_noise():
        model = build(candidate, str(header["construct"]), seed)
    recorded = Recorded(model, calls, reads, JoinRecorder(source, CANDIDATE_FILE, model), seed)
    output = recorded.first_pass(inputs)
    learnt = recorded.second_pass(other_batch(inputs))
    return Message(
        {
            "nodes": describe(model, recorded),
            "output_shape": list(output.shape),
            "n_parameters": sum(parameter.numel() for parameter in model.parameters()),
            "flops": recorded.counter.total // len(inputs),
            **learnt,
        }
    )


class Recorded:
    """All that is recorded of one model while it is built and run."""

    def __init__(
        self, model: nn.Module, calls: ConstructionRecorder, reads: ReadRecorder, joins: JoinRecorder, seed: int
    ) -> None:
        self.calls, self.reads, self.joins = calls, reads, joins
        self.flow, self.second_flow, self.counter = Flow(), Flow(), FlopCount()
        self.attributes = {id(module): plain_attributes(module) for module in model.modules()}
        self.further_attributes = {id(module): further_attributes(module) for module in model.modules()}
        self.alterations = {id(module): alterations(module) for module in model.modules()}
        self.contents = start_contents(model)
        self.places = [places(model)]
        """As built, and after each pass."""
        self._model, self._seed = model, seed

    def first_pass(self, inputs: torch.Tensor) -> torch.Tensor:
        """Run one batch in eval mode. Raises `TypeError` when the model doesn't take, and give, one tensor."""
        require_one_input(self._model)
        self._model.eval()
        self.reads.phase = "forward"
        with torch.no_grad(), self.counter, self.joins, self.flow.recording(self.counter):
            output = self._model(inputs)
        self.places.append(places(self._model))
        return require_one_output(output)

    def second_pass(self, inputs: torch.Tensor) -> dict[str, Any]:
        """Run another batch forward and backward in train mode; what `try_learning` tells."""
        with self.second_flow.recording():
            learnt = try_learning(self._model, inputs, self._seed)
        self.places.append(places(self._model))
        return learnt


def describe(model: nn.Module, recorded: Recorded) -> list[dict[str, Any]]:
    """The nodes, parents before children, in slot order."""
    paths: dict[int, list[str]] = defaultdict(list)
    for path, key in recorded.places[-1].items():
        paths[key].append(path)
    tensors, joins, n_made = (
        own_tensors(model, recorded.contents),
        recorded.joins.of_modules(),
        recorded.calls.instances_per_span(),
    )
    owners = Counter(id(parameter) for module in model.modules() for parameter in own_parameters(module))
    sizes = parameter_counts(model)
    closed = unsteady(recorded.places, recorded.flow, recorded.second_flow)
    nodes = []
    for path, module in model.named_modules():
        key = id(module)
        call = recorded.calls.calls.get(key)
        tied = any(owners[id(parameter)] > 1 for parameter in own_parameters(module))
        cls = call.cls if call else type(module)
        nodes.append(
            {
                "path": path,
                "class_name": cls.__name__,
                "definition": defined_as(cls),
                "arguments": call.arguments if call else [],
                "site": site(call.span, call.function, n_made[call.span]) if call and call.span else None,
                "children": [paths[id(child)][0] for child in module.children()],
                "shared": tied or len(paths[key]) > 1,
                "opaque": call is None or call.span is None,
                "n_parameters": sizes[key],
                "tensors": tensors[key],
                "joins": joins.get(key, []),
                "attributes": recorded.attributes.get(key, []),
                "further_attributes": recorded.further_attributes.get(key, []),
                "alterations": recorded.alterations.get(key, []),
                "closed_because": closed.get(path) or changed_class(module, cls),
                "branches_on_data": key in recorded.joins.deciding,
                **reads_of(module, recorded),
                "slots": shared_slots(path, module, paths),
                **recorded.flow.of(module),
            }
        )
    return nodes


def reads_of(module: nn.Module, recorded: Recorded) -> dict[str, Any]:
    """What others read off a module, in full and as the names that close it while it runs."""
    reads = recorded.reads.of(module)
    is_called = recorded.flow.n_calls.get(id(module), 0) > 0
    names = {read["name"] for read in reads if read["when"] == "forward"}
    closing = {name for name in names if is_called or not name.startswith("__")}  # a list is there to be looped over
    return {"reads": reads, "attribute_reads": sorted(closing)}


def changed_class(module: nn.Module, made_as: type[nn.Module]) -> str:
    """That a module is no longer what it was made as (a parametrisation), empty where it is. Lazy ones are meant to."""
    is_same = type(module) is made_as or issubclass(made_as, nn.modules.lazy.LazyModuleMixin)
    return "" if is_same else f"made into a {type(module).__name__}"


def own_parameters(module: nn.Module) -> list[nn.Parameter]:
    """Those that no child owns; each once."""
    return list(
        {id(parameter): parameter for parameter in module._parameters.values() if parameter is not None}.values()
    )


def parameter_counts(model: nn.Module) -> dict[int, int]:
    """Elements of all parameters of each module and all below it, shared ones once, by identity of the module."""
    below: dict[int, dict[int, int]] = {}
    for module in reversed(list(model.modules())):  # children first
        found = {id(parameter): parameter.numel() for parameter in own_parameters(module)}
        for child in module.children():
            found |= below.get(id(child), {})
        below[id(module)] = found
    return {key: sum(found.values()) for key, found in below.items()}


def definition(module: nn.Module) -> str:
    """Where its class is defined: a name of the candidate's file, or a public torch name."""
    return defined_as(type(module))


def defined_as(cls: type[nn.Module]) -> str:
    """Where a class is defined."""
    if cls.__module__ == CANDIDATE:
        return cls.__qualname__
    if getattr(nn, cls.__name__, None) is cls:
        return f"torch.nn.{cls.__name__}"
    return f"{cls.__module__}.{cls.__qualname__}"
