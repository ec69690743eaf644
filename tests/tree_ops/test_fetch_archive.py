"""Archives are unpacked by their content, described like other sources, and never write outside of their place."""

import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgraft.tree_ops import unpacking
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.fetch_archive import unpack
from archgraft.tree_ops.index import SourceIndex

NET = "from torch import nn\n\n\nclass Net(nn.Module): ...\n"
REPOSITORY = {
    "nets-main/LICENSE": "MIT License\n\nCopyright somebody\n",
    "nets-main/src/nets/__init__.py": "",
    "nets-main/src/nets/blocks.py": NET,
    "nets-main/train.py": "from src.nets.blocks import Net\n\n\nclass Mine(Net): ...\n",
    "nets-main/weights.bin": "not code",
    "nets-main/.hidden/secret.py": "x = 1\n",
}
DISTRIBUTION = {
    "little_nets-1.2/PKG-INFO": "Metadata-Version: 2.1\nName: Little-Nets\nVersion: 1.2\nLicense: Apache 2.0\n",
    "little_nets-1.2/COPYING": "Apache License, Version 2.0\n",
    "little_nets-1.2/setup.py": "raise RuntimeError('nobody may run this')\n",
    "little_nets-1.2/src/little_nets/__init__.py": NET,
    "little_nets-1.2/tests/test_net.py": "class Fake: ...\n",
}


def make_zip(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def make_tar(path: Path, files: dict[str, str], links: dict[str, tuple[bytes, str]] | None = None) -> Path:
    mode = {".tar": "w", ".gz": "w:gz", ".tgz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}[path.suffix]
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
        for name, (kind, target) in (links or {}).items():
            link = tarfile.TarInfo(name)
            link.type, link.linkname = kind, target
            archive.addfile(link)
    return path


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"])
def test_an_archived_repository_is_a_source(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"nets{suffix}"
    make_zip(path, REPOSITORY) if suffix == ".zip" else make_tar(path, REPOSITORY)
    root = resolve(str(path), tmp_path / "cache")
    assert (root.name, root.licence, root.package) == (path.name, "MIT", None)
    assert root.version.startswith("sha256:")
    assert root.licence_text.startswith("MIT License")
    index = SourceIndex.build([root])
    assert [f"{found.module}.{found.name}" for found in index.module_classes()] == ["src.nets.blocks.Net", "train.Mine"]
    assert not list(root.folder.rglob("weights.bin"))


def test_equal_content_is_one_source_and_unpacked_once(tmp_path: Path) -> None:
    first = resolve(str(make_zip(tmp_path / "nets.zip", REPOSITORY)), tmp_path / "cache")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "nets.zip").write_bytes((tmp_path / "nets.zip").read_bytes())
    second = resolve(str(tmp_path / "elsewhere" / "nets.zip"), tmp_path / "cache")
    changed = resolve(str(make_zip(tmp_path / "nets.zip", REPOSITORY | {"more.py": ""})), tmp_path / "cache")
    assert (second.version, second.folder) == (first.version, first.folder)
    assert changed.version != first.version
    assert len(list((tmp_path / "cache" / "archives").iterdir())) == 2


def test_a_source_distribution_is_described_by_its_metadata(tmp_path: Path) -> None:
    root = resolve(str(make_tar(tmp_path / "little_nets-1.2.tar.gz", DISTRIBUTION)), tmp_path / "cache")
    assert (root.name, root.version, root.licence, root.package) == ("Little-Nets", "1.2", "Apache-2.0", "little_nets")
    assert root.licence_text == "Apache License, Version 2.0\n"
    assert set(SourceIndex.build([root]).modules) >= {"little_nets"}


def test_a_wheel_on_disk_is_described_by_its_metadata(tmp_path: Path) -> None:
    files = {
        "nets/__init__.py": NET,
        "nets-3.dist-info/METADATA": "Metadata-Version: 2.4\nName: nets\nVersion: 3\nLicense-File: LICENSE.rst\n",
        "nets-3.dist-info/licenses/LICENSE.rst": "BSD 3-Clause License\n",
    }
    root = resolve(str(make_zip(tmp_path / "nets-3-py3-none-any.whl", files)), tmp_path / "cache")
    assert (root.name, root.version, root.licence, root.package) == ("nets", "3", "BSD-3-Clause", "nets")
    assert root.licence_text == "BSD 3-Clause License\n"


def test_a_package_at_the_top_of_an_archive_keeps_its_name(tmp_path: Path) -> None:
    files = {"nets/__init__.py": "from .net import Net\n", "nets/net.py": NET}
    index = SourceIndex.build([resolve(str(make_zip(tmp_path / "x.zip", files)), tmp_path / "cache")])
    assert [found.module for found in index.module_classes()] == ["nets.net"]


@given(name=st.text(alphabet=st.sampled_from("./\\ab:é~-"), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_whatever_its_members_are_called_an_archive_writes_below_its_folder(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    place = tmp_path_factory.mktemp("names")
    for path in (make_zip(place / "x.zip", {f"{name}.py": "x"}), make_tar(place / "x.tar", {f"{name}.py": "x"})):
        with suppress(SourceError):
            unpack(path, place / "in" / path.suffix)
        path.unlink()
    assert {found.name for found in place.iterdir()} <= {"in"}
    assert {found.name for found in (place / "in").iterdir()} <= {".zip", ".tar"}


def test_a_file_and_a_folder_of_one_name_are_said_to_be_that(tmp_path: Path) -> None:
    for path in (make_zip(tmp_path / "x.zip", CLASH), make_tar(tmp_path / "x.tar", CLASH)):
        with pytest.raises(SourceError, match="a file and a folder of one name"):
            resolve(str(path), tmp_path / "cache")


CLASH = {"a.py": "x = 1\n", "a.py/b.py": "x = 2\n"}
ESCAPES = ["../out.py", "/out.py", "a/../../out.py", "C:/out.py", "\\out.py", "..\\out.py"]


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_an_archive_that_writes_outside_of_its_folder_is_refused(
    tmp_path: Path, make: Callable[[Path, dict[str, str]], Path], name: str
) -> None:
    path = make(tmp_path / f"evil{'.zip' if make is make_zip else '.tar'}", {"good.py": "", name: "x = 1\n"})
    with pytest.raises(SourceError, match="outside of its folder"):
        resolve(str(path), tmp_path / "cache")
    assert list(tmp_path.rglob("out.py")) == []
    assert list((tmp_path / "cache" / "archives").iterdir()) == []


@pytest.mark.parametrize("target", ["/etc", "../..", "../../etc/passwd"])
@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_out_of_an_archive_are_refused(tmp_path: Path, kind: bytes, target: str) -> None:
    path = make_tar(tmp_path / "evil.tar", {"good.py": ""}, {"a/link": (kind, target)})
    with pytest.raises(SourceError, match="outside of its folder"):
        resolve(str(path), tmp_path / "cache")


def test_a_zipped_link_out_of_the_archive_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        link = zipfile.ZipInfo("link.py")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "../../etc/passwd")
    with pytest.raises(SourceError, match="outside of its folder"):
        resolve(str(tmp_path / "evil.zip"), tmp_path / "cache")


def test_links_within_an_archive_and_devices_are_never_made(tmp_path: Path) -> None:
    links = {
        "link.py": (tarfile.SYMTYPE, "net.py"),
        "folder": (tarfile.SYMTYPE, "deep"),
        "hard.py": (tarfile.LNKTYPE, "net.py"),
        "pipe.py": (tarfile.FIFOTYPE, ""),
        "device.py": (tarfile.CHRTYPE, ""),
    }
    root = resolve(str(make_tar(tmp_path / "nets.tar", {"net.py": NET, "deep/er.py": NET}, links)), tmp_path / "cache")
    found = sorted(path.relative_to(root.folder).as_posix() for path in root.folder.rglob("*.py"))
    assert found == ["deep/er.py", "net.py"]


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_KEPT_BYTES", 100_000)
    monkeypatch.setattr(unpacking, "MAX_READ_BYTES", 300_000)
    bomb = {f"{number}.py": "0" * 30_000 for number in range(5)}
    for path in (make_zip(tmp_path / "bomb.zip", bomb), make_tar(tmp_path / "bomb.tar.gz", bomb)):
        assert path.stat().st_size < 5_000
        with pytest.raises(SourceError, match="unpacks to more than"):
            resolve(str(path), tmp_path / "cache")
    weights = {"net.py": NET, "weights.bin": "0" * 400_000}
    assert resolve(str(make_zip(tmp_path / "weights.zip", weights)), tmp_path / "cache")
    with pytest.raises(SourceError, match="unpacks to more than"):
        resolve(str(make_tar(tmp_path / "weights.tar.xz", weights)), tmp_path / "cache")
    assert list((tmp_path / "cache").rglob("bomb*")) == []


def test_many_files_are_too_much_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MAX_FILES", 20)
    path = make_zip(tmp_path / "many.zip", {f"{number}.txt": "" for number in range(30)})
    with pytest.raises(SourceError, match="20 files"):
        resolve(str(path), tmp_path / "cache")


def encrypted(data: bytes) -> bytes:
    """The zip with the bit set that says its members are encrypted."""
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(signature) + offset
        data = data[:start] + bytes([data[start] | 1]) + data[start + 1 :]
    return data


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.zip", b"no archive"),
        ("x.tar", b"no archive"),
        ("x.tar.gz", gzip.compress(b"no archive", mtime=0)),
        ("x.tar.gz", b""),
        ("x.tar.xz", lzma.compress(b"x" * 9000)[:-20]),
        ("x.tar.bz2", b"BZh9 and then nothing of it"),
    ],
)
def test_what_is_no_archive_is_said_to_be_damaged(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(SourceError, match=f"{name} is not a readable archive"):
        resolve(str(tmp_path / name), tmp_path / "cache")


@pytest.mark.parametrize("kept", [0.4, 0.8])
@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz"])
def test_half_an_archive_is_said_to_be_damaged(tmp_path: Path, suffix: str, kept: float) -> None:
    files = {f"m{number}.py": f"x = {number**9}\n" * 200 for number in range(30)}
    path = tmp_path / f"nets{suffix}"
    make_zip(path, files) if suffix == ".zip" else make_tar(path, files)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(SourceError, match="not a readable archive"):
        resolve(str(path), tmp_path / "cache")
    assert list((tmp_path / "cache" / "archives").iterdir()) == []


def test_an_encrypted_archive_and_one_without_python_are_refused(tmp_path: Path) -> None:
    path = make_zip(tmp_path / "secret.zip", {"net.py": NET})
    path.write_bytes(encrypted(path.read_bytes()))
    with pytest.raises(SourceError, match=r"not a readable archive: .*encrypted"):
        resolve(str(path), tmp_path / "cache")
    for _ in range(2):
        with pytest.raises(SourceError, match="no Python file"):
            resolve(str(make_zip(tmp_path / "text.zip", {"notes.txt": "hello"})), tmp_path / "cache")


def test_a_name_that_no_disk_takes_is_the_archives_fault(tmp_path: Path) -> None:
    packed = make_tar(tmp_path / "nets.tar", {"a" * 300 + ".py": NET})
    with pytest.raises(SourceError, match=r"nets\.tar holds a file whose name is too long: 'aaa"):
        resolve(str(packed), tmp_path / "cache")


def test_of_a_link_no_more_is_unpacked_than_a_path_may_have(tmp_path: Path) -> None:
    path = tmp_path / "nets.zip"
    link = zipfile.ZipInfo("link")
    link.external_attr, link.compress_type = 0o120777 << 16, zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net.py", NET)
        archive.writestr(link, b"a" * 2**25)
    tracemalloc.start()
    try:
        unpack(path, tmp_path / "unpacked")
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()
    assert [file.name for file in (tmp_path / "unpacked").iterdir()] == ["net.py"]
