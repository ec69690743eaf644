"""Joining self-contained sources, and cutting one down to what is used."""

from collections.abc import Sequence
from dataclasses import dataclass

from archgraft.tree_ops.block_reading import read_text
from archgraft.tree_ops.closure import close
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.link_memory import LinkMemory

_BASE = "<base>"
_ADDITION = "<addition>"
"""Module names that no code can import."""
_MEMORY = LinkMemory()
"""What one search prints are variations of one file: most of its pieces have been read before."""


@dataclass(frozen=True, slots=True)
class Merged:
    """A source that holds both, and what the wanted class is called in it."""

    source: str
    class_name: str


def merge(base: str, addition: str, class_name: str) -> Merged:
    """Add `class_name` of one self-contained source, with all it needs there, to another.

    The base keeps its header, its names and its order; the addition's definitions come before the base's, and names of
    theirs that the base has taken get a number. Code that both hold is written once. Raises `SourceError` when either
    is no Python, or the addition lacks the class.
    """
    source, names = merge_all(base, addition, [class_name])
    return Merged(source, names[0])


def merge_all(base: str, addition: str, wanted: Sequence[str]) -> tuple[str, list[str]]:
    """`merge` for several definitions of one addition at once: the source, and what each is called in it."""
    index = _index({_BASE: base, _ADDITION: addition})
    merged = close(
        index,
        [index.definition((_ADDITION, name)) for name in wanted],
        [_BASE],
        first=_definitions(index, _BASE),
        last=_BASE,
        header=index.modules[_BASE].header,
        lenient=True,
    )
    return merged.source, [merged.names[f"{_ADDITION}.{name}"] for name in wanted]


def prune(source: str, roots: Sequence[str]) -> str:
    """The source without top-level definitions and imports that the roots don't need; its header stays.

    Pruning twice changes nothing more. Raises `SourceError` for what is not Python, or lacks a root.
    """
    index = _index({_BASE: source})
    definitions = [index.definition((_BASE, root)) for root in roots]
    return close(index, definitions, header=index.modules[_BASE].header, lenient=True).source


def _index(texts: dict[str, str]) -> SourceIndex:
    try:
        return SourceIndex({name: read_text(text, name) for name, text in texts.items()}, memory=_MEMORY)
    except SyntaxError as error:
        raise SourceError(f"the source is not Python: {error.msg}, line {error.lineno}") from error


def _definitions(index: SourceIndex, name: str) -> list[Definition]:
    module = index.modules[name]
    return [found for bound in module.bindings if (found := Definition(name, bound)) == index.resolve(module, bound)]
