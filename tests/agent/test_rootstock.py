"""A model out of somebody's package, and out of the user's own files, as one source."""

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from archgraft.agent.rootstock import SelfContained, plant, self_contained
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.model_reference import ModelReference

LAYERS = """
    import torch
    from torch import nn


    class Norm(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(width))

        def forward(self, x):
            return self.scale * x


    class Block(nn.Module):
        def __init__(self, width, norm=False, act=nn.ReLU, drop=0.0):
            super().__init__()
            self.fc = nn.Linear(width, width)
            if norm:
                self.norm = Norm(width)
            else:
                self.norm = nn.Identity()
            self.drop = nn.Dropout(drop) if drop > 0 else nn.Identity()
            self.act = act()

        def forward(self, x):
            return self.drop(self.act(self.norm(self.fc(x))))

        def unused(self):
            return self.fc


    def build_model(width=8, depth=2, **kwargs):
        return nn.Sequential(*[Block(width, **kwargs) for _ in range(depth)])
""" + "\n".join(f"    SETTING_{number} = {number}" for number in range(3))
MORE = "\n\n".join(f"def helper_{number}(x):\n    if x:\n        return {number}\n    return x" for number in range(20))
"""Folding leaves short code alone."""


def package(folder: Path) -> list[str]:
    (folder / "layers").mkdir(parents=True)
    helpers = ", ".join(f"helper_{number}" for number in range(20))
    (folder / "layers" / "__init__.py").write_text("")
    text = dedent(LAYERS).replace("return nn.Sequential", f"assert [{helpers}]\n    return nn.Sequential")
    (folder / "layers" / "parts.py").write_text(f"{text}\n\n{MORE}\n")
    return [str(folder / "layers")]


def read(text: str, tmp_path: Path, sources: list[str], *, fold: bool = True) -> SelfContained:
    return self_contained(ModelReference.parse(text), sources, tmp_path / "cache", fold=fold)


def planted(model: SelfContained, sandbox: LocalSandbox) -> str:
    inputs = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    return plant("the model", model, sandbox, inputs, Limits()).tree.source


def test_a_packages_code_that_the_call_rules_out_is_left_out(tmp_path: Path, shared_sandbox: LocalSandbox) -> None:
    model = read("layers.parts:build_model(width=8, depth=3)", tmp_path, package(tmp_path))
    assert "class Norm" not in model.source
    assert "def unused" not in model.source
    assert "if norm" not in model.source
    assert planted(model, shared_sandbox) == model.source


def test_what_arguments_decide_that_edits_change_stays(tmp_path: Path) -> None:
    model = read("layers.parts:build_model(width=8)", tmp_path, package(tmp_path))
    assert "nn.Dropout(drop) if drop > 0 else nn.Identity()" in model.source


def test_the_call_decides(tmp_path: Path, shared_sandbox: LocalSandbox) -> None:
    model = read("layers.parts:build_model(norm=True, act=nn.GELU)", tmp_path, package(tmp_path))
    assert "class Norm" in model.source
    assert "(norm=True, act=nn.GELU)" in model.source
    assert planted(model, shared_sandbox) == model.source


def test_the_users_own_file_stays_as_it_is(tmp_path: Path, shared_sandbox: LocalSandbox) -> None:
    package(tmp_path)
    model = read(f"{tmp_path}/layers/parts.py:build_model()", tmp_path, [])
    assert "if norm" in model.source
    assert "def unused" in model.source
    assert model.unfolded is None
    assert planted(model, shared_sandbox) == model.source


def test_on_request_nothing_is_folded(tmp_path: Path) -> None:
    assert "if norm" in read("layers.parts:build_model()", tmp_path, package(tmp_path), fold=False).source


@pytest.mark.parametrize("broken", ["nn.Linear(width, width, bias=False)", "nn.Gone(width)"])
def test_code_that_folding_changed_or_broke_is_taken_unfolded(
    tmp_path: Path, shared_sandbox: LocalSandbox, broken: str
) -> None:
    model = read("layers.parts:build_model()", tmp_path, package(tmp_path))
    assert model.unfolded is not None
    wrong = replace(model, source=model.source.replace("nn.Linear(width, width)", broken))
    assert wrong.source != model.source
    assert planted(wrong, shared_sandbox) == model.unfolded.source


def test_what_the_module_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"'gone' is not defined in .*parts\.py; its classes are: Norm, Block"):
        read("layers.parts:build_model(act=gone)", tmp_path, package(tmp_path))
