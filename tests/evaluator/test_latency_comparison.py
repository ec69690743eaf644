import numpy as np
import pytest

from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.latency_comparison import Effort, TimedModel, compare_latency
from archgraft.evaluator.paces import LatencyComparison
from archgraft.evaluator.variants import Variant
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox
from tests.evaluator.test_evaluate import HEAD, LINEAR, source

INPUTS = np.random.default_rng(0).normal(size=(64, 6)).astype(np.float32)
LIMITS = Limits(wall_seconds=60)
SHORT = Effort(n_rounds=8, n_alone=6, round_seconds=0.005)
SLOW = source("import time\ntime.sleep(0.01)\nreturn self.fc(x)")
SLOWER = source("import time\ntime.sleep(0.02)\nreturn self.fc(x)")
NORMED = source(
    "import time\ntime.sleep(0.01)\nreturn self.norm(self.fc(x))",
    "    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(6, 3)\n"
    "        self.norm = nn.BatchNorm1d(3)\n\n",
)
BUSY = CandidateSource(
    f"import threading\n\n{HEAD}"
    "    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(6, 3)\n"
    "        for _ in range(4):\n            threading.Thread(target=self.spin, daemon=True).start()\n\n"
    "    def spin(self):\n        while True:\n            torch.ones(300, 300) @ torch.ones(300, 300)\n\n"
    "    def forward(self, x):\n        return self.fc(x)\n",
    "Model()",
)


def compare(
    sandbox: LocalSandbox,
    candidate: CandidateSource,
    rootstock: CandidateSource,
    *variants: Variant,
    effort: Effort = SHORT,
) -> tuple[tuple[LatencyComparison, ...], str]:
    ours, theirs = TimedModel(candidate), TimedModel(rootstock)
    chosen = variants or (Variant.AS_IS,)
    done = compare_latency(
        sandbox, ours, theirs, INPUTS, limits=LIMITS, variants=chosen, effort=effort, compiler="aot_eager"
    )
    assert done.wall_seconds > 0
    assert done.cpu_seconds > 0
    return done.comparisons, done.reason


def test_a_model_that_takes_longer_is_told_so(shared_sandbox: LocalSandbox) -> None:
    [found], reason = compare(shared_sandbox, SLOWER, SLOW)
    assert (found.doubt, reason) == ("", "")
    assert found.low > 1
    assert found.low <= found.ratio <= found.high
    assert found.candidate.latency.p50_ms >= 15
    assert found.candidate.latency.batch_size == 64
    assert found.candidate.peak_memory_bytes > 0


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (source("raise ValueError('not today')"), "ValueError: not today"),
        (
            source("self.n = getattr(self, 'n', 0) + 1\nreturn self.fc(x) * self.n"),
            "the same sample gives other outputs",
        ),
        (
            source("self.n = getattr(self, 'n', 0) + 1\nreturn self.fc(x) if self.n < 6 else torch.zeros(len(x), 3)"),
            "the same sample gives other outputs",
        ),
    ],
    ids=["raises", "drifts", "does nothing once it is timed"],
)
def test_a_model_that_fails_is_a_reason_and_no_exception(
    shared_sandbox: LocalSandbox, candidate: CandidateSource, reason: str
) -> None:
    found, told = compare(shared_sandbox, candidate, SLOW)
    assert found == ()
    assert reason in told


def test_a_model_that_works_while_it_should_wait_is_not_believed(shared_sandbox: LocalSandbox) -> None:
    [found], _ = compare(shared_sandbox, BUSY, SLOW)
    assert "s of processor time in the" in found.doubt


def test_a_model_that_patches_every_module_s_call_slows_only_itself(shared_sandbox: LocalSandbox) -> None:
    patching = source(
        "import time\nreturn self.fc(x)",
        "    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(6, 3)\n"
        "        call = nn.Module.__call__\n"
        "        def slow(module, *args):\n            import time\n            time.sleep(0.1)\n"
        "            return call(module, *args)\n        nn.Module.__call__ = slow\n\n",
    )
    [found], _ = compare(shared_sandbox, patching, SLOW)
    assert found.candidate.latency.p50_ms > 100
    assert found.rootstock.latency.p50_ms < 100


def test_a_model_that_recognises_known_samples_and_leaves_the_others_out_is_not_timed(
    shared_sandbox: LocalSandbox,
) -> None:
    sparing = source(
        "rows = [row.numpy().tobytes() for row in x]\n"
        "known = self.__dict__.setdefault('known', dict(zip(rows, self.fc(x))))\n"
        "return torch.stack([known.get(row, torch.zeros(3)) for row in rows])"
    )
    found, reason = compare(shared_sandbox, sparing, SLOW)
    assert found == ()
    assert reason == "as is: the candidate gave other outputs while it was timed"


def test_a_model_on_the_processor_has_no_say_in_how_much_memory_it_took(shared_sandbox: LocalSandbox) -> None:
    lying = CandidateSource(
        "from archgraft.evaluator import timed_model\nfrom archgraft.sandbox.protocol import Message\n\n"
        "timed_model.Message = lambda header={}, arrays={}: Message({'gpu_memory_bytes': 1, **header}, arrays)\n"
        f"{SLOW.source}",
        SLOW.construct,
    )
    [found], _ = compare(shared_sandbox, lying, SLOW)
    assert found.candidate.peak_memory_bytes > 1


def test_variants_are_timed_one_by_one_and_what_can_not_be_is_told(shared_sandbox: LocalSandbox) -> None:
    found, reason = compare(shared_sandbox, NORMED, SLOW, *Variant)
    assert [one.variant for one in found] == [Variant.AS_IS, Variant.FUSED, Variant.COMPILED]
    assert [one.candidate.n_fused for one in found] == [0, 1, 1]
    assert reason == ""
    found, reason = compare(shared_sandbox, SLOW, SLOW, Variant.FUSED)
    assert found == ()
    assert reason == "fused: neither model has anything to fold"


def test_trained_weights_are_what_is_timed(shared_sandbox: LocalSandbox) -> None:
    wrong = TimedModel(LINEAR, {"fc.weight": np.zeros((3, 7), np.float32)})
    done = compare_latency(shared_sandbox, wrong, TimedModel(SLOW), INPUTS, limits=LIMITS, variants=(Variant.AS_IS,))
    assert done.comparisons == ()
    assert "Error(s) in loading state_dict" in done.reason
