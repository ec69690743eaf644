"""Whatever lies in a folder: what can be read is indexed, what can't is listed with its reason, no more."""

import inspect
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.source_files import BrokenFile, SourceFile, files
from archgraft.tree_ops.sources import SourceRoot

NET = "from torch import nn\n\n\nclass Net(nn.Module): ...\n"


def root(folder: Path, package: str | None = "pkg") -> SourceRoot:
    return SourceRoot("source", "", "unknown", folder, package)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with one good file, beside which the tests put what they are about."""
    folder = tmp_path / "pkg"
    folder.mkdir()
    (folder / "good.py").write_text(NET)
    return folder


def reasons(folder: Path, n_processes: int = 1) -> dict[str, str]:
    """File names and reasons of what couldn't be read; the good file must have been."""
    index = SourceIndex.build([root(folder)], n_processes=n_processes)
    assert [found.module for found in index.module_classes()] == ["pkg.good"]
    return {file.path.name: file.reason for file in index.broken}


DEEP = "x = " + "-" * 50_000 + "1\n"
BRACKETS = "x = " + "(" * 500 + "1" + ")" * 500 + "\n"
LONG_SUM = "x = " + "1 + " * 50_000 + "1\n"
ENDLESS_IF = "if x: pass\n" + "elif x: pass\n" * 50_000


UNREADABLE = {
    "syntax": (b"def f(:\n", "syntax error in line 1: "),
    "print": (b"print 'hello'\nexec 'x'\n", "syntax error in line 1: Missing parentheses in call to 'print'"),
    "except": (b"try:\n    f()\nexcept E, e:\n    pass\n", "syntax error in line 3: multiple exception types"),
    "bytes": (b"x = 1\n\xff\xfe\n", "not Python text: 'utf-8' codec can't decode"),
    "utf16": ("import torch\n".encode("utf-16"), "syntax error: invalid or missing encoding"),
    "codec": (b"# coding: no-such-codec\nx = 1\n", "syntax error: unknown encoding"),
    "hex": (b"# coding: hex\nx = 1\n", "not Python text: 'hex' is not a text encoding"),
    "null": (b"x = 1\nnull = '\x00'\n", "null byte"),
    "nulls": (b"\x00" * 100, "null byte"),
    "minus": (DEEP.encode(), "nested too deeply"),
    "brackets": (BRACKETS.encode(), "too many nested parentheses"),
    "sum": (LONG_SUM.encode(), "nested too deeply"),
    "elif": (ENDLESS_IF.encode(), "nested too deeply"),
    "large": (b"TABLE = [" + b"123456789, " * 1_000_000 + b"]\n", r"10\.5 MiB long; 2 are the most"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_file_that_is_not_readable_python_is_listed_with_its_reason(package: Path, kind: str) -> None:
    data, reason = UNREADABLE[kind]
    (package / f"{kind}.py").write_bytes(data)
    [(name, found)] = reasons(package).items()
    assert name == f"{kind}.py"
    assert re.search(reason, found), found


def test_other_processes_find_the_same_faults(package: Path) -> None:
    for kind, (data, _) in UNREADABLE.items():
        (package / f"{kind}.py").write_bytes(data)
    alone = reasons(package)
    assert set(alone) == {f"{kind}.py" for kind in UNREADABLE}
    assert reasons(package, n_processes=2) == alone


@pytest.mark.parametrize(
    "data",
    [
        NET.replace("Net", "Odd").encode("utf-8-sig"),
        b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + NET.replace("Net", "Odd").encode(),
        "# vim: set fileencoding=cp1251 :\n# слой\n".encode("cp1251") + NET.replace("Net", "Odd").encode(),
        NET.replace("Net", "Odd").replace("\n", "\r\n").encode(),
        NET.replace("Net", "Odd").replace("\n", "\r").encode(),
        NET.replace("Net", "Odd").rstrip().encode(),
        b"\x0c\n" + NET.replace("Net", "Odd").encode(),
        ("if x: pass\n" + "elif x: pass\n" * 300 + NET.replace("Net", "Odd")).encode(),
        b"pattern = '\\d'\n" + NET.replace("Net", "Odd").encode(),
    ],
    ids=["bom", "latin-1", "cp1251", "windows", "old mac", "no end", "form feed", "long elif", "escape"],
)
def test_encodings_line_ends_and_oddities_that_python_takes_are_taken(package: Path, data: bytes) -> None:
    (package / "odd.py").write_bytes(data)
    index = SourceIndex.build([root(package)])
    assert index.broken == []
    odd = index.modules["pkg.odd"]
    [piece] = [piece for piece in odd.pieces if piece.defines == ("Odd",)]
    assert odd.text_of(piece) == "class Odd(nn.Module): ..."


@pytest.mark.filterwarnings("default")
def test_reading_warns_of_nothing(package: Path, recwarn: pytest.WarningsRecorder) -> None:
    (package / "odd.py").write_text("x = '\\d'\ny = 1 if 2 is 2 else ()(1)\n")
    assert reasons(package) == {}
    assert [str(warning.message) for warning in recwarn] == []


def test_links_to_folders_are_not_followed_so_that_circles_end(package: Path, tmp_path: Path) -> None:
    (package / "again").symlink_to(package, target_is_directory=True)
    (package / "up").symlink_to(tmp_path, target_is_directory=True)
    (package / "self.py").symlink_to(package / "self.py")
    (package / "gone.py").symlink_to(tmp_path / "nowhere.py")
    assert reasons(package) == {"self.py": "Too many levels of symbolic links"}


def test_files_that_an_installer_linked_are_read(package: Path, tmp_path: Path) -> None:
    (tmp_path / "store.py").write_text(NET)
    (package / "linked.py").symlink_to(tmp_path / "store.py")
    found = [one.module for one in SourceIndex.build([root(package)]).module_classes()]
    assert found == ["pkg.good", "pkg.linked"]


def test_what_may_not_be_opened_is_listed(package: Path, deny: Callable[[Path], None]) -> None:
    (package / "secret.py").write_text(NET)
    (package / "folder").mkdir()
    (package / "folder" / "inside.py").write_text(NET)
    deny(package / "secret.py")
    deny(package / "folder")
    assert reasons(package) == {"secret.py": "Permission denied", "folder": "Permission denied"}


@pytest.fixture
def deny(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes a path unreadable, also for root, whom no permission holds."""
    denied: list[Path] = []

    def refuse(path: object) -> None:
        if any(str(path) == str(one) for one in denied):
            raise PermissionError(13, "Permission denied", str(path))

    real_scandir, real_read = os.scandir, Path.read_bytes

    def scandir(path: str) -> object:
        refuse(path)
        return real_scandir(path)

    def read_bytes(self: Path) -> bytes:
        refuse(self)
        return real_read(self)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    return denied.append


def test_what_only_looks_like_a_file_is_left_alone(package: Path) -> None:
    os.mkfifo(package / "pipe.py")
    (package / "folder.py").mkdir()
    (package / "folder.py" / "inside.py").write_text("x = 1\n")
    found = [file.path.name for file in files(root(package)) if isinstance(file, SourceFile)]
    assert found == ["inside.py", "good.py"]


def test_hidden_files_and_virtual_environments_are_left_out(package: Path) -> None:
    for name in (".git/hook.py", ".secret.py", "venv/lib/torch/nn.py"):
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(NET)
    (package / "venv" / "pyvenv.cfg").write_text("home = /usr\n")
    assert [file.path.name for file in files(root(package))] == ["good.py"]


def test_folders_may_be_nested_more_deeply_than_functions(package: Path) -> None:
    deep = package.joinpath(*"d" * 150)
    deep.mkdir(parents=True)
    (deep / "net.py").write_text(NET)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        found = [file.path for file in files(root(package)) if isinstance(file, SourceFile)]
    finally:
        sys.setrecursionlimit(limit)
    assert found == [deep / "net.py", package / "good.py"]


def test_a_name_that_is_no_text_is_listed(package: Path) -> None:
    path = os.fsencode(package) + b"/caf\xe9.py"
    try:
        Path(os.fsdecode(path)).write_text(NET)
    except OSError:
        pytest.skip("this file system has no such names")
    broken = [file for file in files(root(package)) if isinstance(file, BrokenFile)]
    assert [file.reason for file in broken] == ["its name is not text in this system's encoding"]
    assert "pkg.good" in SourceIndex.build([root(package)]).modules


def test_a_package_wins_over_a_file_of_its_name(package: Path) -> None:
    (package / "both").mkdir()
    (package / "both" / "__init__.py").write_text("here = 1\n")
    (package / "both.py").write_text("there = 1\n")
    index = SourceIndex.build([root(package)])
    assert "here" in index.modules["pkg.both"].bindings
    assert [(file.path.name, "name, pkg.both, is taken by" in file.reason) for file in index.broken] == [
        ("both.py", True)
    ]


def test_of_two_scripts_of_one_name_the_second_is_not_silently_lost(tmp_path: Path) -> None:
    paths = [tmp_path / name / "net.py" for name in ("one", "two")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(NET)
    index = SourceIndex.build([root(path, None) for path in [*paths, paths[0]]])
    assert index.modules["net"].path == paths[0]
    assert [file.path for file in index.broken] == [paths[1]]


def test_imports_that_no_file_can_have_are_only_not_found(tmp_path: Path) -> None:
    long = "x" * 300
    (tmp_path / "net.py").write_text(f"from {long} import A\nfrom bad import B\nfrom bad import C\n{NET}")
    (tmp_path / "bad.py").write_text("print 1\n")
    index = SourceIndex.build([root(tmp_path / "net.py", None)])
    for name in "ABC":
        assert not isinstance(index.resolve(index.modules["net"], name), Definition)
    assert [file.path.name for file in index.broken] == ["bad.py"]


def test_a_folder_that_vanishes_is_said(tmp_path: Path) -> None:
    from archgraft.tree_ops.errors import SourceError

    with pytest.raises(SourceError, match="does not exist"):
        SourceIndex.build([root(tmp_path / "gone")])
