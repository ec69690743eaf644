import math
from pathlib import Path

import numpy as np
import pytest

from archgraft.evaluator.energy import joules_so_far, used
from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.latency_comparison import Timing, compare_latency, compared, median_interval
from archgraft.sandbox.protocol import Limits, Message
from archgraft.sandbox.supervisor import LocalSandbox
from tests.evaluator.test_evaluate import LINEAR, source

INPUTS = np.random.default_rng(0).normal(size=(64, 6)).astype(np.float32)
LIMITS = Limits(wall_seconds=60)
SLOW = source("import time\ntime.sleep(0.01)\nreturn self.fc(x)")
SLOWER = source("import time\ntime.sleep(0.02)\nreturn self.fc(x)")


def test_a_model_that_takes_longer_is_told_so(shared_sandbox: LocalSandbox) -> None:
    found = compare_latency(shared_sandbox, SLOWER, SLOW, INPUTS, limits=LIMITS)
    assert found.comparison is not None, found.reason
    assert found.comparison.low > 1
    assert found.comparison.low <= found.comparison.ratio <= found.comparison.high
    assert found.comparison.candidate.p50_ms >= 15
    assert found.comparison.candidate.batch_size == 64
    assert found.wall_seconds > 0


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (source("raise ValueError('not today')"), "ValueError: not today"),
        (
            source("self.n = getattr(self, 'n', 0) + 1\nreturn self.fc(x) * self.n"),
            "the same sample gives other outputs",
        ),
    ],
)
def test_a_model_that_fails_is_a_reason_and_no_exception(
    shared_sandbox: LocalSandbox, candidate: CandidateSource, reason: str
) -> None:
    found = compare_latency(shared_sandbox, candidate, LINEAR, INPUTS, limits=LIMITS)
    assert found.comparison is None
    assert reason in found.reason


def test_the_ratio_is_that_of_the_passes_without_the_way_there_and_back() -> None:
    rounds = 20
    times = {"candidate": [1.4] * rounds, "rootstock": [1.8] * rounds, "echo": [1.0] * (2 * rounds)}
    energy: dict[str, list[float | None]] = {"candidate": [6.0] * rounds, "rootstock": [None] * rounds}
    found = compared(times, energy, n_batches=4, batch_size=64)
    assert (found.ratio, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))
    assert found.candidate.p50_ms == pytest.approx(100)
    assert (found.candidate_joules, found.rootstock_joules) == (1.5, None)


def test_a_pass_that_can_not_be_told_from_the_way_is_no_ratio() -> None:
    same = {name: [1.0] * 8 for name in ("candidate", "rootstock", "echo")}
    with pytest.raises(ValueError, match="no longer than the way"):
        compared(same, {"candidate": [], "rootstock": []}, 1, 64)


def test_the_median_s_interval_is_two_of_the_values() -> None:
    assert median_interval(range(1, 7)) == (3.5, 1, 6)  # of six, 1 - 2 / 2**6 = 97 %
    assert median_interval(range(1, 31)) == (15.5, 10, 21)  # Conover's table: the 10th and the 21st of 30
    assert median_interval([1.0, 2.0]) == (1.5, -math.inf, math.inf)


def test_the_interval_holds_the_median_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    held = [
        low <= 1 <= high
        for _, low, high in (median_interval(generator.lognormal(size=30).tolist()) for _ in range(400))
    ]
    assert 0.93 < np.mean(held) <= 1


@pytest.mark.parametrize("message", [Message(), Message({"phase": "outputs"}), Message({}, {"other": INPUTS})])
def test_a_timed_program_that_speaks_nonsense_is_no_exception(message: Message) -> None:
    timing = Timing(INPUTS, np.random.default_rng(0))
    timing.respond(Message({"phase": "ready"}))
    assert timing.respond(message).header["do"] == "finish"
    assert "can't be read" in timing.failure
    assert timing.respond(message).header["do"] == "finish"


def test_energy_is_summed_over_packages_and_none_without_a_sensor(tmp_path: Path) -> None:
    assert joules_so_far(tmp_path) is None
    for number, microjoules in enumerate((1_500_000, 2_500_000)):
        (tmp_path / f"intel-rapl:{number}").mkdir()
        (tmp_path / f"intel-rapl:{number}" / "energy_uj").write_text(f"{microjoules}\n")
    assert joules_so_far(tmp_path) == 4.0


@pytest.mark.parametrize(("before", "after", "joules"), [(1.0, 4.0, 3.0), (None, 4.0, None), (4.0, 1.0, None)])
def test_energy_between_two_readings(before: float | None, after: float | None, joules: float | None) -> None:
    assert used(before, after) == joules
