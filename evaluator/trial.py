"""Finds any way to construct and call a mined class, and how far it then gets. Child program (law 1).

Request header: `source`, `class_name`, `parameters`, `seed`, `configurations` (by parameter), `proposals` (constructor
arguments to try first: lists of [name, Python source]), `inputs` (calls to try first). Answer header: `stage` (the
furthest of `STAGES`), `reason`, `arguments`, `inputs`, `training`, `outputs`, `n_parameters`.
"""

import functools
import json
import time
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from archgraft.evaluator.argument_choices import Arguments, Surroundings, argument_proposals
from archgraft.evaluator.argument_repair import argument_repairs
from archgraft.evaluator.call_layouts import BATCH, LENGTH
from archgraft.evaluator.call_proposals import calls, optional_inputs
from archgraft.evaluator.call_repair import Inputs, repairs
from archgraft.evaluator.causes import describe
from archgraft.evaluator.constructor_parameters import parameters_seen, with_inherited
from archgraft.evaluator.inputs import tensor, tensors_in, value_of
from archgraft.evaluator.loading import evaluate, load_module
from archgraft.evaluator.synthetic_config import SyntheticConfig
from archgraft.sandbox.protocol import Channel, Message
from archgraft.tree_ops.spec import Parameter

STAGES = ("none", "executed", "constructed", "forward", "backward")
WIDTHS = (32, 64, 128, 192)
"""Channels to build with: the first unless nothing works at it."""
SEARCH_SECONDS = 3.0
"""CPU time after which no further way is tried."""
MAX_TRIES_PER_BUILD = 60
MAX_ARGUMENT_REPAIRS = 3
MAX_REPAIRS = 5
"""How many times in a row a call is repaired."""
REPAIRS_PER_ERROR = 4


@dataclass
class Attempt:
    """The furthest that one way got."""

    stage: str
    reason: str = ""
    arguments: Arguments = ()
    inputs: Inputs = field(default_factory=list)
    training: bool = False
    outputs: list[list[int]] = field(default_factory=list)
    n_parameters: int = 0

    def reached(self, stage: str) -> bool:
        return STAGES.index(self.stage) >= STAGES.index(stage)

    def to_json(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {
            **fields,
            "arguments": [list(pair) for pair in self.arguments],
            "inputs": [list(p) for p in self.inputs],
        }


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Any = channel.request.header
    torch.set_num_threads(1)
    return Message(try_class(header).to_json())


def try_class(header: Mapping[str, Any]) -> Attempt:
    """The furthest that any way gets; the first one that gets all the way ends the search."""
    try:
        module = load_module(str(header["source"]), "archgraft_mined")
        module_class = getattr(module, str(header["class_name"]))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - mined code may raise anything
        return Attempt("none", describe(error))
    parameters = [Parameter(**fields) for fields in header["parameters"]]
    search = Search(module_class, module.__dict__, header)
    return search.run(parameters)


class Search:
    """The ways to build one class, and to call what was built."""

    def __init__(
        self,
        module_class: Any,
        namespace: Mapping[str, Any],
        header: Mapping[str, Any],
        widths: Sequence[int] = WIDTHS,
        seconds: float = SEARCH_SECONDS,
    ) -> None:
        self.module_class = module_class
        self.header = header
        self.seed = int(header["seed"])
        self.widths = widths
        self.width = widths[0]
        self.configs_of_best: list[SyntheticConfig] = []
        self.configs: list[SyntheticConfig] = []
        self.namespace = {
            **namespace,
            "torch": torch,
            "types": types,
            "functools": functools,
            "configuration": self._configuration,
        }
        self.best = Attempt("executed")
        self.deadline = time.process_time() + seconds

    def run(self, parameters: Sequence[Parameter]) -> Attempt:
        """Try all proposals until one gets all the way or the time is over."""
        try:
            parameters = with_inherited(self.module_class, parameters or parameters_seen(self.module_class))
        except (ValueError, TypeError):
            parameters = [p for p in parameters if p.kind in ("positional", "keyword")]
        source, class_name = str(self.header["source"]), str(self.header["class_name"])
        around = [Surroundings(width, source, self.namespace, class_name) for width in self.widths]
        given = [tuple((str(name), str(text)) for name, text in one) for one in self.header.get("proposals") or ()]
        seen: set[Arguments] = set()
        for width, arguments in [*((self.widths[0], one) for one in given), *_by_width(parameters, around)]:
            self.width = width
            stack = [(arguments, 0)]
            while stack and not self.is_over:
                arguments, depth = stack.pop()
                if arguments in seen:
                    continue
                seen.add(arguments)
                error = self._try_arguments(arguments)
                if error is not None and depth < MAX_ARGUMENT_REPAIRS:
                    found = argument_repairs(arguments, error, parameters, around[0])
                    stack.extend((one, depth + 1) for one in reversed(list(islice(found, REPAIRS_PER_ERROR))))
            if self.is_over:
                break
        return self.best

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to find, or no more time."""
        return self.best.stage == STAGES[-1] or time.process_time() > self.deadline

    def _configuration(self, name: str, width: int) -> SyntheticConfig:
        tables: Mapping[str, Any] = self.header.get("configurations") or {}
        config = SyntheticConfig(tables.get(name, {}), width)
        self.configs.append(config)
        return config

    def build(self, arguments: Arguments) -> nn.Module:
        """The module that the arguments make. Raises whatever its constructor raises."""
        torch.manual_seed(self.seed)
        self.configs.clear()
        values = {name: evaluate(text, dict(self.namespace)) for name, text in arguments}
        several: Any = next((values.pop(name) for name in list(values) if name.startswith("*")), ())
        module = self.module_class(*several, **values)
        if not isinstance(module, nn.Module):
            raise TypeError(f"the constructor gives a {type(module).__name__}")
        return module

    def _try_arguments(self, arguments: Arguments) -> BaseException | None:
        """Build once and call in many ways; what the constructor raised, or a call for want of a part."""
        missing: BaseException | None = None
        try:
            module = self.build(arguments)
            module.eval()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - mined code may raise anything
            self._note(Attempt("executed", describe(error), arguments))
            return error
        n_parameters = sum(parameter.numel() for parameter in module.parameters() if not _is_lazy(parameter))
        self._note(Attempt("constructed", "", arguments, n_parameters=n_parameters))
        for number, inputs in enumerate(self._calls(module)):
            self._call(module, arguments, inputs, n_parameters)
            if isinstance(self.error, TypeError) and "NoneType" in str(self.error):
                missing = missing or self.error
            if self.is_over or number >= MAX_TRIES_PER_BUILD:
                break
        return None if self.best.reached("forward") else missing

    def _calls(self, module: nn.Module) -> Iterator[Inputs]:
        """First proposals, each followed by what its own errors suggest."""
        seen: set[str] = set()
        first: Iterator[Inputs] = calls(module, self.width)
        given = [[(str(name), spec) for name, spec in one] for one in self.header.get("inputs") or ()]
        for proposal in [*given, *first]:
            stack = [(proposal, 0)]
            while stack:
                inputs, depth = stack.pop()
                key = json.dumps(inputs)
                if key in seen:
                    continue
                seen.add(key)
                self.error: BaseException | None = None
                yield inputs
                if self.error is not None and depth < MAX_REPAIRS:
                    main = next((spec for _, spec in inputs if "tensor" in spec), tensor(BATCH, LENGTH, self.width))
                    optional = optional_inputs(module, self.width, main)
                    found = list(islice(repairs(inputs, self.error, optional), REPAIRS_PER_ERROR))
                    stack.extend((changed, depth + 1) for changed in reversed(found))

    def _call(self, module: nn.Module, arguments: Arguments, inputs: Inputs, n_parameters: int) -> None:
        """Forward and backward once; what failed is kept for the repairs."""
        attempt = Attempt("constructed", "", arguments, inputs, n_parameters=n_parameters)
        for training in (False, True):
            attempt.training = training
            try:
                module.train(training)  # some classes override it and return nothing
                outputs = call(module, inputs, self.seed)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - mined code may raise anything
                if not training:
                    self.error = error
                    attempt.reason = describe(error)
                break
            found = list(tensors_in(outputs))
            if not found:
                attempt.reason = f"gives a {type(outputs).__name__} without tensors"
                continue
            attempt.stage, attempt.outputs = "forward", [list(one.shape) for one in found[:16]]
            attempt.reason = backward(module, found)
            if not attempt.reason:
                attempt.stage = "backward"
                break
        self._note(attempt)

    def _note(self, attempt: Attempt) -> None:
        if not self.best.reached(attempt.stage) or (not self.best.reason and attempt.stage == self.best.stage):
            self.best = attempt
            self.configs_of_best = list(self.configs)


def _by_width(parameters: Sequence[Parameter], around: Sequence[Surroundings]) -> Iterator[tuple[int, Arguments]]:
    """All proposals at the first width; the best few at the others, for what counts groups or heads by itself."""
    for number, one in enumerate(around):
        for arguments in argument_proposals(parameters, one)[: None if number == 0 else 2]:
            yield one.width, arguments


def call(module: nn.Module, inputs: Inputs, seed: int) -> Any:
    """Run a module on freshly made inputs. Raises whatever it raises."""
    generator = torch.Generator().manual_seed(seed)
    values = [(name, value_of(spec, generator, requires_grad=True)) for name, spec in inputs]
    torch.manual_seed(seed)
    positional = [_unleafed(value) for name, value in values if not name.endswith("=")]
    named = {name[:-1]: _unleafed(value) for name, value in values if name.endswith("=")}
    return module(*positional, **named)


def backward(module: nn.Module, outputs: Sequence[Tensor]) -> str:
    """Propagate the sum of all floating outputs back; why that fails, or an empty text."""
    floating = [one for one in outputs if one.is_floating_point() or one.is_complex()]
    if not all(bool(torch.isfinite(one).all()) for one in floating):
        return "gives numbers that are not finite"
    learning = [one for one in floating if one.requires_grad]
    if not learning:
        return "gives no output that a gradient could flow from"
    module.zero_grad(set_to_none=True)
    try:
        total = sum((one.abs() if one.is_complex() else one).float().sum() for one in learning)
        assert isinstance(total, Tensor)
        torch.autograd.backward(total)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - mined code may raise anything
        return f"backward: {describe(error)}"
    gradients = [p.grad for p in module.parameters() if p.grad is not None]
    if not all(bool(torch.isfinite(gradient).all()) for gradient in gradients):
        return "gives gradients that are not finite"
    return ""


def _unleafed(value: Any) -> Any:
    """Copies of tensors that a module may write into, which autograd forbids for leaves."""
    if isinstance(value, Tensor):
        return value.clone() if value.requires_grad else value
    if isinstance(value, list | tuple):
        return type(value)(map(_unleafed, value))
    return {key: _unleafed(item) for key, item in value.items()} if isinstance(value, dict) else value


def _is_lazy(parameter: Tensor) -> bool:
    return isinstance(parameter, nn.parameter.UninitializedParameter)
