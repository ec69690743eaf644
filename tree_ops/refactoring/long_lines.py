"""Breaks the lines that a change made too long, inside their calls, as the lines around them are broken."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

USUAL_COLUMNS = 88
MAX_COLUMNS = 120


def columns_of(longest_line: int) -> int:
    """How long lines may be in a file whose longest one is this long."""
    return min(max(longest_line, USUAL_COLUMNS), MAX_COLUMNS)


def with_short_lines(module: cst.Module, before: str, columns: int) -> cst.Module:
    """The module with the lines that are not in `before` broken where they are too long, and a call in them can be."""
    for _ in range(3):  # a broken call may hold another one that has to be broken
        lines = module.code.splitlines()
        long = {number + 1 for number in _new_lines(before.splitlines(), lines) if len(lines[number]) > columns}
        if not long:
            break
        wrapper = MetadataWrapper(module)
        finder = _Calls(long)
        wrapper.visit(finder)
        chosen = dict(_broken(wrapper.module, finder.found, lines, columns))
        if not chosen:
            break
        module = cst.ensure_type(wrapper.module.visit(_Exchange(chosen)), cst.Module)
    return module


def _new_lines(before: Sequence[str], after: Sequence[str]) -> Iterator[int]:
    for kind, _, _, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from range(start, end)


class _Calls(cst.CSTVisitor):
    """Collects the calls that stand on one of these lines whole, the outer ones first."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self, lines: set[int]) -> None:
        self._lines = lines
        self.found: list[tuple[cst.Call, CodeRange]] = []

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802
        place = self.get_metadata(PositionProvider, node)
        if isinstance(place, CodeRange) and place.start.line == place.end.line and place.start.line in self._lines:
            self.found.append((node, place))


def _broken(
    module: cst.Module, calls: Sequence[tuple[cst.Call, CodeRange]], lines: Sequence[str], columns: int
) -> Iterator[tuple[cst.Call, cst.Call]]:
    """For each line, the outermost call that helps when it is broken."""
    for number in dict.fromkeys(place.start.line for _, place in calls):
        text = lines[number - 1]
        lead = text[: len(text) - len(text.lstrip())]
        here = [(call, place) for call, place in calls if place.start.line == number and _items(call)]
        helping = [
            call
            for call, place in here
            if place.start.column + len(module.code_for_node(call.func)) + 1 <= columns
            and len(lead) + 1 + len(text) - place.end.column <= columns
        ]
        if helping:
            chosen = next((call for call in helping if _fits(module, call, lead, columns)), helping[0])
            yield chosen, _on_lines(module, chosen, lead, columns)


def _items(call: cst.Call) -> bool:
    is_generator = len(call.args) == 1 and isinstance(call.args[0].value, cst.GeneratorExp)
    return bool(call.args) and not is_generator


def _fits(module: cst.Module, call: cst.Call, lead: str, columns: int) -> bool:
    """Whether each argument has room on a line of its own."""
    width = columns - len(lead + module.default_indent) - 1
    return all(
        len(module.code_for_node(one.with_changes(comma=cst.MaybeSentinel.DEFAULT))) <= width for one in call.args
    )


def _on_lines(module: cst.Module, call: cst.Call, lead: str, columns: int) -> cst.Call:
    """What the brackets hold on one line of its own; else each argument on one."""
    inner = lead + module.default_indent
    plain = [one.with_changes(comma=cst.MaybeSentinel.DEFAULT) for one in call.args]
    width = len(inner) + sum(len(module.code_for_node(one)) + 2 for one in plain) - 2
    end = _newline(lead)
    if width <= columns:
        space: cst.BaseParenthesizableWhitespace = cst.SimpleWhitespace(" ")
        last = plain[-1].with_changes(whitespace_after_arg=end)
    else:
        space = _newline(inner)
        last = plain[-1].with_changes(comma=cst.Comma(whitespace_after=end))
    between = cst.Comma(whitespace_after=space)
    arguments = [*(one.with_changes(comma=between) for one in plain[:-1]), last]
    return call.with_changes(whitespace_before_args=_newline(inner), args=arguments)


def _newline(lead: str) -> cst.ParenthesizedWhitespace:
    return cst.ParenthesizedWhitespace(last_line=cst.SimpleWhitespace(lead))


class _Exchange(cst.CSTTransformer):
    def __init__(self, chosen: dict[cst.Call, cst.Call]) -> None:
        self._chosen = chosen

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802
        return self._chosen.get(original_node, updated_node)
