"""Installs the packages that were mined, so that what was extracted can be compared with the original.

Each package goes into one folder by `pip install --target --no-deps`; so does, in turn, every package that it needs and
that neither this environment nor the folder has. torch and numpy are therefore those of this environment. Nothing is
imported here: the sandbox's child does that.
"""

import importlib.metadata
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import Distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch_registry import REGISTRY_PREFIX

INSTALL_SECONDS = 600
_PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-input", "--disable-pip-version-check")


def install_originals(sources: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Install every `pypi:` source with all it needs below `folder`; the names of what can't be installed are given.

    What lies there already is kept, so the second call works offline.
    """
    waiting = [source.removeprefix(REGISTRY_PREFIX) for source in sources if source.startswith(REGISTRY_PREFIX)]
    failed, seen = [], set[str]()
    while waiting:
        requirement = Requirement(waiting.pop(0))
        name = canonicalize_name(requirement.name)
        if name in seen:
            continue
        seen.add(name)
        try:
            waiting += _needs(_installed(requirement, folder))
        except SourceError as error:
            failed.append(f"{requirement}: {error}")
    return tuple(failed)


def _installed(requirement: Requirement, folder: Path) -> Distribution | None:
    """The package below the folder; None when this environment has it, with all that it needs."""
    if found := _find(requirement.name, folder):
        return found
    if _is_in_environment(requirement.name):
        return None
    done = subprocess.run(
        [*_PIP, "--target", str(folder), str(requirement)],
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_SECONDS,
        stdin=subprocess.DEVNULL,
    )
    found = _find(requirement.name, folder)
    if done.returncode or found is None:
        raise SourceError((done.stderr.strip().splitlines() or ["pip gave no reason"])[-1])
    return found


def _find(name: str, folder: Path) -> Distribution | None:
    return next(iter(importlib.metadata.distributions(name=name, path=[str(folder)])), None)


def _is_in_environment(name: str) -> bool:
    return next(iter(importlib.metadata.distributions(name=name)), None) is not None


def _needs(distribution: Distribution | None) -> list[str]:
    """What a package needs here, extras left out."""
    wanted = [Requirement(text) for text in (distribution.requires if distribution else None) or ()]
    return [str(one) for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
