"""What the tests of the laws read: the project's own files, and the imports and calls in them. Static only."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("agent", "evaluator", "prompts", "sandbox", "tree_ops")


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, absolute and dotted; `late` when it stands inside a function."""

    file: str
    line: int
    module: str
    late: bool

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def python_files(*packages: str) -> list[Path]:
    """All Python files of these packages (default: all five), but for the shims, which are mined like other code."""
    found = (path for package in packages or PACKAGES for path in (ROOT / package).rglob("*.py"))
    return sorted(path for path in found if "shims" not in path.relative_to(ROOT).parts)


def relative(path: Path) -> str:
    """The path as the tests and their messages write it."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file at any depth, `if TYPE_CHECKING` blocks excepted: those never run."""
    yield from _imports(parsed(path), relative(path), late=False)


def _imports(node: ast.AST, file: str, *, late: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(file, child.lineno, alias.name, late)
        elif isinstance(child, ast.ImportFrom):
            module = "." * child.level + (child.module or "")
            for alias in child.names:
                yield Import(file, child.lineno, f"{module}.{alias.name}", late)
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from _imports(ast.Module(child.orelse, []), file, late=late)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, file, late=late or inside)


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """The dotted name and line of every call whose callee is a plain or dotted name."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield ast.unparse(node.func), node.lineno
