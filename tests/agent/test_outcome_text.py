from archgraft.agent.outcome_text import latency_lines
from archgraft.evaluator.latency import Latency
from archgraft.evaluator.paces import LatencyComparison, Pace
from archgraft.evaluator.variants import Variant


def found(variant: Variant, ratio: float, doubt: str = "") -> LatencyComparison:
    pace = Pace(Latency(2.0, 3.0, 64), None, 40_000_000, 9)
    return LatencyComparison(variant, pace, pace, ratio, ratio - 0.02, ratio + 0.02, 30, 1.0, doubt)


def test_a_ratio_that_is_not_to_be_believed_is_not_told_but_its_reason_is() -> None:
    timed = {
        0: [found(Variant.AS_IS, 1.01), found(Variant.FUSED, 0.99)],
        5: [found(Variant.AS_IS, 0.8), found(Variant.FUSED, 0.1, "it used 0.50 s of processor time")],
    }
    as_is, fused, folded, memory, doubt = latency_lines(timed, rootstock=0, best=5)
    assert as_is.split("  ")[0] == "latency ratio, as is"
    assert as_is.endswith("0.80 [0.78, 0.82]")
    assert "0.99 [0.97, 1.01]" in fused
    assert fused.endswith(" -")
    assert folded.split()[-2:] == ["9", "9"]
    assert memory.endswith("38.1 MiB")
    assert doubt == "latency fused is not to be believed: it used 0.50 s of processor time"


def test_nothing_is_told_of_latency_before_the_finals() -> None:
    assert list(latency_lines({}, rootstock=0, best=5)) == []
