"""Describes a tree of code on this machine: what it is called and under which licence it stands."""

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.licences import UNKNOWN, licence_of_metadata, licence_of_text, licence_text_of_folder
from archgraft.tree_ops.sources import SourceRoot

_LICENCE_PLACES = ("licenses/", "license_files/", "")
_LICENCE_NAMES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING")


def root_of_path(name: str, version: str, path: Path) -> SourceRoot:
    """A file or folder; a folder that can be imported is a package, any other one holds scripts.

    A part of a package counts as scripts, for it may import the rest, which is found when it is needed.
    """
    is_package = (path / "__init__.py").is_file() and path.name.isidentifier()
    is_package = is_package and not (path.parent / "__init__.py").is_file()
    text = licence_text_of_folder(path if path.is_dir() else path.parent)
    return SourceRoot(name, version, licence_of_text(text), path, path.name if is_package else None, text)


def root_of_distribution(distribution: Distribution, path: Path) -> SourceRoot:
    """The code at `path` of a distribution: it says itself what it is called, and how it is licensed."""
    text = _licence_text(distribution)
    licence = licence_of_metadata(distribution.metadata)
    return SourceRoot(
        name=distribution.metadata["Name"],
        version=distribution.version,
        licence=licence_of_text(text) if licence == UNKNOWN else licence,
        folder=path,
        package=path.name if path.is_dir() else None,
        licence_text=text,
    )


def root_of_unpacked(folder: Path) -> SourceRoot:
    """The source root of an unpacked wheel: its package (of several, the one that bears its name, or the largest)."""
    information = next(iter(sorted(folder.glob("*.dist-info"))), None)
    if information is None:
        raise SourceError(f"{folder} holds no package metadata: delete it and try again")
    distribution = PathDistribution(information)
    name = distribution.metadata["Name"]
    own_name = re.sub(r"[-_.]+", "_", name).lower()
    packages = sorted(_packages(folder), key=lambda path: (path.stem.lower() != own_name, -_n_files(path)))
    if not packages:
        raise SourceError(f"{name} {distribution.version} holds no Python package")
    return root_of_distribution(distribution, packages[0])


def _licence_text(distribution: Distribution) -> str:
    declared = distribution.metadata.get_all("License-File") or []
    for name in [*declared, *_LICENCE_NAMES]:
        for place in _LICENCE_PLACES:
            text = distribution.read_text(f"{place}{name}")
            if text:
                return text
    return ""


def _packages(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if (path.is_dir() and path.name.isidentifier() and _n_files(path)) or path.suffix == ".py":
            yield path


def _n_files(path: Path) -> int:
    return sum(1 for _ in path.rglob("*.py")) if path.is_dir() else 1
