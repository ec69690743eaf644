"""Sources are found and fetched without running anything of them."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch import RegistryUnreachableError, resolve
from archgraft.tree_ops.fetch_archive import unpack
from archgraft.tree_ops.fetch_registry import explain_failure
from archgraft.tree_ops.source_roots import root_of_unpacked

METADATA = "Metadata-Version: 2.1\nName: Little-Nets\nVersion: 1.2\n{licence}"


def make_wheel(folder: Path, licence: str = "License: MIT\n", extra: Mapping[str, str] | None = None) -> Path:
    path = folder / "little_nets-1.2-py3-none-any.whl"
    files = {
        "little_nets/__init__.py": "raise RuntimeError('nobody may import this')\n",
        "little_nets/blocks.py": "x = 1\n",
        "little_nets/weights.bin": "not code",
        "little_nets-1.2.dist-info/METADATA": METADATA.format(licence=licence),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in (files | dict(extra or {})).items():
            archive.writestr(name, text)
    return path


def test_a_wheel_is_unpacked_to_its_code_and_described_by_its_metadata(tmp_path: Path) -> None:
    unpack(make_wheel(tmp_path), tmp_path / "out")
    root = root_of_unpacked(tmp_path / "out")
    assert (root.name, root.version, root.licence, root.package) == ("Little-Nets", "1.2", "MIT", "little_nets")
    assert sorted(path.name for path in root.folder.iterdir()) == ["__init__.py", "blocks.py"]


@pytest.mark.parametrize("name", ["../escaped.py", "/etc/escaped.py", "little_nets/../../escaped.py", "C:/escaped.py"])
def test_a_wheel_that_writes_outside_of_its_folder_is_refused(tmp_path: Path, name: str) -> None:
    wheel = make_wheel(tmp_path, extra={name: "x = 1"})
    with pytest.raises(SourceError, match="outside of its folder"):
        unpack(wheel, tmp_path / "out")
    assert list(tmp_path.parent.glob("escaped.py")) == []


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        (
            "License-Expression: Apache-2.0 OR MIT\nClassifier: License :: OSI Approved :: ISC License (ISCL)\n",
            "Apache-2.0 OR MIT",
        ),
        ("License: whatever\nClassifier: License :: OSI Approved :: MIT License\n", "MIT"),
        ("License: Apache License, Version 2.0\n", "Apache-2.0"),
        ("License: BSD-3-Clause\n", "BSD-3-Clause"),
        ("License: MIT License\n        \n        Copyright (c) 2020 Somebody\n", "MIT"),
        ("License: Ask me\n", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_licence_is_an_spdx_identifier(tmp_path: Path, fields: str, licence: str) -> None:
    unpack(make_wheel(tmp_path, licence=fields), tmp_path / "out")
    assert root_of_unpacked(tmp_path / "out").licence == licence


def test_of_several_packages_in_a_wheel_the_one_with_its_name_is_taken(tmp_path: Path) -> None:
    others = {f"another/file_{number}.py": "" for number in range(9)}
    unpack(make_wheel(tmp_path, extra=others), tmp_path / "out")
    assert root_of_unpacked(tmp_path / "out").package == "little_nets"


@pytest.fixture
def fake_pip(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Downloads by making the wheel; returns how often it was asked."""
    calls: list[list[str]] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        folder = next(Path(part.removeprefix("--dest=")) for part in command if part.startswith("--dest="))
        make_wheel(folder)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    return lambda: len(calls)


def test_what_was_fetched_once_is_not_fetched_again(tmp_path: Path, fake_pip: Callable[[], int]) -> None:
    first = resolve("pypi:little.nets==1.2", tmp_path / "cache")
    second = resolve("pypi:Little-Nets==1.2", tmp_path / "cache")
    assert first == second
    assert fake_pip() == 1
    assert [path.name for path in (tmp_path / "cache" / "packages").iterdir()] == ["little-nets-1.2"]


@pytest.mark.parametrize("source", ["pypi:timm", "pypi:timm>=1", "pypi:", "pypi:timm==1 --extra-index-url=x"])
def test_a_package_from_the_registry_needs_one_exact_version(tmp_path: Path, source: str) -> None:
    with pytest.raises(SourceError, match="NAME==VERSION"):
        resolve(source, tmp_path)


def test_a_version_that_does_not_exist_is_answered_with_those_that_do() -> None:
    error = explain_failure("timm", "9", "ERROR: Could not find a version ... (from versions: 1.0.1, 1.0.2)\n")
    assert not isinstance(error, RegistryUnreachableError)
    assert "1.0.1, 1.0.2" in str(error)
    near = explain_failure("timm", "1.0.30", f"(from versions: 1.0.20, {', '.join(f'2.{n}' for n in range(20))})")
    assert "near it are: 1.0.20" in str(near)


def test_an_unknown_package_and_an_absent_network_are_told_apart() -> None:
    none = "ERROR: Could not find a version that satisfies the requirement (from versions: none)"
    unknown = explain_failure("timmm", "1", f"Could not fetch URL x: 404 Client Error: Not Found - skipping\n{none}")
    offline = explain_failure("timm", "1", f"Could not fetch URL x: connection error: refused - skipping\n{none}")
    assert not isinstance(unknown, RegistryUnreachableError)
    assert isinstance(offline, RegistryUnreachableError)


def test_a_cache_that_cannot_be_made_is_the_users_to_mend(tmp_path: Path, fake_pip: Callable[[], int]) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(SourceError, match="cache"):
        resolve("pypi:little-nets==1.2", tmp_path / "cache")


def test_an_installed_package_is_located_but_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "shy_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    root = resolve("shy_package", tmp_path)
    assert (root.name, root.version, root.licence, root.folder) == ("shy_package", "", "unknown", package)
    assert "shy_package" not in sys.modules


def test_an_installed_distribution_brings_its_version_and_licence(tmp_path: Path) -> None:
    root = resolve("networkx", tmp_path)
    assert (root.name, root.package, root.licence) == ("networkx", "networkx", "BSD-3-Clause")
    assert root.version.count(".") >= 1


def test_a_folder_that_is_a_package_and_a_single_file_are_sources(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("MIT License\n\nCopyright somebody\n")
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "__init__.py").write_text("")
    folder, file = resolve(str(tmp_path / "nets"), tmp_path), resolve(str(tmp_path / "nets" / "__init__.py"), tmp_path)
    assert (folder.package, folder.licence, folder.version) == ("nets", "MIT", "")
    assert (file.package, file.licence) == (None, "MIT")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere/model.py", "there is no file or folder"),
        ("model.py", "there is no file or folder"),
        ("a_package_nobody_has", "neither a path nor an installed package"),
        ("os.path", "neither a path nor an installed package"),
        ("math", "not written in Python|nothing to mine"),
    ],
)
def test_what_cannot_be_found_is_said_in_one_line(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        resolve(source, tmp_path)


def test_a_mistyped_package_is_answered_with_those_like_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "shy_package"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SourceError, match=r"did you mean shy_package\? .* `pypi:shypackage==VERSION`"):
        resolve("shypackage", tmp_path)
    with pytest.raises(SourceError, match="did you mean networkx"):
        resolve("networks", tmp_path)


def test_a_mistyped_path_is_answered_with_those_like_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "resnet.py").write_text("x = 1\n")
    with pytest.raises(SourceError, match=r"file or folder .*resnets.py: near it is .*models/resnet.py"):
        resolve(str(tmp_path / "models" / "resnets.py"), tmp_path)
    with pytest.raises(SourceError, match=r"file or folder .*: near it is .*models$"):
        resolve(str(tmp_path / "model" / "resnet.py"), tmp_path)
    monkeypatch.chdir(tmp_path / "models")
    with pytest.raises(SourceError, match=r"file or folder resnt\.py: near it is resnet\.py"):
        resolve("resnt.py", tmp_path)
    with pytest.raises(SourceError, match=r"file or folder blocks\.zip$"):
        resolve("blocks.zip", tmp_path)


@pytest.mark.parametrize("source", ["", "  "])
def test_an_empty_source_is_not_the_current_folder(tmp_path: Path, source: str) -> None:
    with pytest.raises(SourceError, match="the source is empty"):
        resolve(source, tmp_path)


def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "nets").mkdir()
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(SourceError, match="nets can't be read: Permission denied"):
        resolve(str(tmp_path / "nets"), tmp_path)


def test_a_licence_above_a_code_base_is_not_its_licence(tmp_path: Path) -> None:
    (tmp_path / "LICENSE").write_text("MIT License\n")
    (tmp_path / "mine" / "nets").mkdir(parents=True)
    (tmp_path / "mine" / "pyproject.toml").touch()
    (tmp_path / "mine" / "nets" / "net.py").write_text("x = 1\n")
    root = resolve(str(tmp_path / "mine" / "nets"), tmp_path)
    assert (root.licence, root.licence_text) == ("unknown", "")


def test_files_that_hold_no_python_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    for source in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(SourceError, match="Python"):
            resolve(str(source), tmp_path)


@pytest.mark.network
def test_a_real_package_is_fetched_and_then_there_without_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched = resolve("pypi:vit-pytorch==1.26.11", tmp_path)
    assert (fetched.package, fetched.version, fetched.licence) == ("vit_pytorch", "1.26.11", "MIT")
    monkeypatch.setattr(subprocess, "run", None)
    assert resolve("pypi:vit-pytorch==1.26.11", tmp_path) == fetched


@pytest.mark.network
def test_a_registry_that_refuses_connections_is_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9/")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(RegistryUnreachableError):
        resolve("pypi:vit-pytorch==1.26.11", tmp_path)


def test_a_full_disk_under_the_cache_is_told() -> None:
    error = explain_failure("timm", "1.0", "ERROR: Exception:\nOSError: [Errno 28] No space left on device\n")
    assert "the disk under the cache folder is full" in str(error)
    assert not isinstance(error, RegistryUnreachableError)


@pytest.mark.parametrize("source", ["~nobody-of-that-name/nets", "git+~nobody-of-that-name/nets@v1"])
def test_the_home_of_nobody_is_no_folder(tmp_path: Path, source: str) -> None:
    with pytest.raises(SourceError, match=r"there is no .* ~nobody-of-that-name"):
        resolve(source, tmp_path)


def test_a_link_to_itself_is_not_offered_in_its_own_place(tmp_path: Path) -> None:
    loop = tmp_path / "loop.py"
    loop.symlink_to(loop)
    with pytest.raises(SourceError, match=r"no file or folder [^:]*$"):
        resolve(str(loop), tmp_path)
