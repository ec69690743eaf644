"""Dependency closure: one self-contained piece of source for classes, functions or values of any indexed code.

`extract` follows every name that the roots need over files and packages, orders the definitions by what executing them
needs, renames what collides, and writes the authors' own text with imports gathered at the top. What it can't make
self-contained raises `ClosureError` with the reason. Equal input gives byte-identical output.
"""

import sys
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from archgraft.tree_ops.cutting import documentation_left_out
from archgraft.tree_ops.import_block import guarded_import, import_block
from archgraft.tree_ops.index import PROVIDED, Definition, External, SourceIndex
from archgraft.tree_ops.line_budget import SHORT_LINES, parameters_to_fix
from archgraft.tree_ops.links import LinkedPiece, PieceKey
from archgraft.tree_ops.naming import choose_names
from archgraft.tree_ops.ordering import emission_order
from archgraft.tree_ops.reach import ClosureError, Reached, reach
from archgraft.tree_ops.rewriting import Rewriting
from archgraft.tree_ops.sharing import share
from archgraft.tree_ops.specialisation import Folding
from archgraft.tree_ops.trimming import Trimming

__all__ = ["ClosureError", "Extraction", "close", "extract"]

Root = str | tuple[str, str] | Definition


@dataclass(frozen=True, slots=True)
class Extraction:
    """Self-contained source. `names` maps each root's qualified name, as it was found, to its name in the source.

    `requires` are the packages beyond the standard library that executing the source imports. Packages that only some
    code paths need are `optional`: their imports are guarded, and an empty class stands in where they are missing.
    `fixed` are constructor parameters that were taken out of the root class, with the defaults that they had there.
    `emitted` maps every definition that was reached to its name in the source. `documentation` holds the docstrings
    that were left out, by the emitted names of what they belong to.
    """

    source: str
    names: Mapping[str, str]
    requires: tuple[str, ...]
    optional: tuple[str, ...] = ()
    emitted: Mapping[Definition, str] = field(default_factory=dict)
    documentation: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The first root's name in the source."""
        return next(iter(self.names.values()))


def extract(
    index: SourceIndex, roots: Sequence[Root], keep: Collection[str] = (), trimming: Trimming | None = None
) -> Extraction:
    """The closure of the roots: qualified names (`package.module.Name`), (module, name) pairs or definitions.

    Members of classes that nobody needs are left out, docstrings too; those of the modules in `keep` stay. Unless there
    are such modules, branches that can't run go, and a root that is too long to read loses parameters (`fixed`); where
    there are, `trimming` shortens all other code.
    Raises `SourceError` when a root isn't there, and `ClosureError` when something it needs has no Python source.
    """
    definitions = [index.definition(root) for root in roots]
    try:
        if keep:
            return close(index, definitions, slim=lambda module: module not in keep, trimming=trimming)
        return _readable(index, definitions)
    except RecursionError:
        names = ", ".join(f"{found.module}.{found.name}" for found in definitions)
        raise ClosureError(f"{names} is, or needs, code that is nested too deeply to be read") from None


def _readable(index: SourceIndex, roots: Sequence[Definition]) -> Extraction:
    """The folded closure; one root that isn't short loses parameters as long as that shortens it."""
    texts: dict[PieceKey, str] = {}
    fixed: dict[str, str] = {}
    while True:
        folding = Folding(fixed)
        reached = _trimmed(index, roots, (), folding, lambda _: True, texts, lenient=False)
        found = _written(reached, roots)
        is_long = len(roots) == 1 and found.source.count("\n") > SHORT_LINES
        n_lines = folding.n_live_lines
        more = parameters_to_fix(index, roots[0], reached, n_lines) if is_long and n_lines is not None else {}
        if not more:
            return replace(found, fixed=fixed)
        fixed |= more


def close(
    index: SourceIndex,
    roots: Sequence[Definition],
    whole: Iterable[str] = (),
    *,
    first: Sequence[Definition] = (),
    last: str | None = None,
    header: str = "",
    lenient: bool = False,
    slim: Callable[[str], bool] | None = None,
    trimming: Trimming | None = None,
) -> Extraction:
    """`extract` with the knobs that merging needs.

    The `whole` modules are kept entirely; `first` names choose before all others; the module `last` is written last.
    """
    reached = _trimmed(index, roots, tuple(whole), trimming, slim, {}, lenient=lenient)
    return _written(reached, roots, first=first, last=last, header=header)


def _written(
    reached: Reached,
    roots: Sequence[Definition],
    *,
    first: Sequence[Definition] = (),
    last: str | None = None,
    header: str = "",
) -> Extraction:
    """All that was reached, in order and under its names, as one source."""
    same_pieces, same_names = share(reached)
    postponed = any(piece.module.postponed_annotations for piece in reached.pieces.values())
    order = emission_order(reached, same_pieces, last, postponed=postponed)
    order = [piece for piece in order if not _is_empty(reached, piece)]
    claims = [definition for definition in (*first, *roots) if definition in reached.definitions]
    names = choose_names(reached, order, same_names, claims, last)
    rewriting = Rewriting(reached, same_names, names)
    optional = _optional(reached, order)
    needed = {external: name for external, name in names.of_import.items() if external not in optional}
    imports = import_block(needed, _dotted(reached, order), _modules(order), postponed=postponed)
    guarded = [guarded_import(external, name) for external, name in names.of_import.items() if external in optional]
    head = "\n\n".join(part for part in (header, imports) if part)
    body = _join(order, [rewriting.rewrite(piece) for piece in order])
    found = {f"{root.module}.{root.name}": rewriting.name_of(root) or root.name for root in roots}
    source = "\n\n\n".join(part for part in (head, *guarded, body) if part) + "\n"
    emitted = {target: name for target in reached.definitions if (name := rewriting.name_of(target)) is not None}
    documentation = {
        ".".join([rewriting.name_of(Definition(piece.module.name, path[0])) or path[0], *path[1:]]): text
        for piece in order
        for path, text in documentation_left_out(piece, reached.live[piece.key])
    }
    return Extraction(source, found, _packages(needed, "torch"), _packages(optional), emitted, documentation)


def _trimmed(
    index: SourceIndex,
    roots: Sequence[Definition],
    whole: Sequence[str],
    trimming: Trimming | None,
    slim: Callable[[str], bool] | None,
    texts: dict[PieceKey, str],
    *,
    lenient: bool,
) -> Reached:
    """What the roots need once trimming finds nothing more to do; `texts` gets the pieces' new texts."""
    while True:
        reached = reach(index, roots, whole, texts, slim=slim, lenient=lenient)
        found = trimming(index, reached) if trimming else {}
        if all(reached.pieces[key].text == text for key, text in found.items()):
            return reached
        texts.update(found)


def _is_empty(reached: Reached, piece: LinkedPiece) -> bool:
    if piece.piece.is_import:
        return not any(found.value for found in piece.imports)
    return not reached.text(piece).strip()


def _join(order: Sequence[LinkedPiece], texts: Sequence[str]) -> str:
    """Pieces with the blank lines that convention asks for: two around definitions, none inside a group of values."""
    parts: list[str] = []
    for index, (piece, text) in enumerate(zip(order, texts, strict=True)):
        if index:
            before = order[index - 1]
            adjacent = before.module is piece.module and before.piece.end + 1 == piece.piece.start
            if _is_block(piece) or _is_block(before):
                parts.append("\n\n\n")
            else:
                parts.append("\n" if adjacent else "\n\n")
        parts.append(text)
    return "".join(parts)


def _is_block(piece: LinkedPiece) -> bool:
    return hasattr(piece.statements[0], "body")


def _dotted(reached: Reached, order: Sequence[LinkedPiece]) -> set[str]:
    """`import a.b.c` statements whose submodule is used by its full name."""
    needed: set[str] = set()
    for piece in order:
        for found in reached.live_links(piece):
            if isinstance(found.target, External) and found.target.target == found.use.name:
                written = ".".join([found.use.name, *(attribute.attr for attribute in found.use.chain)])
                needed |= {name for name in piece.module.dotted_imports if f"{written}.".startswith(f"{name}.")}
    return needed


def _modules(order: Sequence[LinkedPiece]) -> set[External]:
    """Imports that some module writes as `import a.b as c`."""
    modules = {piece.module.name: piece.module for piece in order}
    return {
        External(imported.module, imported.alias)
        for module in modules.values()
        for bindings in module.bindings.values()
        for binding in bindings
        if (imported := binding.imported) is not None and imported.attribute is None and not imported.dotted
    }


def _optional(reached: Reached, order: Sequence[LinkedPiece]) -> set[External]:
    """Imports from packages that may be missing, whose value executing the source at most passes on."""
    essential: dict[External, bool] = {}
    for piece in order:
        for found in reached.live_links(piece):
            target = found.target
            if isinstance(target, External) and target.target.partition(".")[0] not in PROVIDED:
                essential[target] = essential.get(target, False) or found.use.essential
    return {target for target, is_essential in essential.items() if not is_essential}


def _packages(externals: Iterable[External], *always: str) -> tuple[str, ...]:
    packages = {external.target.partition(".")[0] for external in externals}
    return tuple(sorted((packages | set(always)) - set(sys.stdlib_module_names)))
