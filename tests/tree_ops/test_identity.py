from collections.abc import Callable

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.identity import tree_hash
from tests.planting import RESIDUAL, inputs, plant_tree


@pytest.fixture(scope="module")
def hash_of(shared_sandbox: LocalSandbox) -> Callable[..., str]:
    def hash_it(source: str = RESIDUAL, call: str = "Net()") -> str:
        return tree_hash(plant_tree(shared_sandbox, source, call, inputs(3, 8, 8)))

    return hash_it


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Block", "Unit"),
        ("class Net(nn.Module):", 'class Net(nn.Module):\n    """A docstring."""\n'),
        (
            "def forward(self, x):\n        return self.act",
            "def forward(self, x):  # a comment\n        return self.act",
        ),
        ("def __init__(self, width=8, blocks=2):", "def __init__(self, width: int = 8, blocks: int = 2) -> None:"),
        ("import torch\n", "import torch\n\nUNUSED = 1\n"),
    ],
)
def test_names_of_classes_docstrings_annotations_and_comments_do_not_count(
    hash_of: Callable[..., str], old: str, new: str
) -> None:
    assert old in RESIDUAL
    assert hash_of(RESIDUAL.replace(old, new)) == hash_of()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("act=nn.ReLU", "act=nn.GELU"),
        ("self.act(self.norm(self.conv(x)))", "self.norm(self.act(self.conv(x)))"),
        ("blocks=2", "blocks=3"),
        ("padding=1)\n        self.act", "padding=1, bias=False)\n        self.act"),
    ],
)
def test_what_changes_behaviour_counts(hash_of: Callable[..., str], old: str, new: str) -> None:
    assert old in RESIDUAL
    assert hash_of(RESIDUAL.replace(old, new)) != hash_of()


def test_an_argument_counts_wherever_it_is_given(hash_of: Callable[..., str]) -> None:
    assert hash_of(call="Net(width=8)") == hash_of()
    assert hash_of(call="Net(width=16)") != hash_of()
