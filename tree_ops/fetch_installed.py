"""Locates an installed package without importing it."""

import importlib.metadata
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.licences import UNKNOWN
from archgraft.tree_ops.near_names import near_names
from archgraft.tree_ops.source_roots import root_of_distribution
from archgraft.tree_ops.sources import SourceRoot


def from_installed(source: str) -> SourceRoot:
    """The package of that name on this interpreter's path. Raises `SourceError`."""
    top_level = source.replace("-", "_")
    try:
        # A top-level name is only looked up; a dotted one would import its parents.
        spec = importlib.util.find_spec(top_level) if top_level.isidentifier() else None
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise SourceError(_not_there(source))
    places = list(spec.submodule_search_locations or ())
    origin = Path(places[0]) if places else Path(spec.origin or "")
    if not places and origin.suffix != ".py":
        raise SourceError(f"{source} is not written in Python: there is nothing to mine")
    distribution = _distribution_of(top_level)
    if distribution is None:
        return SourceRoot(top_level, "", UNKNOWN, origin, top_level if places else None)
    return root_of_distribution(distribution, origin)


def _not_there(source: str) -> str:
    near = near_names(source, {*_importable(), *_distributions()})
    meant = f"did you mean {' or '.join(near)}? Otherwise " if near else ""
    return (
        f"{source} is neither a path nor an installed package: {meant}check the name, or fetch it with "
        f"`pypi:{source}==VERSION`"
    )


def _importable() -> Iterator[str]:
    """Top-level packages and modules on the path that could be mined."""
    yield from (found.name for found in pkgutil.iter_modules() if found.name not in sys.stdlib_module_names)


def _distributions() -> Iterator[str]:
    yield from (name for one in importlib.metadata.distributions() if (name := one.metadata["Name"]))


def _distribution_of(top_level: str) -> Distribution | None:
    try:
        return importlib.metadata.distribution(top_level)  # by far the most packages bear their distribution's name
    except importlib.metadata.PackageNotFoundError:
        names = importlib.metadata.packages_distributions().get(top_level)
        return importlib.metadata.distribution(names[0]) if names else None
