"""Whole refactorings: files before and after, as the command would write them."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from archgraft.agent.errors import UsageError
from archgraft.agent.refactoring.refactor import Refactored, RefactorRequest, Refused, refactor
from archgraft.agent.refactoring.report import report
from archgraft.agent.refactoring.writing import write
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.refactoring.patch import patch_of
from tests.agent.small_search import write_library

NET = """
import torch.nn as nn
from torch.nn import functional as F


class Mlp(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.up = nn.Linear(dim, hidden)
        self.act = nn.GELU()  # exact
        self.down = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.down(self.act(self.up(x)))


class Gated(nn.Module):
    def __init__(self, dim, hidden, bias=True):
        super().__init__()
        self.up = nn.Linear(dim, 2 * hidden, bias)
        self.down = nn.Linear(hidden, dim, bias)

    def forward(self, x):
        left, right = self.up(x).chunk(2, dim=-1)
        return self.down(F.silu(left) * right)


class Block(nn.Module):
    def __init__(self, dim, ratio=4):
        super().__init__()
        self.norm = nn.LayerNorm( dim )
        self.mlp = Mlp(dim, ratio*dim)   # two layers

    def forward(self, x):
        return x + self.mlp(self.norm(x))


class Net(nn.Module):
    def __init__(self, dim=8, depth=3):
        super().__init__()
        self.blocks = nn.ModuleList([Block(dim) for _ in range(depth)])
        self.last = Block(dim, 2)
        self.head = nn.Linear(dim, 3)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(self.last(x).mean(1))


def build(dim=8):
    return nn.Sequential(Block(dim), Block(dim, ratio=2), Block(dim))
""".lstrip()

Refactor = Callable[..., Refactored]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def attempt(folder: Path, shared_sandbox: LocalSandbox, cache: Path) -> Callable[..., Refactored | Refused]:
    def attempt(model: str, at: str, new: str, **more: object) -> Refactored | Refused:
        request = RefactorRequest(f"{folder}/{model}", (at,), new, input_shape=(5, 8), **more)  # type: ignore[arg-type]
        return refactor(request, cache, shared_sandbox, Limits())

    return attempt


@pytest.fixture
def done(attempt: Callable[..., Refactored | Refused]) -> Refactor:
    def done(*arguments: str, **more: object) -> Refactored:
        result = attempt(*arguments, **more)
        assert isinstance(result, Refactored), report(result)
        return result

    return done


def lines(result: Refactored) -> list[str]:
    """The lines that the patch takes away or adds."""
    text = patch_of(result.changes).decode()
    return [line for line in text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_all_modules_of_a_call_change_with_the_call(done: Refactor) -> None:
    result = done("net.py:Net", "**.norm", "torch.nn:RMSNorm")
    assert lines(result) == ["-        self.norm = nn.LayerNorm( dim )", "+        self.norm = nn.RMSNorm( dim )"]
    assert {entry["how"] for entry in result.effect.keys} == {"kept", "gone"}


def test_a_class_that_takes_the_same_keeps_the_arguments_and_the_comment(done: Refactor) -> None:
    result = done("net.py:Net", "**.mlp", "net.py:Gated", scope="site")
    assert lines(result) == [
        "-        self.mlp = Mlp(dim, ratio*dim)   # two layers",
        "+        self.mlp = Gated(dim, ratio*dim)   # two layers",
    ]
    assert result.effect.likeness == "changing"


def test_one_module_of_several_is_set_in_the_constructor(done: Refactor) -> None:
    result = done("net.py:Net", "blocks.1.mlp", "net.py:Gated(dim, 2 * dim)")
    assert lines(result) == ["+        self.blocks[1].mlp = Gated(dim, 2 * dim)"]


def test_a_run_of_modules_is_set_in_a_loop(done: Refactor) -> None:
    result = done("net.py:Net", "blocks.[01].norm", "torch.nn:RMSNorm")
    assert lines(result) == [
        "+        for block in self.blocks[:2]:",
        "+            block.norm = nn.RMSNorm(dim)",
    ]


def test_a_stage_is_all_of_a_container(done: Refactor) -> None:
    result = done("net.py:Net", "blocks.1.norm", "torch.nn:RMSNorm", scope="stage")
    assert lines(result) == ["+        for block in self.blocks:", "+            block.norm = nn.RMSNorm(dim)"]


def test_where_no_constructor_holds_them_a_class_is_specialised(done: Refactor) -> None:
    result = done("net.py:build()", "1.norm", "torch.nn:RMSNorm(dim)")
    assert lines(result) == [
        "+class RMSNormBlock(Block):",
        "+    def __init__(self, dim, ratio=4):",
        "+        super().__init__(dim, ratio)",
        "+        self.norm = nn.RMSNorm(dim)",
        "+",
        "+",
        "-    return nn.Sequential(Block(dim), Block(dim, ratio=2), Block(dim))",
        "+    return nn.Sequential(Block(dim), RMSNormBlock(dim, ratio=2), Block(dim))",
    ]


def test_an_equivalent_class_is_exact_by_measurement(done: Refactor) -> None:
    result = done("net.py:Net", "head", "torch.nn:Linear")
    assert result.effect.likeness == "exact"
    assert result.effect.error == 0
    assert {entry["how"] for entry in result.effect.keys} == {"kept"}


def test_git_applies_the_patch_and_the_tree_is_untouched_until_then(done: Refactor, folder: Path) -> None:
    result = done("net.py:Net", "**.norm", "torch.nn:RMSNorm")
    assert (folder / "net.py").read_text() == NET
    (folder / ".git").rmdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "apply", "-"], cwd=folder, check=True, input=patch_of(result.changes))
    assert (folder / "net.py").read_text() == NET.replace("nn.LayerNorm( dim )", "nn.RMSNorm( dim )")


def test_models_over_several_files_of_a_package(done: Refactor, folder: Path) -> None:
    package = folder / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "parts.py").write_text(NET.partition("class Net(")[0])
    (package / "net.py").write_text(
        "import torch.nn as nn\n\nfrom .parts import Block\n\n\nclass Net" + NET.partition("class Net")[2]
    )
    result = done("package/net.py:Net", "blocks.*.mlp", "package/parts.py:Gated(dim, dim)")
    assert lines(result) == [
        "-from .parts import Block",
        "+from .parts import Block, Gated",
        "+        for block in self.blocks:",
        "+            block.mlp = Gated(dim, dim)",
    ]


def test_a_swap_that_would_not_run_is_refused_with_the_reason(attempt: Callable[..., Refactored | Refused]) -> None:
    result = attempt("net.py:Net", "head", "torch.nn:Linear(dim + 1, 3)")
    assert isinstance(result, Refused)
    assert "mat1 and mat2 shapes cannot be multiplied" in result.reasons[0]


def test_what_matches_nothing_names_what_is_near(attempt: Callable[..., Refactored | Refused]) -> None:
    with pytest.raises(SourceError, match=r"near it are .*blocks\.\*\.mlp"):
        attempt("net.py:Net", "block.*.mlp", "torch.nn:RMSNorm")


def test_installed_packages_are_left_alone(shared_sandbox: LocalSandbox, tmp_path: Path) -> None:
    request = RefactorRequest("einops.layers.torch:Rearrange", ("a",), "torch.nn:ReLU")
    with pytest.raises(UsageError, match="a class of your own"):
        refactor(request, tmp_path, shared_sandbox, Limits())


def test_a_name_in_use_is_imported_under_another(done: Refactor, folder: Path) -> None:
    (folder / "other.py").write_text(
        dedent("""
        from torch import nn


        class Mlp(nn.Sequential):
            def __init__(self, dim, hidden):
                super().__init__(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, dim))
        """)
    )
    result = done("net.py:Net", "**.mlp", "other.py:Mlp")
    assert lines(result) == [
        "+",
        "+from other import Mlp as OtherMlp",
        "-        self.mlp = Mlp(dim, ratio*dim)   # two layers",
        "+        self.mlp = OtherMlp(dim, ratio*dim)   # two layers",
    ]
    assert result.effect.likeness in ("near", "changing")
    assert {entry["how"] for entry in result.effect.keys} == {"kept", "moved"}


@pytest.fixture
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_library(tmp_path_factory.mktemp("library") / "modules.sqlite")


def mixer_of(library: Path) -> str:
    with Library(library) as opened:
        return next(module.id for module in opened.modules() if module.spec.class_name == "TokenMixer")


def test_a_library_module_is_copied_beside_with_its_origin(done: Refactor, library: Path) -> None:
    result = done("net.py:Net", "blocks.*.mlp", mixer_of(library), library=library)
    names = {str(change.name): change.after.decode() for change in result.changes}
    assert set(names) == {"net.py", "token_mixer.py"}
    assert names["token_mixer.py"].startswith("# Mined from ")
    assert "            block.mlp = TokenMixer(dim=dim)\n" in names["net.py"]


def test_a_library_module_goes_into_the_same_file_where_asked(done: Refactor, library: Path, folder: Path) -> None:
    result = done("net.py:Net", "**.mlp", mixer_of(library), library=library, into=folder / "net.py", scope="site")
    [change] = result.changes
    text = change.after.decode()
    assert text.index("class TokenMixer(") < text.index("class Block(")
    assert "        self.mlp = TokenMixer(dim=dim)   # two layers\n" in text


def test_what_was_copied_before_is_used_again(done: Refactor, library: Path) -> None:
    first = done("net.py:Net", "blocks.0.mlp", mixer_of(library), library=library)
    write(first.top, first.changes)
    second = done("net.py:Net", "blocks.2.mlp", mixer_of(library), library=library)
    assert lines(second) == ["+        self.blocks[2].mlp = TokenMixer(dim=dim)"]
