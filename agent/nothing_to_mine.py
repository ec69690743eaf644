"""Why sources hold no module class, told by what was read in them."""

from collections import Counter
from collections.abc import Iterator, Sequence

from archgraft.tree_ops.index import PROVIDED, External, SourceIndex
from archgraft.tree_ops.sources import SourceRoot

_N_NAMED = 3


def explain_nothing(index: SourceIndex, sources: Sequence[SourceRoot]) -> str:
    """One message: what was read, what couldn't be, and which packages hold the base classes that may be modules."""
    modules = [module for module in index.modules.values() if module.root in sources]
    n_classes = sum(len(module.classes) for module in modules)
    names = ", ".join(f"{root.name} {root.version}".strip() for root in sources)
    parts = [
        f"no class in {names} inherits from torch.nn.Module",
        f"{len(modules)} Python files were read, with {n_classes} classes at top level",
    ]
    if index.broken:
        listed = "; ".join(f"{file.path}: {file.reason}" for file in index.broken[:_N_NAMED])
        parts.append(f"{len(index.broken)} can't be read ({listed}{'; ...' if index.broken[_N_NAMED:] else ''})")
    if foreign := _foreign_packages(index, sources):
        parts.append(f"base classes come from {', '.join(foreign)}: mine these along, in case they are modules there")
    return f"{parts[0]}: {'; '.join(parts[1:])}"


def _foreign_packages(index: SourceIndex, sources: Sequence[SourceRoot]) -> list[str]:
    found = Counter(_foreign_bases(index, sources))
    return [package for package, _ in found.most_common(_N_NAMED)]


def _foreign_bases(index: SourceIndex, sources: Sequence[SourceRoot]) -> Iterator[str]:
    """The packages of all base classes that are neither in the sources nor provided."""
    for module in [module for module in index.modules.values() if module.root in sources]:
        for base in [base for header in module.classes for base in header.bases]:
            target = index.resolve_dotted(module, base)
            if isinstance(target, External) and (package := target.target.split(".")[0]) not in PROVIDED:
                yield package
