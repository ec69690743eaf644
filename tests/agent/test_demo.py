"""The demonstration finds its sources and its model wherever it is run."""

from pathlib import Path

import pytest

from archgraft.agent import demo
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch import RegistryUnreachableError, resolve
from archgraft.tree_ops.sources import SourceRoot


@pytest.fixture
def said() -> list[str]:
    return []


def unreachable(source: str, cache: Path) -> SourceRoot:
    if source.startswith("pypi:"):
        raise RegistryUnreachableError(f"{source} can't be fetched: the registry doesn't answer")
    return resolve(source, cache)


def test_its_model_is_an_example_that_ships_with_the_package() -> None:
    assert "class ResNet" in (demo.examples_folder() / "resnet.py").read_text()


def test_its_sources_are_pinned() -> None:
    assert all("==" in source for source in demo.PINNED)


def test_without_a_registry_it_says_so_and_takes_what_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setattr(demo, "resolve", unreachable)
    roots = demo.reachable(demo.PINNED, tmp_path, said.append)
    assert any(root.folder.name == "vit.py" for root in roots)
    [message] = said
    assert "registry doesn't answer" in message
    assert "installed" in message


def test_a_source_that_is_wrong_is_not_taken_for_a_missing_registry(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(SourceError, match=r"absent\.py"):
        demo.reachable(["./absent.py"], tmp_path, said.append)
    assert said == []


def test_paths_are_shown_as_short_as_the_current_folder_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert demo.shown(tmp_path / "examples" / "resnet.py") == "examples/resnet.py"
    assert demo.shown(Path("/elsewhere/resnet.py")) == "/elsewhere/resnet.py"
