"""Calls as their file writes them: arguments changed where they stand, keywords spaced like their neighbours."""

from collections import Counter
from collections.abc import Iterable, Sequence

import libcst as cst
from libcst import matchers

from archgraft.tree_ops.errors import SourceError

OLD_CALL = "ARCHGRAFT_OLD_CALL"
"""In new code: the call that stood there. Keywords set arguments of it: `ARCHGRAFT_OLD_CALL(kernel_size=5)`."""
_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def with_old_call(new: cst.BaseExpression, old: cst.Call, parameters: Sequence[str]) -> cst.BaseExpression:
    """The new expression with the old call in it. `parameters` are those of what the old one calls, in order."""
    return _visited(new, _OldCalls(old, parameters))


class _OldCalls(cst.CSTTransformer):
    def __init__(self, old: cst.Call, parameters: Sequence[str]) -> None:
        self._old, self._parameters = old, parameters

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802
        if not matchers.matches(original_node.func, matchers.Name(OLD_CALL)):
            return updated_node
        changes = [(one.keyword.value, one.value) for one in updated_node.args if one.keyword is not None]
        return with_arguments(self._old.deep_clone(), changes, self._parameters)


def with_arguments(
    call: cst.Call, changes: Sequence[tuple[str, cst.BaseExpression]], parameters: Sequence[str]
) -> cst.Call:
    """The call with some arguments set: where they stand, else behind the last one, laid out like it.

    Raises `SourceError` when the call unpacks arguments, so that what it gives can't be told.
    """
    given = list(call.args)
    for name, value in changes:
        place = _place_of(name, given, parameters)
        if place is not None:
            given[place] = given[place].with_changes(value=value)
        elif any(one.star for one in given):
            raise SourceError(f"the call there unpacks arguments, so {name} can't be set in it")
        else:
            given = _appended(given, name, value)
    return call.with_changes(args=given)


def _place_of(name: str, given: Sequence[cst.Arg], parameters: Sequence[str]) -> int | None:
    for place, one in enumerate(given):
        if one.star:
            return None
        own = one.keyword.value if one.keyword is not None else next(iter(parameters[place : place + 1]), "")
        if own == name:
            return place
    return None


def _appended(given: list[cst.Arg], name: str, value: cst.BaseExpression) -> list[cst.Arg]:
    if not given:
        return [cst.Arg(value, cst.Name(name), equal=_TIGHT)]
    last = given[-1]
    between = given[-2].comma if len(given) > 1 else cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if isinstance(between, cst.Comma) and isinstance(between.whitespace_after, cst.ParenthesizedWhitespace):
        first_line = cst.TrailingWhitespace(newline=between.whitespace_after.first_line.newline)
        between = between.with_changes(whitespace_after=between.whitespace_after.with_changes(first_line=first_line))
    new = cst.Arg(value, cst.Name(name), equal=_TIGHT, comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    before = last.with_changes(comma=between, whitespace_after_arg=cst.SimpleWhitespace(""))
    return [*given[:-1], before, new]


def keyword_spacing(*neighbours: Iterable[cst.Call]) -> cst.AssignEqual:
    """How the nearest of these calls write the `=` of a keyword; the commonest way where they differ."""
    for calls in neighbours:
        ways = Counter(way for call in calls for one in call.args if (way := _spaces(one.equal)) is not None)
        if ways:
            (before, after), _ = ways.most_common(1)[0]
            return cst.AssignEqual(cst.SimpleWhitespace(before), cst.SimpleWhitespace(after))
    return _TIGHT


def _spaces(equal: cst.AssignEqual | cst.MaybeSentinel) -> tuple[str, str] | None:
    """What stands before and behind an `=`, where that is on one line."""
    if not isinstance(equal, cst.AssignEqual):
        return None
    before, after = equal.whitespace_before, equal.whitespace_after
    if not isinstance(before, cst.SimpleWhitespace) or not isinstance(after, cst.SimpleWhitespace):
        return None
    return before.value, after.value


def spaced(new: cst.BaseExpression, equal: cst.AssignEqual) -> cst.BaseExpression:
    """The expression with all its keywords spaced so."""
    return _visited(new, _Spacing(equal))


def spaced_text(statements: str, equal: cst.AssignEqual) -> str:
    """The same of statements, as text."""
    return cst.parse_module(statements).visit(_Spacing(equal)).code


def _visited(expression: cst.BaseExpression, transformer: cst.CSTTransformer) -> cst.BaseExpression:
    changed = expression.visit(transformer)
    assert isinstance(changed, cst.BaseExpression)
    return changed


class _Spacing(cst.CSTTransformer):
    def __init__(self, equal: cst.AssignEqual) -> None:
        self._equal = equal

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:  # noqa: N802
        return updated_node if original_node.keyword is None else updated_node.with_changes(equal=self._equal)
