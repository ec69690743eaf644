"""Adds imports where a careful author would: in an existing statement, else beside those of its kind."""

import sys
from collections.abc import Collection, Sequence

import libcst as cst
from libcst.helpers import get_full_name_for_node

from archgraft.tree_ops.refactoring.symbols import FileSymbols

_USUAL_WIDTH = 88


def with_imports(module: cst.Module, symbols: FileSymbols, longest_line: int) -> cst.Module:
    """The module with all imports that its new code needs."""
    local = _local_modules(symbols)
    for symbol, name in symbols.needed.items():
        dots, source = symbols.statement_of(symbol)
        alias = symbol.name if name == symbol.name else f"{symbol.name} as {name}"
        module = _with_import(module, dots, source, alias, max(longest_line, _USUAL_WIDTH), local)
    for text, source in symbols.needed_lines.items():
        module = _with_line(module, _kind("", source, local), text, local)
    return module


def _local_modules(symbols: FileSymbols) -> set[str]:
    """Top-level names of modules that are the author's own: files beside this one, and what is imported out of them."""
    beside = {path.stem for path in symbols.path.parent.glob("*.py")}
    return beside | {symbols.statement_of(one)[1].partition(".")[0] for one in symbols.needed if one.file is not None}


def _with_import(
    module: cst.Module, dots: str, source: str, alias: str, width: int, local: Collection[str]
) -> cst.Module:
    for place, line in enumerate(module.body):
        extended = _extended(line, dots + source, alias)
        if extended is None:
            continue
        code = cst.Module([extended], default_newline=module.default_newline).code
        if max(map(len, code.splitlines())) <= width:
            return module.with_changes(body=[*module.body[:place], extended, *module.body[place + 1 :]])
    return _with_line(module, _kind(dots, source, local), f"from {dots}{source} import {alias}", local)


def _extended(line: cst.CSTNode, source: str, alias: str) -> cst.SimpleStatementLine | None:
    """An import line of the same module with one name more; None for all other lines."""
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    statement = line.body[0]
    if not isinstance(statement, cst.ImportFrom) or isinstance(statement.names, cst.ImportStar):
        return None
    if _source_of(statement) != source:
        return None
    names = list(statement.names)
    new = cst.ensure_type(cst.parse_statement(f"from a import {alias}"), cst.SimpleStatementLine).body[0]
    added = cst.ensure_type(cst.ensure_type(new, cst.ImportFrom).names[0], cst.ImportAlias)  # type: ignore[index]
    known = [cst.Module([]).code_for_node(one.name) for one in names]
    place = len(names)
    if len(known) > 1 and known == sorted(known):  # kept in order by its author
        place = sum(one < cst.Module([]).code_for_node(added.name) for one in known)
    return line.with_changes(body=[statement.with_changes(names=_inserted(names, place, added))])


def _inserted(names: list[cst.ImportAlias], place: int, added: cst.ImportAlias) -> list[cst.ImportAlias]:
    """The names with one more; commas and line breaks are those that stood between the others."""
    between: cst.Comma | cst.MaybeSentinel = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    commas = [one.comma for one in names[:-1] if isinstance(one.comma, cst.Comma)]
    if commas:
        between = cst.Comma(commas[-1].whitespace_before, _without_comment(commas[-1].whitespace_after))
    if place < len(names):
        return [*names[:place], added.with_changes(comma=between), *names[place:]]
    last = names[-1]
    if isinstance(last.comma, cst.Comma) and commas:
        # A trailing comma is followed by what stands before the closing bracket: that stays at the end.
        return [*names[:-1], last.with_changes(comma=between), added.with_changes(comma=last.comma)]
    return [*names[:-1], last.with_changes(comma=between), added.with_changes(comma=last.comma)]


def _without_comment(space: cst.BaseParenthesizableWhitespace) -> cst.BaseParenthesizableWhitespace:
    if isinstance(space, cst.ParenthesizedWhitespace) and space.first_line.comment is not None:
        first = space.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
        return space.with_changes(first_line=first)
    return space


def _with_line(module: cst.Module, kind: int, text: str, local: Collection[str]) -> cst.Module:
    """The module with an import statement more: behind its own kind, in order where those are in order."""
    body = list(module.body)
    imports = _leading(body, [(place, _kind_of(line, local)) for place, line in enumerate(body)])
    same = [place for place, other in imports if other == kind]
    earlier = [place for place, other in imports if other is not None and other < kind]
    new = cst.ensure_type(cst.parse_statement(text, config=module.config_for_parsing), cst.SimpleStatementLine)
    if same:
        return module.with_changes(body=_beside(body, same, new))
    if earlier:
        return module.with_changes(body=_behind(body, earlier[-1], new, has_groups=_has_groups(body, imports)))
    if imports:
        first = imports[0][0]
        moved = new.with_changes(leading_lines=body[first].leading_lines)
        rest = body[first].with_changes(leading_lines=[cst.EmptyLine(indent=False)])
        return module.with_changes(body=[*body[:first], moved, rest, *body[first + 1 :]])
    return _with_first_import(module, new)


def _with_first_import(module: cst.Module, new: cst.SimpleStatementLine) -> cst.Module:
    """An import in a file that has none: behind its docstring."""
    body = list(module.body)
    place = 1 if body and module.get_docstring(clean=False) is not None else 0
    blank = [cst.EmptyLine(indent=False)]
    if place:
        new = new.with_changes(leading_lines=blank)
    if place < len(body) and not _begins_blank(body[place]):
        body[place] = body[place].with_changes(leading_lines=[*blank, *blank, *body[place].leading_lines])
    return module.with_changes(body=[*body[:place], new, *body[place:]])


def _begins_blank(line: cst.CSTNode) -> bool:
    leading: Sequence[cst.EmptyLine] = getattr(line, "leading_lines", ())
    return bool(leading) and leading[0].comment is None


def _beside(
    body: list[cst.SimpleStatementLine | cst.BaseCompoundStatement], same: Sequence[int], new: cst.SimpleStatementLine
) -> list[cst.SimpleStatementLine | cst.BaseCompoundStatement]:
    """Into a group of import lines: in its order where it has one, else at its end."""
    sources = [_key(body[place]) for place in same]
    if sources == sorted(sources):
        place = next((place for place, key in zip(same, sources) if key > _key(new)), None)
        if place is not None:
            moved = new.with_changes(leading_lines=_blank_part(body[place]))
            rest = body[place].with_changes(leading_lines=_other_part(body[place]))
            return [*body[:place], moved, rest, *body[place + 1 :]]
    return [*body[: same[-1] + 1], new, *body[same[-1] + 1 :]]


def _blank_part(line: cst.CSTNode) -> list[cst.EmptyLine]:
    """The blank lines that part a line from what stands before it: they go to whatever comes first."""
    leading: Sequence[cst.EmptyLine] = getattr(line, "leading_lines", ())
    return [] if any(one.comment for one in leading) else list(leading)


def _other_part(line: cst.CSTNode) -> list[cst.EmptyLine]:
    leading: Sequence[cst.EmptyLine] = getattr(line, "leading_lines", ())
    return list(leading) if any(one.comment for one in leading) else []


def _behind(
    body: list[cst.SimpleStatementLine | cst.BaseCompoundStatement],
    place: int,
    new: cst.SimpleStatementLine,
    *,
    has_groups: bool,
) -> list[cst.SimpleStatementLine | cst.BaseCompoundStatement]:
    if has_groups:
        new = new.with_changes(leading_lines=[cst.EmptyLine(indent=False)])
    return [*body[: place + 1], new, *body[place + 1 :]]


def _has_groups(body: Sequence[cst.CSTNode], imports: Sequence[tuple[int, int | None]]) -> bool:
    """Whether imports of different kinds are parted by blank lines; where there is but one kind, they would be."""
    pairs = [(imports[n][0], imports[n + 1][0]) for n in range(len(imports) - 1) if imports[n][1] != imports[n + 1][1]]
    return all(_begins_blank(body[second]) for _, second in pairs)


def _leading(body: Sequence[cst.CSTNode], imports: list[tuple[int, int | None]]) -> list[tuple[int, int | None]]:
    """Those of the block at the top: an import further down has a reason to stand there."""
    block: list[tuple[int, int | None]] = []
    for place, kind in imports:
        if kind is None:
            continue
        between = body[block[-1][0] + 1 : place] if block else []
        if any(isinstance(line, cst.ClassDef | cst.FunctionDef) for line in between):
            break
        block.append((place, kind))
    return block


_FUTURE, _STANDARD, _PACKAGE, _LOCAL = range(4)


def _kind(dots: str, source: str, local: Collection[str]) -> int:
    top = source.partition(".")[0]
    if dots or top in local:
        return _LOCAL
    if top == "__future__":
        return _FUTURE
    return _STANDARD if top in sys.stdlib_module_names else _PACKAGE


def _kind_of(line: cst.CSTNode, local: Collection[str]) -> int | None:
    """The kind of an import line; None for all else."""
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
        return None
    statement = line.body[0]
    if isinstance(statement, cst.ImportFrom):
        return _kind("." * len(statement.relative), _source_of(statement).lstrip("."), local)
    if isinstance(statement, cst.Import):
        return _kind("", get_full_name_for_node(statement.names[0].name) or "", local)
    return None


def _source_of(statement: cst.ImportFrom) -> str:
    return "." * len(statement.relative) + (get_full_name_for_node(statement.module) or "" if statement.module else "")


def _key(line: cst.CSTNode) -> tuple[int, str]:
    statement = cst.ensure_type(line, cst.SimpleStatementLine).body[0]
    if isinstance(statement, cst.ImportFrom):
        return _sort_key(_source_of(statement), is_from=True)
    return _sort_key(get_full_name_for_node(cst.ensure_type(statement, cst.Import).names[0].name) or "", is_from=False)


def _sort_key(source: str, *, is_from: bool) -> tuple[int, str]:
    """As isort orders by default: plain imports first, then by name."""
    return int(is_from), source.lower()
