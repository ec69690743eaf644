"""A wheel built from the sdist holds all five packages and the examples, with every file that is not Python."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.architecture.code import PACKAGES, ROOT


@pytest.fixture(scope="module")
def artefacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the sdist, and with the wheel that was built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    return folder


def shipped_files() -> set[str]:
    """What the checkout holds of the packages and the examples."""
    return {
        path.relative_to(ROOT).as_posix()
        for package in (*PACKAGES, "examples")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_sdist_holds_every_file(artefacts: Path) -> None:
    [sdist] = artefacts.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert shipped_files() - names == set()


def test_the_wheel_holds_every_file_under_one_name(artefacts: Path) -> None:
    [wheel] = artefacts.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"archgraft/{name}" for name in shipped_files()} - names == set()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"archgraft"}


def test_the_wheel_works_without_the_checkout(artefacts: Path, tmp_path: Path) -> None:
    [wheel] = artefacts.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = "import sys; sys.path.insert(0, sys.argv[1]); from archgraft.agent.cli import main; main(['--version'])"
    command = [sys.executable, "-P", "-c", program, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.stdout.startswith("archgraft ")
