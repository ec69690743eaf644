"""Learns a mined class's contract by building and running it. Child program (law 1).

Request header: `source`, `class_name`, `parameters` (name, kind, annotation, default), `seed`, `configurations` (by
parameter), `templates` (ways to build the class that are tried first, as JSON). Answer header: either
`contract` (see `archgraft.tree_ops.contract_json`) or `rejection` with `kind` (`execute`, `construct`, `forward`,
`contract`, `poison`) and `reason`. Constructor arguments follow `archgraft.evaluator.conventions`; the first layout in
which the module keeps every promise is its contract's.
"""

import inspect
import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

import torch
from torch import Tensor, nn

from archgraft.evaluator.behaviour import (
    ContractError,
    Subject,
    check_function,
    check_gain,
    check_gradients,
    check_samples_apart,
    check_stride_in_place,
    is_causal,
    mutates_input,
    stride_at,
)
from archgraft.evaluator.causes import describe
from archgraft.evaluator.conventions import (
    Template,
    UnknownParameterError,
    WholeModelError,
    has_widths,
    projects,
    templates,
)
from archgraft.evaluator.family import nature_of
from archgraft.evaluator.feeds import feeds_for
from archgraft.evaluator.fingerprint import fingerprint
from archgraft.evaluator.flops import FlopCount
from archgraft.evaluator.further_templates import further_templates
from archgraft.evaluator.layer_templates import layer_templates
from archgraft.evaluator.layouts import LAYOUTS, channel_axis, random_input, sizes_of
from archgraft.evaluator.poison import Guard
from archgraft.evaluator.size_limits import (
    find_min_positions,
    find_min_width,
    find_position_multiple,
    find_width_multiple,
    keeps_stride,
)
from archgraft.evaluator.sized_templates import sized_templates
from archgraft.evaluator.way_to_build import Construction
from archgraft.sandbox.protocol import Channel, Message
from archgraft.tree_ops.contract import Contract, Feed
from archgraft.tree_ops.contract_json import contract_to_json, template_from_json
from archgraft.tree_ops.spec import Parameter

KINDS = ("execute", "construct", "forward", "contract")
"""Why a class has no contract, in the order in which a probe gets there."""

SEARCH_SECONDS = 3.0
"""CPU time after which no other way to call a constructor is tried."""
SIZED_SECONDS = 1.5
"""The same for ways that tell the constructor how many positions there are."""
LAYER_SECONDS = 1.0
"""The same for ways that give it classes of layers."""
MAX_FORWARD_TRIES = 2
MAX_SCALE = 16
MAX_PARAMETERS = 20_000_000

BASE_WIDTHS = ((32, 48), (48, 96), (64, 128), (96, 192))
"""(in, out) widths to begin with; modules that keep their width use the first of each pair."""


class RejectedError(Exception):
    """The class has no contract, and why."""

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind, self.reason = kind, reason


def run(channel: Channel) -> Message:
    """Entry point."""
    header: Any = channel.request.header
    torch.set_num_threads(1)
    guard = Guard()
    try:
        contract = probe(header, guard)
        guard.finish()
        answer: Message = Message({"contract": contract_to_json(contract)})
    except RejectedError as rejected:
        guard.finish(rejected.reason)
        answer = _rejection(rejected.kind, rejected.reason)
    return _rejection("poison", guard.poison) if guard.poison else answer


def _rejection(kind: str, reason: str) -> Message:
    return Message({"rejection": {"kind": kind, "reason": reason}})


def probe(header: Mapping[str, Any], guard: Guard) -> Contract:
    """The class's contract. Raises `RejectedError` with the reason that lay furthest on the way to one."""
    with rejecting("execute"):
        namespace = guard.load(str(header["source"])).__dict__
        module_class = namespace[str(header["class_name"])]
    parameters = [Parameter(**fields) for fields in header["parameters"]]
    search = _Search(module_class, guard, int(header["seed"]))
    seen = parameters or inherited_parameters(module_class)
    try:
        proposals = templates(seen)
    except WholeModelError as error:
        raise RejectedError("construct", str(error)) from None
    except UnknownParameterError as error:
        proposals, search.furthest = (), RejectedError("construct", str(error))
    given = tuple(template_from_json(one) for one in header.get("templates") or ())
    found = search.try_all((*given, *proposals), SEARCH_SECONDS) or search.try_all(
        sized_templates((*given, *proposals), seen), SIZED_SECONDS
    )
    if found is None and search.furthest is not None and search.furthest.kind != "contract":
        found = search.try_all(layer_templates(seen), LAYER_SECONDS)
    if found is None and search.furthest is not None and search.furthest.kind != "contract":
        further = tuple(further_templates(module_class, namespace, header, parameters))
        found = search.try_all((*further, *sized_templates(further, seen)), SIZED_SECONDS)
    if found is None:
        raise search.furthest or RejectedError("construct", "no way to build it was found")
    return found


class _Search:
    """Tries ways to build one class, and remembers why the one that got furthest failed."""

    def __init__(self, module_class: Callable[..., Any], guard: Guard, seed: int) -> None:
        self._module_class, self._guard, self._seed = module_class, guard, seed
        self.furthest: RejectedError | None = None

    def try_all(self, proposals: Iterable[Template], seconds: float) -> Contract | None:
        """The contract of the first template that has one, before that much CPU time is over."""
        deadline = time.process_time() + seconds
        for template in proposals:
            try:
                return _watched_contract(Construction(self._module_class, template, self._seed), self._guard)
            except RejectedError as rejected:
                self.furthest = _further(self.furthest, rejected)
            if time.process_time() > deadline:
                break
        return None


def _watched_contract(construction: Construction, guard: Guard) -> Contract:
    """The contract of one way to build the class, which is then run once more under the guard's eyes."""
    contract, construction = _contract_of(construction)
    generator = torch.Generator().manual_seed(construction.seed)
    (in_width, out_width), positions = contract.probe_widths, contract.probe_positions
    inputs = random_input(contract.layout, in_width, positions, generator)
    with rejecting("contract"):
        guard.watch_calls(lambda: construction.build(in_width, out_width, positions), inputs)
    return contract


def inherited_parameters(module_class: Callable[..., Any]) -> list[Parameter]:
    """The constructor's parameters as Python sees them: for classes that take torch's own constructor."""
    with rejecting("construct"):
        found = inspect.signature(module_class).parameters.values()
    return [
        Parameter(
            name=p.name,
            kind="keyword" if p.kind is p.KEYWORD_ONLY else "positional",
            annotation=p.annotation.__name__
            if isinstance(p.annotation, type) and p.annotation is not p.empty
            else None,
            default=None if p.default is p.empty else repr(p.default),
        )
        for p in found
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]


@contextmanager
def rejecting(kind: str) -> Iterator[None]:
    """Around anything that runs mined code: whatever it raises rejects the class with that kind."""
    try:
        yield
    except RejectedError:
        raise
    except ContractError as broken:
        raise RejectedError("contract", str(broken)) from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - mined code may raise anything
        raise RejectedError(kind, describe(error)) from None


def _further(first: RejectedError | None, second: RejectedError) -> RejectedError:
    return second if first is None or KINDS.index(second.kind) > KINDS.index(first.kind) else first


def _contract_of(construction: Construction) -> tuple[Contract, Construction]:
    """Try base widths until the module can be built and run at one."""
    furthest: RejectedError | None = None
    n_tries = 0
    for pair in BASE_WIDTHS if has_widths(construction.template) else BASE_WIDTHS[:1]:
        try:
            return _contract_at(construction, *construction.widths(*pair))
        except RejectedError as rejected:
            furthest = _further(furthest, rejected)
        n_tries += furthest.kind != "construct"
        if furthest.kind == "contract" or n_tries == MAX_FORWARD_TRIES:
            break
    assert furthest is not None
    raise furthest


def _contract_at(construction: Construction, in_width: int, out_width: int) -> tuple[Contract, Construction]:
    """Find the first layout, and what to feed further inputs, with which the module keeps its promises."""
    with rejecting("construct"):
        built = construction.subject(LAYOUTS[0], in_width, out_width)
    _check_size(built.module)
    furthest: RejectedError | None = None
    for feeds, layout in itertools.product(_ways_to_call(built.module), LAYOUTS):
        one = replace(construction, feeds=feeds, fed_layout=layout)
        subject = replace(built, layout=layout)
        try:
            if feeds or construction.is_sized:
                with rejecting("construct"):
                    subject = one.subject(layout, in_width, out_width)
            return _contract_in(one, subject)
        except RejectedError as rejected:
            furthest = _further(furthest, rejected)
    assert furthest is not None
    raise furthest


def _check_size(module: nn.Module) -> None:
    n_parameters = sum(parameter.numel() for parameter in module.parameters())
    if n_parameters > MAX_PARAMETERS:
        raise RejectedError("contract", f"has {n_parameters:,} parameters at a width of 32: a model, not a part of one")


def _ways_to_call(module: nn.Module) -> tuple[tuple[Feed, ...], ...]:
    """What further inputs may be fed, the likeliest first: a graft stands where one tensor comes in."""
    parameters = inspect.signature(module.forward).parameters.values()
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    takes_any = any(p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in parameters)
    ways = feeds_for(required[1:]) if takes_any else ()
    if not ways:
        raise RejectedError("forward", f"forward needs {len(required)} inputs ({', '.join(required)}), not one")
    return ways


def _contract_in(construction: Construction, subject: Subject) -> tuple[Contract, Construction]:
    sizes = sizes_of(subject.layout)
    with rejecting("forward"):
        construction, subject = _adapted(construction, subject)
        stride = stride_at(subject, sizes.base)
    with rejecting("contract"):
        _check_behaviour(construction, subject)
        check_stride_in_place(subject, sizes.base, stride)
        subject = _at_other_sizes(subject, stride)
        fresh = construction.subject(subject.layout, subject.in_width, subject.out_width, awake=False)
        n_parameters, flops = _cost(fresh)
        width_multiple = find_width_multiple(construction, subject.layout, stride)
        position_multiple = find_position_multiple(subject, stride)
        nature = nature_of(subject, sizes.base)
        rule: Literal["preserve", "project", "scale"] = "preserve" if construction.scale == (1, 1) else "scale"
        contract = Contract(
            layout=subject.layout,
            template=construction.template,
            width="project" if projects(construction.template) else rule,
            width_scale=construction.scale,
            feeds=construction.feeds,
            takes_first=construction.takes_first,
            width_multiple=width_multiple,
            min_width=find_min_width(construction, subject, stride, width_multiple),
            spatial_stride=stride,
            causal=is_causal(subject, sizes.base),
            mutates_input=mutates_input(subject, sizes.base),
            n_parameters=n_parameters,
            flops=flops,
            probe_widths=(subject.in_width, subject.out_width),
            probe_positions=sizes.base,
            position_multiple=position_multiple,
            min_positions=find_min_positions(subject, stride, position_multiple),
            family=nature.family,
            kind=nature.kind,
            fingerprint=fingerprint(fresh, sizes.base),
            square=subject.square,
        )
        return contract, construction


def _adapted(construction: Construction, subject: Subject) -> tuple[Construction, Subject]:
    """Take the first of several outputs; note by how much the width grows where that isn't the host's to say."""
    with torch.no_grad():
        output = subject.module(subject.input(sizes_of(subject.layout).base))
    if not isinstance(output, Tensor) and isinstance(output, tuple | list) and isinstance(output[0], Tensor):
        construction, output = replace(construction, takes_first=True), output[0]
    if isinstance(output, Tensor) and output.ndim == len(subject.input(sizes_of(subject.layout).base).shape):
        given = output.shape[channel_axis(subject.layout)]
        if given != subject.out_width and not projects(construction.template):
            scale = Fraction(given, subject.in_width)
            if 0 < scale.numerator <= MAX_SCALE and scale.denominator <= MAX_SCALE:
                construction = replace(construction, scale=(scale.numerator, scale.denominator))
    if construction.takes_first or construction.scale != (1, 1):
        in_width, out_width = construction.widths(subject.in_width, subject.out_width)
        subject = construction.subject(subject.layout, in_width, out_width)
    return construction, subject


def _at_other_sizes(subject: Subject, stride: int) -> Subject:
    """The module as one for any positions, or else for squares. Raises `ContractError` when it is neither."""
    try:
        _check_other_size(subject, stride)
    except ContractError:
        square = replace(subject, square=True)
        if not subject.sizes.other or not keeps_stride(square, square.sizes.other, stride):
            raise
        return square
    return subject


def _check_other_size(subject: Subject, stride: int) -> None:
    sizes = subject.sizes
    if not sizes.other:
        return
    try:
        found = stride_at(subject, sizes.other)
    except Exception as error:  # noqa: BLE001 - mined code may raise anything
        raise ContractError(f"runs at {sizes.base} positions, but not at {sizes.other}: {describe(error)}") from None
    if found != stride:
        raise ContractError("shrinks positions by a ratio that changes with their number")


def _check_behaviour(construction: Construction, subject: Subject) -> None:
    base = sizes_of(subject.layout).base
    check_function(subject, base)
    check_samples_apart(subject, base)
    fresh = construction.subject(subject.layout, subject.in_width, subject.out_width, awake=False)
    check_gain(fresh, base)
    training = construction.subject(subject.layout, subject.in_width, subject.out_width)
    training.module.train()
    check_gradients(training, base)


def _cost(subject: Subject) -> tuple[int, int]:
    inputs = subject.input(sizes_of(subject.layout).base, batch=1)
    with torch.no_grad(), FlopCount() as counter:
        subject(inputs)
    n_parameters = sum(parameter.numel() for parameter in subject.module.parameters())
    return n_parameters, counter.total
