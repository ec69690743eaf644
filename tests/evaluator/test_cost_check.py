import pytest

from archgraft.evaluator.cost_check import CostRatios, cost_check, limit_broken
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.latency import Latency
from archgraft.evaluator.paces import LatencyComparison, Pace
from archgraft.evaluator.results import Status
from archgraft.evaluator.variants import Variant
from archgraft.sandbox.supervisor import LocalSandbox
from tests.evaluator.test_evaluate import source
from tests.evaluator.test_latency_comparison import INPUTS, LIMITS, SLOW

SLOWEST = source("import time\ntime.sleep(0.1)\nreturn self.fc(x)")
FAT = source("import time\ntime.sleep(0.01)\nself.held = torch.zeros(2**25)\nself.held.add_(1)\nreturn self.fc(x)")


def comparison(low: float, ratio: float, memory: int = 100, doubt: str = "") -> LatencyComparison:
    ours, theirs = (Pace(Latency(2.0, 3.0, 64), None, n_bytes, 0) for n_bytes in (memory, 100))
    return LatencyComparison(Variant.AS_IS, ours, theirs, ratio, low, 2 * ratio - low, 30, 1.0, doubt)


@pytest.mark.parametrize(
    ("candidate", "ratios", "reason"),
    [
        (SLOWEST, CostRatios(latency=2), "times the rootstock's latency where 2 times are allowed"),
        (FAT, CostRatios(memory=2), "times the rootstock's memory where 2 times are allowed"),
        (source("raise ValueError('not today')"), CostRatios(latency=2), "as is: ValueError: not today"),
    ],
    ids=["slow", "fat", "can't be timed"],
)
def test_an_untrained_candidate_over_a_limit_is_rejected(
    shared_sandbox: LocalSandbox, candidate: CandidateSource, ratios: CostRatios, reason: str
) -> None:
    found = cost_check(shared_sandbox, candidate, SLOW, INPUTS, ratios, limits=LIMITS)
    assert found.status is Status.OVER_LIMIT
    assert reason in found.reason
    assert found.cpu_seconds > 0


def test_a_candidate_within_the_limits_passes(shared_sandbox: LocalSandbox) -> None:
    found = cost_check(shared_sandbox, SLOW, SLOWEST, INPUTS, CostRatios(latency=1, memory=2), limits=LIMITS)
    assert (found.status, found.reason) == (Status.OK, "")


def test_without_limits_nothing_is_run(shared_sandbox: LocalSandbox) -> None:
    found = cost_check(shared_sandbox, SLOWEST, SLOW, INPUTS, CostRatios(), limits=LIMITS)
    assert (found.status, found.wall_seconds) == (Status.OK, 0.0)
    assert limit_broken((), CostRatios()) == ""


def test_before_training_noise_is_in_the_candidate_s_favour_and_at_the_end_it_is_not() -> None:
    caps = CostRatios(latency=1.2)
    unclear = comparison(low=1.1, ratio=1.3)
    assert caps.broken_by(unclear, beyond_noise=True) == ""
    assert "1.30 times" in limit_broken([unclear], caps)
    assert limit_broken([comparison(low=1.0, ratio=1.1)], caps) == ""
    assert limit_broken([comparison(1.0, 1.1, memory=130)], CostRatios(memory=1.2)).startswith("1.30 times")


def test_what_is_not_believed_or_not_timed_may_not_be_returned() -> None:
    doubted = comparison(low=0.4, ratio=0.5, doubt="it used 1 s")
    assert limit_broken([doubted], CostRatios(latency=1)) == "its latency can't be told: it used 1 s"
    assert CostRatios(latency=1).broken_by(doubted, beyond_noise=True) == ""
    assert limit_broken([doubted], CostRatios(memory=2)) == ""
    assert limit_broken([], CostRatios(memory=2)) == "it could not be timed"
