"""Finds the code that a source names: a path, an installed package, or a package in the registry.

Nothing is imported and nothing of a package is executed: installed packages are located by their top-level name, and
from the registry only wheels are taken, which are archives.
"""

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.licences import UNKNOWN, licence_of_folder, licence_of_metadata
from archgraft.tree_ops.sources import SourceRoot

REGISTRY_PREFIX = "pypi:"
DOWNLOAD_SECONDS = 300
MAX_UNPACKED_BYTES = 2 * 2**30

_PINNED = re.compile(r"(?P<name>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)==(?P<version>[A-Za-z0-9.+!_-]+)")
_VERSIONS = re.compile(r"\(from versions: (?P<versions>[^)]*)\)")


class RegistryUnreachableError(SourceError):
    """The package registry doesn't answer: no fault of the source; something already on this machine may do."""


def resolve(source: str, cache: Path) -> SourceRoot:
    """The code that `source` names; what is fetched is kept in `cache` and works offline from then on.

    `source` is a path to a file or folder, the name of an installed package, or `pypi:NAME==VERSION`. Raises
    `SourceError`, of which `RegistryUnreachableError` says that only the network is at fault.
    """
    if source.startswith(REGISTRY_PREFIX):
        return _from_registry(source, cache)
    path = Path(source).expanduser()
    if path.exists():
        return _from_path(source, path.resolve())
    if path.suffix == ".py" or len(path.parts) > 1 or source.startswith((".", "~")):
        raise SourceError(f"there is no file or folder {source}")
    return _from_installed(source)


def _from_path(source: str, path: Path) -> SourceRoot:
    if path.is_file() and path.suffix != ".py":
        raise SourceError(f"{source} is not Python source: give a .py file, a folder, or a package")
    if path.is_dir() and next(path.rglob("*.py"), None) is None:
        raise SourceError(f"there is no Python file in {source}")
    is_package = (path / "__init__.py").is_file() and path.name.isidentifier()
    return SourceRoot(
        name=source.rstrip("/") or source,
        version="",
        licence=licence_of_folder(path if path.is_dir() else path.parent),
        folder=path,
        package=path.name if is_package else None,
    )


def _from_installed(source: str) -> SourceRoot:
    top_level = source.replace("-", "_")
    try:
        # A top-level name is only looked up; a dotted one would import its parents.
        spec = importlib.util.find_spec(top_level) if top_level.isidentifier() else None
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise SourceError(
            f"{source} is neither a path nor an installed package: check the name, or fetch it with "
            f"`{REGISTRY_PREFIX}{source}==VERSION`"
        )
    places = list(spec.submodule_search_locations or ())
    origin = Path(places[0]) if places else Path(spec.origin or "")
    if not places and origin.suffix != ".py":
        raise SourceError(f"{source} is not written in Python: there is nothing to mine")
    distribution = _distribution_of(top_level)
    return SourceRoot(
        name=distribution.metadata["Name"] if distribution else top_level,
        version=distribution.version if distribution else "",
        licence=licence_of_metadata(distribution.metadata) if distribution else UNKNOWN,
        folder=origin,
        package=top_level if places else None,
    )


def _distribution_of(top_level: str) -> Distribution | None:
    try:
        return importlib.metadata.distribution(top_level)  # by far the most packages bear their distribution's name
    except importlib.metadata.PackageNotFoundError:
        names = importlib.metadata.packages_distributions().get(top_level)
        return importlib.metadata.distribution(names[0]) if names else None


def _from_registry(source: str, cache: Path) -> SourceRoot:
    found = _PINNED.fullmatch(source.removeprefix(REGISTRY_PREFIX).strip())
    if found is None:
        raise SourceError(
            f"{source} names no version: write {REGISTRY_PREFIX}NAME==VERSION, so that the same command always mines "
            "the same code"
        )
    name, version = found["name"], found["version"]
    folder = cache / "packages" / f"{re.sub(r'[-_.]+', '-', name).lower()}-{version}"
    if not folder.is_dir():
        _fetch(name, version, folder)
    return root_of_unpacked(folder)


def _fetch(name: str, version: str, folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            wheel = _download(name, version, Path(scratch))
            unpacked = Path(scratch, "unpacked")
            unpack(wheel, unpacked)
            unpacked.rename(folder)
    except OSError as error:
        if not folder.is_dir():  # else another process was faster
            raise SourceError(f"the cache {folder.parent} can't be written: {error.strerror or error}") from error


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
    listed = _VERSIONS.search(output)
    versions = listed["versions"].split(", ") if listed else []
    if versions and versions != ["none"]:
        latest = ", ".join(versions[-8:])
        return SourceError(f"{name} has no version {version} as a wheel for this Python; the latest are: {latest}")
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


def unpack(wheel: Path, folder: Path) -> None:
    """Unzip a wheel's Python files and metadata. Raises `SourceError` when it would write outside of the folder."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in members) > MAX_UNPACKED_BYTES:
                raise SourceError(f"{wheel.name} unpacks to more than {MAX_UNPACKED_BYTES / 2**30:.0f} GiB")
            for entry in members:
                target = _safe_target(folder, entry.filename, wheel.name)
                if target.suffix == ".py" or ".dist-info" in target.parts[-2] or target.suffix == ".typed":
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(entry) as packed, target.open("wb") as unpacked:
                        shutil.copyfileobj(packed, unpacked)
    except zipfile.BadZipFile as error:
        raise SourceError(f"{wheel.name} is not a readable archive: {error}") from error


def _safe_target(folder: Path, name: str, archive: str) -> Path:
    parts = Path(name.replace("\\", "/")).parts
    if not parts or ".." in parts or Path(name).is_absolute() or ":" in parts[0]:
        raise SourceError(f"{archive} tries to write outside of its folder ({name!r}): it is damaged or malicious")
    return folder.joinpath(*parts)


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
    return SourceRoot(
        name=name,
        version=distribution.version,
        licence=licence_of_metadata(distribution.metadata),
        folder=packages[0],
        package=packages[0].name if packages[0].is_dir() else None,
    )


def _packages(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if (path.is_dir() and path.name.isidentifier() and _n_files(path)) or path.suffix == ".py":
            yield path


def _n_files(path: Path) -> int:
    return sum(1 for _ in path.rglob("*.py")) if path.is_dir() else 1
