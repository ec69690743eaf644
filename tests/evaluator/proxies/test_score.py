"""Proxies of whole models, computed in the real sandbox, and answers that may not be believed."""

import math
from pathlib import Path

import numpy as np
import pytest

from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.proxies.names import NAMES
from archgraft.evaluator.proxies.score import ProxyScores, proxy_scores, read_scores
from archgraft.evaluator.tasks.digits import digits_task
from archgraft.evaluator.tasks.protocol import Split
from archgraft.sandbox.protocol import Json, Limits, Message, Outcome, Verdict
from archgraft.sandbox.supervisor import LocalSandbox
from tests.evaluator.test_evaluate import HEAD, INIT, counting, source

EXAMPLES = Path(__file__).parents[3] / "examples"
RESNET = CandidateSource((EXAMPLES / "resnet.py").read_text(encoding="utf-8"), "ResNet(width=4)")
VIT = CandidateSource((EXAMPLES / "vit.py").read_text(encoding="utf-8"), "ViT(dim=16, depth=1)")
TOKENS = CandidateSource(
    HEAD
    + """    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(5, 8), nn.Embedding(8, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu")
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        y = self.tokens(x) + self.positions(torch.arange(x.shape[1]))
        return self.head(self.block(y, src_mask=mask, is_causal=True))
""",
    "Model()",
)


def score(sandbox: LocalSandbox, candidate: CandidateSource, train: Split, seed: int = 0) -> ProxyScores:
    limits = Limits(wall_seconds=60)
    return proxy_scores(sandbox, candidate, "cross_entropy", train, names=NAMES, seed=seed, limits=limits)


@pytest.mark.parametrize("candidate", [RESNET, VIT])
def test_networks_for_pictures_have_every_score_and_the_same_again(
    shared_sandbox: LocalSandbox, candidate: CandidateSource
) -> None:
    train = digits_task().train
    first = score(shared_sandbox, candidate, train)
    assert dict(first.reasons) == {}
    assert all(math.isfinite(first.scores[name]) and first.scores[name] > 0 for name in NAMES)
    assert score(shared_sandbox, candidate, train).scores == first.scores
    assert first.cpu_seconds > 0


def test_a_network_for_tokens_has_every_score(shared_sandbox: LocalSandbox) -> None:
    found = score(shared_sandbox, TOKENS, counting().train)
    assert (set(found.scores), dict(found.reasons)) == (set(NAMES), {})


def test_one_proxy_that_fails_takes_no_other_with_it(shared_sandbox: LocalSandbox) -> None:
    train = Split(np.random.default_rng(0).normal(size=(9, 6)).astype(np.float32), np.arange(9) % 3)
    choosy = source("if x.dtype != torch.float32: raise RuntimeError('single precision only')\nreturn self.fc(x)")
    found = score(shared_sandbox, choosy, train)
    assert set(found.scores) == {"parameters", "flops", "zico", "gradsign"}
    assert found.reasons["synflow"] == "RuntimeError: single precision only"
    assert "no activation units" in found.reasons["naswot"]


def test_a_model_that_crashes_has_one_reason_for_all(shared_sandbox: LocalSandbox) -> None:
    train = Split(np.zeros((4, 6), np.float32), np.zeros(4, np.int64))
    found = score(shared_sandbox, source("raise ValueError('not today')", INIT), train)
    assert found.scores == {}
    assert set(found.reasons.values()) == {"ValueError: not today"}


def test_a_name_that_is_none_is_refused(shared_sandbox: LocalSandbox) -> None:
    with pytest.raises(ValueError, match=r"proxies are parameters, .* but got guesswork"):
        proxy_scores(
            shared_sandbox, RESNET, "cross_entropy", digits_task().train, names=["guesswork"], seed=0, limits=Limits()
        )


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"scores": 3, "reasons": "none"},
        {"scores": {"zico": math.nan}},
        {"scores": {"zico": math.inf}},
        {"scores": {"zico": True}},
        {"scores": {"zico": 10**400}},
        {"scores": {"zico": "9"}, "reasons": {"zico": ["x"]}},
        {"scores": {"synflow": 1.0}, "reasons": {"zico": "\n" * 9 + "x" * 9999}},
    ],
)
def test_an_answer_that_is_no_finite_number_is_no_score(said: dict[str, Json]) -> None:
    found = read_scores(Outcome(Verdict.OK, "", Message(said), 1.0, 0.5, 0, "A"), ["zico"])
    assert found.scores == {}
    assert set(found.reasons) == {"zico"}
    assert len(found.reasons["zico"]) <= 300
