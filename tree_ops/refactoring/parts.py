"""What is put in the place of a module, as an expression whose names are settled only where it is written."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from archgraft.tree_ops.contract import Contract, Role
from archgraft.tree_ops.edits import Adapter, Graft
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.refactoring.call_arguments import OLD_CALL
from archgraft.tree_ops.refactoring.symbols import FileSymbols, Symbol
from archgraft.tree_ops.syntax import literal

_TORCH_NAME = re.compile(r"(?<![\w.])torch\.nn\.([A-Za-z_]\w*)(?!\w*\.)")
_LIKELY = {
    "width": re.compile(r"dim|embd|embed|width|channel|chan|chs|planes|feat|hidden|model|size|filters|\bc\d?\b"),
    "positions": re.compile(r"patches|seq|token|position|length|block_size|max_len|n_ctx"),
}
_UNLIKELY = re.compile(r"head|patch_|kernel|ratio|depth|stride|padding|image|num_classes|vocab|batch")


@dataclass(frozen=True, slots=True)
class Number:
    """An integer that the host decides: its value at each node (by nid), and what it counts."""

    values: Mapping[str, int]
    kind: Literal["width", "positions"] = "width"
    factor: int = 1
    """How many times the host's own number it is."""


@dataclass(frozen=True, slots=True)
class Old:
    """The expression that stood there before."""


@dataclass(frozen=True, slots=True)
class Given:
    """The value that the old module was given for an argument of its own: its expression, or what that is worth."""

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unknown:
    """What the old module was given for an argument, where no text says it: only its own call can be written again."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a symbol. An argument without a name is positional."""

    callee: Symbol
    arguments: "tuple[tuple[str, Value], ...]" = ()


@dataclass(frozen=True, slots=True)
class Copy:
    """Another module like the old one, with some arguments changed; `otherwise` says it where no call stands."""

    otherwise: Call
    changes: tuple[tuple[str, str], ...] = ()

    @property
    def callee(self) -> Symbol:
        """The old module's own class."""
        return self.otherwise.callee


@dataclass(frozen=True, slots=True)
class SameArguments:
    """Another callee with the arguments that are written there; `otherwise` says the same where no call stands."""

    callee: Symbol
    otherwise: Call


Picked = Callable[[Graft], Sequence[tuple[str, str]]]
Value = str | Number | Old | Given | Unknown | Call | Copy
Part = Call | Copy | SameArguments


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the code around a place knows: names by node with their values, and the old call's own arguments."""

    names: Mapping[str, Mapping[str, str]]
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Of the call that is replaced: parameter name to the expression given for it."""
    old: str = ""
    is_call: bool = False
    """Whether the old expression is a call, that may stand several times."""


def render(value: Value, symbols: FileSymbols, around: Surroundings, nids: Sequence[str]) -> str:
    """The expression as the file would write it. Raises `SourceError` when one text can't serve all these nodes."""
    match value:
        case str():
            return _TORCH_NAME.sub(lambda found: symbols.spell(Symbol("torch.nn", found[1])), value)
        case Number():
            return _number(value, around, nids)
        case Old():
            return around.old
        case Given():
            return _given(value, around, nids)
        case Unknown():
            raise SourceError(f"what {value.name} was given can't be written there")
        case Copy() if around.is_call:
            return f"{OLD_CALL}({', '.join(f'{name}={text}' for name, text in value.changes)})"
        case Copy():
            return render(value.otherwise, symbols, around, nids)
        case Call():
            if "." in value.callee.name:
                raise SourceError(f"{value.callee.name} is a class in a class, which can't be imported")
            arguments = ((name, render(item, symbols, around, nids)) for name, item in value.arguments)
            given = ", ".join(f"{name}={text}" if name else text for name, text in arguments)
            return f"{symbols.spell(value.callee)}({given})"


def _number(number: Number, around: Surroundings, nids: Sequence[str]) -> str:
    wanted = {nid: number.values[nid] for nid in nids}
    name = _likely_name(number.kind, wanted, around)
    if name is not None:
        return name
    if number.factor > 1 and not any(value % number.factor for value in wanted.values()):
        base = _likely_name(number.kind, {nid: value // number.factor for nid, value in wanted.items()}, around)
        if base is not None:
            return f"{number.factor} * {base}"
    if len(set(wanted.values())) == 1:
        return str(next(iter(wanted.values())))
    if fitting := _names_for({nid: str(value) for nid, value in wanted.items()}, around):
        return fitting[0]
    raise SourceError(f"no name there is worth {', '.join(map(str, sorted(set(wanted.values()))))} where it is needed")


def _likely_name(kind: str, wanted: Mapping[str, int], around: Surroundings) -> str | None:
    """The name that a reader expects: what the old call was given, else one that sounds like the number's kind."""
    fitting = _names_for({nid: str(value) for nid, value in wanted.items()}, around)
    own = [text for text in around.arguments.values() if text in fitting]
    sounding = [name for name in fitting if _LIKELY[kind].search(name) and not _UNLIKELY.search(name)]
    candidates = [name for name in own if name in sounding] or sounding or own
    return min(candidates, key=lambda name: (name.count("."), len(name)), default=None)


def _given(given: Given, around: Surroundings, nids: Sequence[str]) -> str:
    if given.name in around.arguments:
        return around.arguments[given.name]
    wanted = {nid: given.values[nid] for nid in nids}
    fitting = _names_for(wanted, around)
    if given.name in fitting:
        return given.name
    if all(text.isdigit() for text in wanted.values()):
        return _number(Number({nid: int(text) for nid, text in wanted.items()}), around, nids)
    if len(set(wanted.values())) == 1:
        return next(iter(wanted.values()))
    if fitting:
        return fitting[0]
    raise SourceError(f"no name there is worth what {given.name} was given")


def _names_for(wanted: Mapping[str, str], around: Surroundings) -> list[str]:
    """The expressions that are worth what is wanted at every one of the nodes."""
    known = [around.names.get(nid, {}) for nid in wanted]
    first = known[0] if known else {}
    return [name for name in first if all(names.get(name) == value for names, value in zip(known, wanted.values()))]


def graft_part(
    grafts: Mapping[str, Graft], contract: Contract, symbols: Mapping[str, Symbol], first_parameter: str | None
) -> Call:
    """The expression of what fits at each of some nodes. `symbols` are those of the module ("") and of its adapters.

    Raises `SourceError` when the nodes need different adapters.
    """
    first, *others = grafts.values()
    shapes = {tuple(adapter.name for adapter in _adapters(graft)) for graft in (first, *others)}
    if len(shapes) > 1:
        raise SourceError(
            "the module needs other adapters at some of these places than at others: name fewer with --at"
        )

    def call(symbol: Symbol, pick: Picked, *inner: Value) -> Call:
        is_module = symbol == symbols[""]
        found: list[tuple[str, Value]] = [("", item) for item in inner]
        for name, _ in pick(first):
            texts = {nid: dict(pick(graft))[name] for nid, graft in grafts.items()}
            is_first = is_module and name == first_parameter and not found
            is_plain = is_first or (symbol.module == "torch.nn" and name in _WIDTHS)
            found.append(("" if is_plain else name, _value(name, texts, contract if is_module else None)))
        return Call(symbol, tuple(found))

    def torch_call(place: Literal["before", "after"], number: int) -> Call:
        name = getattr(first, place)[number].name.removeprefix("nn.")
        return call(Symbol("torch.nn", name), lambda graft: getattr(graft, place)[number].arguments)

    core = call(symbols[""], lambda graft: graft.arguments)
    for number, adapter in enumerate(first.wrappers):
        core = call(symbols[adapter.name], lambda graft, n=number: graft.wrappers[n].arguments, core)  # type: ignore[misc]
    before = [torch_call("before", number) for number in range(len(first.before))]
    after = [torch_call("after", number) for number in range(len(first.after))]
    if before or after:
        core = Call(Symbol("torch.nn", "Sequential"), tuple(("", one) for one in (*before, core, *after)))
    for number, adapter in enumerate(first.outer):
        core = call(symbols[adapter.name], lambda graft, n=number: graft.outer[n].arguments, core)  # type: ignore[misc]
    return core


def _adapters(graft: Graft) -> tuple[Adapter, ...]:
    return (*graft.wrappers, *graft.before, *graft.after, *graft.outer)


_WIDTHS = frozenset({"in_channels", "out_channels", "in_features", "out_features"})


def _value(name: str, texts: Mapping[str, str], contract: Contract | None) -> Value:
    """A number that the host decides, or what is written whatever the host."""
    role = dict(contract.template).get(name) if contract is not None else Role("in_width") if name in _WIDTHS else None
    if isinstance(role, Role) and all(text.isdigit() for text in texts.values()):
        is_width = role.role in ("in_width", "out_width")
        values = {nid: int(text) for nid, text in texts.items()}
        return Number(values, "width" if is_width else "positions", role.factor if role.divisor == 1 else 1)
    if len(set(texts.values())) > 1:
        values = {nid: literal(text) for nid, text in texts.items() if text.isdigit()}
        if len(values) < len(texts):
            raise SourceError(f"{name} must be different at different places: name fewer with --at")
        return Number(values)
    return next(iter(texts.values()))
