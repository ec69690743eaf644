"""Archives as sources: wheels, zip and tar files. Unpacked into the cache by their content, never installed."""

import hashlib
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from importlib.metadata import PathDistribution
from pathlib import Path

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.source_roots import root_of_distribution, root_of_path, root_of_unpacked
from archgraft.tree_ops.sources import SourceRoot
from archgraft.tree_ops.unpacking import Unpacking, is_wanted, kept

_ZIPS = (".zip", ".whl")
_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError, UnicodeError)
_N_DIGITS = 16


def is_archive(path: Path) -> bool:
    """Whether the name says that it is an archive that can be read."""
    return path.name.lower().endswith((*_ZIPS, *_TARS))


def from_archive(source: str, path: Path, cache: Path) -> SourceRoot:
    """The code in an archive; its version is what it declares, or else its content. Raises `SourceError`."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:_N_DIGITS]
    except OSError as error:
        raise SourceError(f"{source} can't be read: {error.strerror or error}") from error
    stem = re.sub(r"(\.tar)?\.[^.]*$", "", path.name)
    folder = kept(cache / "archives" / digest, lambda fresh: unpack(path, fresh / stem)) / stem
    if next(folder.rglob("*.py"), None) is None:
        raise SourceError(f"there is no Python file in {source}")
    if next(folder.glob("*.dist-info"), None) is not None:
        return root_of_unpacked(folder)
    return _root_of_tree(source, f"sha256:{digest}", _without_wrapper(folder))


def unpack(path: Path, folder: Path) -> None:
    """Unpack what mining needs. Raises `SourceError` for an archive that is damaged, too large or malicious."""
    folder.mkdir(parents=True, exist_ok=True)
    unpacking = Unpacking(path.name, folder)
    try:
        if path.name.lower().endswith(_ZIPS):
            _unpack_zip(path, unpacking)
        else:
            _unpack_tar(path, unpacking)
    except _DAMAGED as error:
        raise SourceError(f"{path.name} is not a readable archive: {error}") from error
    except OSError as error:
        if error.errno is None:  # decompressors raise it so
            raise SourceError(f"{path.name} is not a readable archive: {error}") from error
        raise


def _unpack_zip(path: Path, unpacking: Unpacking) -> None:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            unpacking.count(0)  # what isn't wanted isn't read
            unpacking.safe_target(entry.filename)
            if stat.S_ISLNK(entry.external_attr >> 16):
                unpacking.check_link(entry.filename, archive.read(entry).decode("utf-8", "replace"))
            elif not entry.is_dir() and is_wanted(entry.filename):
                with archive.open(entry) as packed:
                    unpacking.write(entry.filename, entry.file_size, packed)


def _unpack_tar(path: Path, unpacking: Unpacking) -> None:
    with tarfile.open(path) as archive:
        for member in archive:
            unpacking.count(member.size)
            unpacking.safe_target(member.name) if member.name != "." else None
            if member.issym():
                unpacking.check_link(member.name, member.linkname)
            elif member.islnk():
                unpacking.safe_target(member.linkname)
            elif member.isreg() and is_wanted(member.name):
                packed = archive.extractfile(member)
                assert packed is not None
                unpacking.write(member.name, member.size, packed)


def _without_wrapper(folder: Path) -> Path:
    """The only folder in a folder, as archives of repositories and source distributions have it."""
    entries = list(folder.iterdir())
    if len(entries) == 1 and entries[0].is_dir() and not (entries[0] / "__init__.py").is_file():
        return entries[0]
    return folder


def _root_of_tree(source: str, version: str, folder: Path) -> SourceRoot:
    """A source distribution's own package, or the whole tree of anything else."""
    if not (folder / "PKG-INFO").is_file():
        return root_of_path(Path(source).name, version, folder)
    distribution = PathDistribution(folder)
    own_name = re.sub(r"[-_.]+", "_", distribution.metadata["Name"] or "").lower()
    places = [place / own_name for place in (folder / "src", folder)]
    package = next((place for place in places if (place / "__init__.py").is_file()), None)
    if package is None:
        return root_of_path(Path(source).name, distribution.version or version, folder)
    return root_of_distribution(distribution, package)
