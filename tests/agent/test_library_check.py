"""A library can be checked against the code that it was mined from."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from archgraft.agent.cli import main
from archgraft.agent.library_check import Checked, check, show
from archgraft.agent.mine import mine, read_sources
from archgraft.sandbox.protocol import Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import ModuleFilter
from tests.agent.small_search import CONV_BLOCK, TOKEN_MIXER


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with LocalSandbox(preload=("archgraft.evaluator.probe", "archgraft.evaluator.same_as_original")) as made:
        yield made


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "blocks_of_mine"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "conv.py").write_text(CONV_BLOCK)
    (folder / "tokens.py").write_text(TOKEN_MIXER)
    return folder


def kinds(library: Path, sandbox: Sandbox, folder: Path) -> dict[str, str]:
    with Library(library) as opened:
        found = check(opened.modules(ModuleFilter(), everything=True), sandbox, [folder])
    return {one.qualified_name: one.kind for one in found}


def test_modules_are_equal_until_their_original_changes_or_goes(
    tmp_path: Path, package: Path, sandbox: Sandbox
) -> None:
    library = tmp_path / "modules.sqlite"
    with Library(library, create=True) as opened:
        mine(read_sources([resolve(str(package), tmp_path)]), opened, sandbox)
    names = ("blocks_of_mine.conv.ConvBlock", "blocks_of_mine.tokens.TokenMixer")
    assert kinds(library, sandbox, tmp_path) == dict.fromkeys(names, "equal")
    (package / "conv.py").write_text(CONV_BLOCK.replace("nn.GELU", "nn.ReLU"))
    (package / "tokens.py").unlink()
    assert kinds(library, sandbox, tmp_path) == dict(zip(names, ("differs", "not_comparable")))


def test_a_missing_folder_is_told_with_what_to_do(
    tmp_path: Path, package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = tmp_path / "modules.sqlite"
    with Library(library, create=True):
        pass
    with pytest.raises(SystemExit):
        main(["library", "check", "--library", str(library), "--originals", str(tmp_path / "nowhere")])
    assert "pip install --target" in capsys.readouterr().err


def test_an_empty_library_has_nothing_to_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = tmp_path / "modules.sqlite"
    with Library(library, create=True):
        pass
    with pytest.raises(SystemExit) as end:
        main(["library", "check", "--library", str(library), "--json"])
    assert end.value.code == 0
    assert json.loads(capsys.readouterr().out) == {"counts": {}, "modules": []}


def test_who_lacks_the_originals_is_told_how_to_get_them(capsys: pytest.CaptureFixture[str]) -> None:
    reason = "the original can't be imported: ModuleNotFoundError: No module named 'nets'"
    show([Checked("0a", "nets.Block", "not_comparable", reason)], as_json=False)
    assert "--originals" in capsys.readouterr().out
    show([Checked("0a", "nets.Block", "equal", "")], as_json=False)
    assert "--originals" not in capsys.readouterr().out
