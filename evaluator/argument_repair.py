"""What to change about constructor arguments, as told by the error that they raised. Pure data in, data out."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from archgraft.evaluator.argument_choices import Arguments, Surroundings, explained_choice, first_choice
from archgraft.tree_ops.spec import Parameter

_MISSING = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.*)")
_NONE = re.compile(r"NoneType|must be (?:provided|specified|given|supplied|set|passed)|is None|not None")
_SEVERAL = re.compile(
    r"has no len|not iterable|not subscriptable|needs? to be (?:a )?(?:tuple|list)"
    r"|must be (?:a )?(?:tuple|list|sequence)|unpack"
)
_SINGLE = re.compile(
    r"(list|tuple)' object cannot be interpreted as an integer|'(list|tuple)' and '(int|float)'|must be (?:an )?int"
)
_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")
_MAPPING = re.compile(r"must be a mapping|not a mapping|has no attribute '(?:get|items|keys)'")
_MAX_REPAIRS = 6


def argument_repairs(
    arguments: Arguments, error: BaseException, parameters: Sequence[Parameter], around: Surroundings
) -> Iterator[Arguments]:
    """Changed arguments that the error suggests, the likeliest first; at most a few."""
    given, text = dict(arguments), str(error)
    known = {p.name: p for p in parameters}
    if found := _MISSING.search(text):
        names = [name for name in re.findall(r"'(\w+)'", found[1]) if name not in given]
        yield _with(arguments, [known.get(name, Parameter(name, "keyword")) for name in names], around)
    if (found := _UNEXPECTED.search(text)) and found[1] in given:
        yield tuple((name, value) for name, value in arguments if name != found[1])
    named = [name for name in re.findall(r"\w+", text) if name in known and name not in given]
    if named:
        yield _with(arguments, [known[name] for name in dict.fromkeys(named)], around)
    if _NONE.search(text):
        yield from _filled(arguments, known, given, around)
    if _SEVERAL.search(text):
        yield from _each(arguments, text, lambda value: f"({value}, {value})" if value.isdigit() else None)
        yield from _each(arguments, text, lambda value: f"({', '.join([value] * 4)})" if value.isdigit() else None)
    if _MAPPING.search(text):
        yield from _each(arguments, text, lambda value: "{}" if value.isdigit() else None)
    if _SINGLE.search(text):
        yield from _each(arguments, text, _first_item)


def _with(arguments: Arguments, more: Sequence[Parameter], around: Surroundings) -> Arguments:
    return (*arguments, *((parameter.name, first_choice(parameter, around)) for parameter in more))


def _filled(
    arguments: Arguments, known: Mapping[str, Parameter], given: Mapping[str, str], around: Surroundings
) -> Iterator[Arguments]:
    """Optional parameters that default to None, given a value: all at once, then one at a time."""
    empty = [p for name, p in known.items() if name not in given and p.default == "None"]
    more = [(p.name, value) for p in empty if (value := explained_choice(p, around)) is not None]
    if len(more) > 1:
        yield (*arguments, *more)
    for pair in more[:_MAX_REPAIRS]:
        yield (*arguments, pair)


def _each(arguments: Arguments, text: str, change: Callable[[str], str | None]) -> Iterator[Arguments]:
    """One argument changed at a time, those that the error names first."""
    order = sorted(range(len(arguments)), key=lambda number: arguments[number][0] not in text)
    changes = [(number, change(arguments[number][1])) for number in order]
    for number, value in [(number, value) for number, value in changes if value is not None][:_MAX_REPAIRS]:
        yield (*arguments[:number], (arguments[number][0], value), *arguments[number + 1 :])


def _first_item(value: str) -> str | None:
    found = re.fullmatch(r"[\[(]\s*([\w.]+)\s*,.*[\])]", value)
    return found[1] if found else None
