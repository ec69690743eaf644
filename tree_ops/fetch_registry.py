"""Fetches pinned wheels from the package registry, with pip. They are unpacked, never installed."""

import re
import subprocess
import sys
from pathlib import Path

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch_archive import unpack
from archgraft.tree_ops.near_names import near_names
from archgraft.tree_ops.source_roots import root_of_unpacked
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.unpacking import kept

REGISTRY_PREFIX = "pypi:"
DOWNLOAD_SECONDS = 300

_PINNED = re.compile(r"(?P<name>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)==(?P<version>[A-Za-z0-9.+!_-]+)")
_FULL = "No space left on device"
_VERSIONS = re.compile(r"\(from versions: (?P<versions>[^)]*)\)")


class RegistryUnreachableError(SourceError):
    """The package registry doesn't answer: no fault of the source; something already on this machine may do."""


def from_registry(source: str, cache: Path) -> SourceRoot:
    """The code of `pypi:NAME==VERSION`, from the cache if it was fetched before. Raises `SourceError`."""
    found = _PINNED.fullmatch(source.removeprefix(REGISTRY_PREFIX).strip())
    if found is None:
        raise SourceError(
            f"{source} names no version: write {REGISTRY_PREFIX}NAME==VERSION, so that the same command always mines "
            "the same code"
        )
    name, version = found["name"], found["version"]
    folder = cache / "packages" / f"{re.sub(r'[-_.]+', '-', name).lower()}-{version}"
    return root_of_unpacked(kept(folder, lambda fresh: _fetch(name, version, fresh)))


def _fetch(name: str, version: str, folder: Path) -> None:
    unpack(_download(name, version, folder.parent), folder)


def _download(name: str, version: str, folder: Path) -> Path:
    """Download one wheel. Raises `SourceError`."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "-vv"]
    options = ["--disable-pip-version-check", "--retries=1", "--timeout=20", f"--dest={folder}"]
    try:
        done = subprocess.run(
            [*command, *options, f"{name}=={version}"],
            capture_output=True,
            text=True,
            check=False,
            timeout=DOWNLOAD_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise RegistryUnreachableError(
            f"{name} {version} was not fetched within {DOWNLOAD_SECONDS} s: try again, or mine an installed package"
        ) from None
    wheel = next(iter(folder.glob("*.whl")), None)
    if done.returncode == 0 and wheel is not None:
        return wheel
    raise explain_failure(name, version, f"{done.stdout}\n{done.stderr}")


def explain_failure(name: str, version: str, output: str) -> SourceError:
    """What pip's output of a failed download means to the user."""
    if "No module named pip" in output:
        return SourceError(f"packages are fetched with pip, which {sys.executable} lacks: run `python -m ensurepip`")
    if _FULL in output:
        return SourceError(
            f"{name} {version} can't be fetched: the disk under the cache folder is full; make room, or set "
            "ARCHGRAFT_CACHE to a folder elsewhere"
        )
    listed = _VERSIONS.search(output)
    versions = listed["versions"].split(", ") if listed else []
    if versions and versions != ["none"]:
        near = near_names(version, versions)
        hint = f"near it are: {', '.join(near)}; " if near else ""
        latest = ", ".join(versions[-8:])
        return SourceError(
            f"{name} has no version {version} as a wheel for this Python; {hint}the latest are: {latest}"
        )
    failures = [line for line in output.splitlines() if "Could not fetch URL" in line or "connection broken by" in line]
    if any("404 Client Error" not in line for line in failures):
        return RegistryUnreachableError(
            f"the package registry is out of reach, so {name} {version} can't be fetched: check the network or pip's "
            "settings, or mine an installed package"
        )
    if versions:
        return SourceError(f"the package registry has no package {name} that offers a wheel: check the name")
    errors = [line for line in output.splitlines() if line.lstrip().startswith("ERROR")]
    return SourceError(f"pip could not fetch {name} {version}: {errors[-1].strip() if errors else 'no reason given'}")
