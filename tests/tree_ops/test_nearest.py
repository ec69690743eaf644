"""The nearest module is the one that is built alike, and the reason says in what."""

import dataclasses

from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.nearest import nearest
from archgraft.tree_ops.structure import Signature
from tests.tree_ops.test_library import CONTRACT

FEED_FORWARD = """
class {name}(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.up = nn.Linear(dim, hidden)
        self.down = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))
"""
GATED = FEED_FORWARD.replace("F.gelu(self.up(x))", "F.silu(self.up(x)) * self.gate(x)")
CONVOLUTION = """
class Conv(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1)
        self.norm = nn.BatchNorm2d(dim)

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)))
"""


def library(**sources: str) -> dict[str, tuple[Signature, Contract]]:
    return {name: (Signature.of(source), CONTRACT) for name, source in sources.items()}


def test_a_copy_under_another_name_is_at_no_distance() -> None:
    asked = Signature.of(FEED_FORWARD.format(name="Mine"))
    first = nearest(asked, None, library(same=FEED_FORWARD.format(name="Theirs"), conv=CONVOLUTION))[0]
    assert (first.id, first.distance, first.n_shared) == ("same", 0.0, asked.n_subtrees)
    assert first.reason == f"shares {asked.n_subtrees} of {asked.n_subtrees} subtrees, 100% by rarity"


def test_what_is_alike_is_nearer_than_what_is_not() -> None:
    asked = Signature.of(FEED_FORWARD.format(name="Mine"))
    found = nearest(asked, None, library(conv=CONVOLUTION, gated=GATED.format(name="Gated")))
    assert [neighbour.id for neighbour in found] == ["gated", "conv"]
    assert 0 < found[0].distance < found[1].distance <= 1


def test_contracts_count_and_are_named_in_the_reason() -> None:
    asked = Signature.of(FEED_FORWARD.format(name="Mine"))
    causal = dataclasses.replace(CONTRACT, causal=True, layout="sequence")
    candidates = {"a": (asked, CONTRACT), "b": (asked, causal)}
    same, other = nearest(asked, causal, candidates)
    assert (same.id, same.distance) == ("b", 0.0)
    assert other.agrees_in == ("family", "kind", "width", "spatial_stride")
    assert other.reason.endswith("same family, kind, width, spatial_stride")


def test_what_every_module_has_counts_for_little() -> None:
    shared = "def helper(a, b):\n    c = [a[i] + b[i] * (a[i] - 1) for i in range(len(a))]\n    return sum(c)\n"
    rare = "def rare(a):\n    return torch.fft.rfft2(a).real.cumsum(-1)\n"
    asked = Signature.of(shared + rare)
    found = nearest(
        asked, None, library(a=shared + CONVOLUTION, b=rare + CONVOLUTION, c=shared + CONVOLUTION, d=shared + "x = 1\n")
    )
    assert found[0].id == "b"


def test_an_empty_library_has_no_neighbours() -> None:
    assert list(nearest(Signature.of(CONVOLUTION), None, {})) == []


def test_a_signature_survives_its_bytes() -> None:
    signature = Signature.of(CONVOLUTION)
    again = Signature.from_bytes(signature.to_bytes())
    assert again.to_bytes() == signature.to_bytes()
    assert again.n_subtrees == signature.n_subtrees > 50
