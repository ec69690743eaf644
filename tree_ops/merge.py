"""Joining self-contained sources, and cutting one down to what is used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from archgraft.tree_ops.block_reading import read_text
from archgraft.tree_ops.closure import close
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.link_memory import LinkMemory
from archgraft.tree_ops.modules import Binding, Imported

_BASE = "<base>"
_ADDITION = "<addition>"
"""Module names that no code can import."""
_NOWHERE = -1
"""The piece of bindings that no statement makes."""
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


@dataclass(frozen=True, slots=True)
class Addition:
    """A definition of some self-contained source that another source is to hold, with all it needs."""

    source: str
    name: str


@dataclass(frozen=True, slots=True)
class Assembled:
    """A source with all additions. `names` say what each slot is called in it."""

    source: str
    names: dict[str, str]


def assemble(
    base: str, additions: Mapping[str, Addition], roots: Sequence[str], imports: Sequence[str] = ()
) -> Assembled:
    """The base with its slots filled: what `merge` of every addition and `prune` give, in one pass.

    `additions` are by slot, the name by which the base speaks of each. `imports` are lines that the base may rely on
    where it does not bind their names itself. Definitions of the base keep their names, as far as the roots reach them.
    Raises `SourceError` when a source is no Python, or lacks a root.
    """
    modules = {addition.source: f"<addition {number}>" for number, addition in enumerate(additions.values())}
    index = _index({_BASE: base, **{name: source for source, name in modules.items()}})
    host = index.modules[_BASE]
    for name, bindings in read_text("\n".join(imports), _BASE).bindings.items():
        host.bindings.setdefault(name, [replace(binding, piece=_NOWHERE) for binding in bindings])
    targets = {}
    for slot, addition in additions.items():
        module = modules[addition.source]
        targets[slot] = index.definition((module, addition.name))
        imported = Imported(module, addition.name, slot, dotted=False, relative=False)
        host.bindings[slot] = [Binding(_NOWHERE, imported, "")]
    extraction = close(
        index,
        [index.definition((_BASE, root)) for root in roots],
        first=_definitions(index, _BASE),
        last=_BASE,
        header=host.header,
        lenient=True,
    )
    return Assembled(extraction.source, {slot: extraction.emitted[target] for slot, target in targets.items()})


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
