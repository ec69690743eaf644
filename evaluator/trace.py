"""Builds a model, runs one batch through it, and describes it as a tree. Child program (law 1).

Request header: `source`, `construct`, `seed`; array `inputs` (one small batch, batch axis first).
Answer header: `nodes` (parents first; see `archgraft.tree_ops.tree.Node`, without nids), `output_shape`,
`n_parameters`, `flops` (one sample), `unreached` (names of trainable parameters without a gradient), and the reasons
why the model can't be trained, if any, in `faults`.
"""

import math
import sys
from collections import defaultdict
from collections.abc import Mapping
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from archgraft.evaluator.construction import ConstructionRecorder, site
from archgraft.evaluator.joins import JoinRecorder
from archgraft.evaluator.loading import build, load_module
from archgraft.evaluator.own_state import own_tensors, plain_attributes
from archgraft.sandbox.protocol import Channel, Message

MODULE_NAME = "archgraft_candidate"
ORDINARY_ATTRIBUTES = frozenset(dir(nn.Module())) | {"__len__", "__iter__", "__getitem__"}


def run(channel: Channel) -> Message:
    """Entry point."""
    header = channel.request.header
    module = load_module(str(header["source"]), MODULE_NAME)
    recorder = ConstructionRecorder(f"<{MODULE_NAME}>", module)
    recorder.install()
    seed = int(str(header["seed"]))
    model = build(module, str(header["construct"]), seed)
    inputs = torch.from_numpy(np.array(channel.request.arrays["inputs"]))
    attributes = {id(module): plain_attributes(module) for module in model.modules()}
    flow = Flow(model)
    output = flow.record(inputs)
    answer: dict[str, Any] = {
        "nodes": describe(model, recorder, flow, attributes),
        "output_shape": list(output.shape),
        "n_parameters": count_parameters(model),
        "flops": flow.total_flops // len(inputs),
    }
    answer |= try_learning(model, inputs, seed)
    return Message(answer)


class Flow:
    """What each module saw in one forward pass: shapes, calls, FLOPs, and attributes that others read off it."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.inputs: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        self.outputs: dict[int, list[tuple[int, ...]]] = defaultdict(list)
        self.odd: set[int] = set()  # took or gave something other than one floating-point tensor
        self.extra: set[int] = set()
        self.n_calls: dict[int, int] = defaultdict(int)
        self.flops: dict[int, int] = defaultdict(int)
        self.reads: dict[int, set[str]] = defaultdict(set)
        self.order: list[int] = []
        self.total_flops = 0
        self._counter = FlopCounterMode(display=False)
        self._started: list[int] = []
        self._joins = JoinRecorder(f"<{MODULE_NAME}>", model)

    def record(self, inputs: torch.Tensor) -> torch.Tensor:
        """Run one batch in eval mode. Raises `TypeError` when the model's output is not one tensor."""
        handles = []
        for module in self.model.modules():
            handles.append(module.register_forward_pre_hook(self._enter, with_kwargs=True))
            handles.append(module.register_forward_hook(self._leave, with_kwargs=True))
        self.model.eval()
        watched = AttributeWatch(self.reads)
        with torch.no_grad(), self._counter, self._joins, watched:
            output = self.model(inputs)
        for handle in handles:
            handle.remove()
        self.total_flops = self._counter.get_total_flops()
        if not isinstance(output, torch.Tensor):
            raise TypeError(f"the model's output must be one tensor, but is a {type(output).__name__}")
        return output

    def joins(self) -> dict[int, list[dict[str, Any]]]:
        """The joins of each module's own forward."""
        return self._joins.of_modules()

    def _enter(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        key = id(module)
        self.order.append(key)
        self.n_calls[key] += 1
        self._started.append(self._counter.get_total_flops())
        given = [value for value in (*args, *kwargs.values()) if value is not None]
        if len(given) > 1 or (kwargs and given):
            self.extra.add(key)
        self._shape(key, args[0] if args else None, self.inputs)

    def _leave(self, module: nn.Module, _args: tuple[Any, ...], _kwargs: dict[str, Any], output: Any) -> None:
        self.flops[id(module)] += self._counter.get_total_flops() - self._started.pop()
        self._shape(id(module), output, self.outputs)

    def _shape(self, key: int, value: Any, into: dict[int, list[tuple[int, ...]]]) -> None:
        if not isinstance(value, torch.Tensor) or not value.is_floating_point():
            self.odd.add(key)
        elif (shape := tuple(value.shape)) not in into[key]:
            into[key].append(shape)


class AttributeWatch:
    """While active, notes every attribute that candidate code reads off a module other than its own `self`."""

    def __init__(self, reads: dict[int, set[str]]) -> None:
        self.reads = reads

    def __enter__(self) -> None:
        reads, filename = self.reads, f"<{MODULE_NAME}>"

        def watch(module: nn.Module, name: str) -> Any:
            if name not in ORDINARY_ATTRIBUTES:
                frame: FrameType | None = sys._getframe(1)
                if (
                    frame is not None
                    and frame.f_code.co_filename == filename
                    and frame.f_locals.get("self") is not module
                ):
                    reads[id(module)].add(name)
            return object.__getattribute__(module, name)

        nn.Module.__getattribute__ = watch  # type: ignore[method-assign, assignment]

    def __exit__(self, *error: object) -> None:
        del nn.Module.__getattribute__


def count_parameters(module: nn.Module) -> int:
    """Elements of all parameters, shared ones once."""
    return sum(parameter.numel() for parameter in module.parameters())


def describe(
    model: nn.Module, recorder: ConstructionRecorder, flow: Flow, attributes: Mapping[int, list[tuple[str, str]]]
) -> list[dict[str, Any]]:
    """The nodes, parents before children, in slot order."""
    n_made = recorder.instances_per_span()
    tensors, joins = own_tensors(model), flow.joins()
    paths: dict[int, list[str]] = defaultdict(list)
    for path, module in model.named_modules(remove_duplicate=False):
        paths[id(module)].append(path)
    owners: dict[int, set[int]] = defaultdict(set)
    for module in model.modules():
        for parameter in module.parameters(recurse=False):
            owners[id(parameter)].add(id(module))
    first_call = {key: index for index, key in reversed(list(enumerate(flow.order)))}
    nodes = []
    for path, module in model.named_modules():
        key = id(module)
        call = recorder.calls.get(key)
        tied = any(len(owners[id(parameter)]) > 1 for parameter in module.parameters(recurse=False))
        clean = key not in flow.odd and flow.n_calls[key] > 0
        nodes.append(
            {
                "path": path,
                "class_name": type(module).__name__,
                "definition": definition(module),
                "arguments": call.arguments if call else [],
                "site": site(call.span, call.function, n_made[call.span]) if call and call.span else None,
                "input_shapes": flow.inputs[key] if clean else [],
                "output_shapes": flow.outputs[key] if clean else [],
                "n_calls": flow.n_calls[key],
                "call_order": first_call.get(key),
                "extra_inputs": key in flow.extra,
                "n_parameters": count_parameters(module),
                "flops": flow.flops[key],
                "attribute_reads": sorted(flow.reads[key]),
                "children": [paths[id(child)][0] for child in module.children()],
                "shared": tied or len(paths[key]) > 1,
                "opaque": call is None or call.span is None,
                "tensors": tensors[key],
                "joins": joins.get(key, []),
                "attributes": attributes.get(key, []),
            }
        )
    return nodes


def definition(module: nn.Module) -> str:
    """Where the class is defined: a name of the candidate's file, or a public torch name."""
    cls = type(module)
    if cls.__module__ == MODULE_NAME:
        return cls.__qualname__
    if getattr(nn, cls.__name__, None) is cls:
        return f"torch.nn.{cls.__name__}"
    return f"{cls.__module__}.{cls.__qualname__}"


def try_learning(model: nn.Module, inputs: torch.Tensor, seed: int) -> dict[str, Any]:
    """One forward and backward pass in train mode through a random projection of the output (no labels needed)."""
    model.train()
    output = model(inputs)
    weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(seed))
    loss = (output * weights).sum()
    faults: list[str] = []
    if not math.isfinite(float(loss.detach())):
        faults.append("the output of one training batch is not finite")
    if not loss.requires_grad:
        return {"unreached": [], "faults": [*faults, "no parameter receives a gradient"]}
    loss.backward()
    unreached = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if parameter.grad is None:
            unreached.append(name)
        elif not bool(torch.isfinite(parameter.grad).all()):
            faults.append(f"the gradient of {name} is not finite")
    return {"unreached": unreached, "faults": faults}
