"""Which nodes a refactoring is for: a glob over tree paths, then a scope."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.near_names import near_names
from archgraft.tree_ops.tree import Node, Tree

Scope = Literal["instance", "stage", "site"]
"""Exactly the nodes that match; all that the same call made within the same repeated container; all that it made."""
SCOPES: tuple[Scope, ...] = ("instance", "stage", "site")
_N_NAMED = 6
_REPEATED = re.compile(r"(?<=\.)\d+(?![^.])")


def select(tree: Tree, patterns: Sequence[str], scope: Scope) -> list[Node]:
    """The nodes to change, in slot order. Raises `SourceError` that names what is near when nothing matches.

    Between dots `*`, `?` and `[...]` mean what they do in file names; `**` stands for any number of parts.
    """
    matched: dict[str, Node] = {}
    for pattern in patterns:
        if not pattern.strip():
            raise SourceError("--at '' would be the whole model: name modules in it, as `archgraft tree` shows them")
        found = [node for node in tree if node.path and matches(pattern, node.path)]
        if not found:
            raise SourceError(f"--at {pattern!r} matches nothing in this model{_near(pattern, tree)}")
        matched.update((node.path, node) for node in found)
    chosen = [node for node in tree if any(_is_meant(tree, node, one, scope) for one in matched.values())]
    for outer in chosen:
        inner = next((node for node in chosen if node.path.startswith(f"{outer.path}.")), None)
        if inner is not None:
            raise SourceError(f"--at matches both {outer.path} and {inner.path} inside it: name one of the two")
    return chosen


def matches(pattern: str, path: str) -> bool:
    """Whether a glob names a path."""
    return _matches(tuple(pattern.split(".")), tuple(path.split(".")))


@cache
def _matches(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        return any(_matches(pattern[1:], path[skipped:]) for skipped in range(len(path) + 1))
    return bool(path) and fnmatchcase(path[0], pattern[0]) and _matches(pattern[1:], path[1:])


def container_of(path: str) -> str:
    """The innermost numbered container that a path leads through (`blocks` of `blocks.3.mlp`), or its parent."""
    parts = path.split(".")
    numbered = [place for place, part in enumerate(parts) if part.isdigit()]
    return ".".join(parts[: numbered[-1] if numbered else -1])


def _is_meant(tree: Tree, node: Node, matched: Node, scope: Scope) -> bool:
    if node.nid == matched.nid:
        return True
    if scope == "instance" or node.site is None or node.site != matched.site or node.nid == tree.root:
        return False
    return scope == "site" or container_of(node.path) == container_of(matched.path)


def _near(pattern: str, tree: Tree) -> str:
    """The end of a message: paths that look like the pattern, repeated ones as a glob."""
    known = {_REPEATED.sub("*", node.path) for node in tree if node.path and not node.opaque}
    wanted = _REPEATED.sub("*", pattern)
    named = near_names(wanted, known) or _ending_alike(wanted, known) or sorted(known)[:_N_NAMED]
    return f": near it are {', '.join(named)}" if named else ""


def _ending_alike(wanted: str, known: Iterable[str]) -> list[str]:
    last = wanted.rpartition(".")[2]
    ends = {path.rpartition(".")[2] for path in known}
    alike = {last} & ends or set(near_names(last, ends))
    return sorted(path for path in known if path.rpartition(".")[2] in alike)[:_N_NAMED]
