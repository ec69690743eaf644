"""Packages that a source says it needs and whose code is at hand: they close its modules, and are not mined.

A package's modules often stand on small packages of the same kind (timm on torchvision). Those are found where the
source itself lies: for an installed package among the installed ones, for one out of the registry among those that were
fetched before. Only what itself needs torch counts: that is code that computes; progress bars, files and hubs are not.
Nothing is fetched, so the same sources with the same packages at hand always close in the same way.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder
from pathlib import Path

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch_installed import from_installed
from archgraft.tree_ops.index import PROVIDED
from archgraft.tree_ops.shim_modules import COMPLETE
from archgraft.tree_ops.source_roots import root_of_unpacked
from archgraft.tree_ops.sources import SourceRoot

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def with_requirements(roots: Sequence[SourceRoot], cache: Path | None) -> tuple[SourceRoot, ...]:
    """The roots, then what they need, directly or not, each package once; `cache` is where fetched packages lie."""
    known = {_normal(root.name) for root in roots}
    found = list(roots)
    for root in found:  # grows while it is read
        for name in _needed_by(root):
            if name not in known and (needed := _at_hand(name, root, cache)) is not None:
                found.append(replace(needed, only_closes=True))
            known.add(name)
    return tuple(found)


def _needed_by(root: SourceRoot) -> Iterator[str]:
    """Names of packages that the root declares to need always, but for those that emitted source has anyway."""
    distribution = _distribution(root)
    for requirement in (distribution.requires if distribution else None) or ():
        declared, _, condition = requirement.partition(";")
        name = _NAME.match(declared.strip())
        if name is not None and "extra" not in condition and name.group().replace("-", "_") not in PROVIDED | COMPLETE:
            yield _normal(name.group())


def _distribution(root: SourceRoot) -> Distribution | None:
    if root.package is None or not root.version:
        return None
    context = DistributionFinder.Context(name=root.name, path=[str(root.folder.parent)])
    return next(iter(MetadataPathFinder.find_distributions(context)), None)


def _at_hand(name: str, needed_by: SourceRoot, cache: Path | None) -> SourceRoot | None:
    fetched = cache / "packages" if cache is not None else None
    try:
        if fetched is not None and needed_by.folder.is_relative_to(fetched):
            folders = [path for path in fetched.glob(f"{name}-*") if _normal(path.name.rpartition("-")[0]) == name]
            root = root_of_unpacked(max(folders, key=_version)) if folders else None
        else:
            root = from_installed(name)
    except SourceError:
        return None
    return root if root is not None and _computes(root) else None


def _computes(root: SourceRoot) -> bool:
    """Whether the package's metadata, or its first file, say that it needs torch."""
    distribution = _distribution(root)
    if any(re.match(r"torch\b(?!-)", text) for text in (distribution.requires if distribution else None) or ()):
        return True
    first = root.folder / "__init__.py"
    return first.is_file() and re.search(rb"^(import|from) torch\b", first.read_bytes(), re.MULTILINE) is not None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", folder.name.rpartition("-")[2]))
