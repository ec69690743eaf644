"""What canaries might report, for the tests of the doctor."""

from archgraft.sandbox.canaries import MENDS, CanaryReport, CanaryVerdict


def canaries(*open_layers: str) -> tuple[CanaryReport, ...]:
    return tuple(
        CanaryReport(layer, CanaryVerdict.OPEN, mend)
        if layer in open_layers
        else CanaryReport(layer, CanaryVerdict.HELD, "")
        for layer, mend in MENDS.items()
    )
