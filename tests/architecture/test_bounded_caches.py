"""A search of a night works through thousands of sources: whatever is remembered of them has a limit, in bytes."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture.code import parsed, python_files, relative

CLOSED = {
    "agent/store/codec.py:_adapter": "the types that the store keeps",
    "tree_ops/draft.py:adapter_source": "the classes of adapter_modules.py",
    "tree_ops/refactoring/targets.py:_matches": "the paths of one model, in a command that ends",
}
"""Functions whose arguments are of a closed set, and that may remember all of them."""
LARGE = {"source", "block"}
"""What parameters are called that may hold a whole file."""
FEW = 8


@dataclass(frozen=True, slots=True)
class Cached:
    """A function of the search's own process that remembers. `limit` is as it is written; None where there is none."""

    name: str
    parameters: set[str]
    limit: str | None


def cached_functions() -> Iterator[Cached]:
    """All that stand at top level or in a class."""
    for path in python_files("agent", "tree_ops"):
        module = parsed(path)
        owners: list[ast.Module | ast.ClassDef] = [
            module,
            *(one for one in module.body if isinstance(one, ast.ClassDef)),
        ]
        for owner in owners:
            for function in (item for item in owner.body if isinstance(item, ast.FunctionDef)):
                for decorator in map(ast.unparse, function.decorator_list):
                    kind, _, limit = decorator.removeprefix("functools.").rstrip(")").partition("(")
                    if kind in ("cache", "lru_cache"):
                        parameters = {argument.arg for argument in function.args.args}
                        name = f"{relative(path)}:{function.name}"
                        yield Cached(name, parameters, limit.removeprefix("maxsize=") or None)


def test_no_function_remembers_without_a_limit() -> None:
    unbounded = {one.name for one in cached_functions() if one.parameters and one.limit in (None, "None")}
    assert unbounded == set(CLOSED)


def test_what_is_worked_out_of_whole_files_is_held_by_their_length() -> None:
    """A thousand files may be a megabyte, or hundreds: `remembered_by_text` tells them apart."""
    few = {str(limit) for limit in range(FEW + 1)}
    many = (one for one in cached_functions() if one.limit not in few and one.name not in CLOSED)
    assert [one.name for one in many if one.parameters & LARGE] == []
