"""What the sandbox's canaries found: which layers of isolation really hold here, and the tier that this makes."""

from collections.abc import Callable, Sequence

from archgraft.agent.doctor.row import Row, State
from archgraft.sandbox.canaries import DESCRIPTIONS, CanaryReport, tier_of
from archgraft.sandbox.protocol import SandboxError

Check = Callable[[], Sequence[CanaryReport]]
"""Sends the sandbox's canaries; `archgraft.sandbox.opening.check`, but for tests."""
UNTESTED = "S"


def sandbox_rows(check: Check) -> tuple[Row, ...]:
    """A row for the tier and one for each layer."""
    try:
        reports = check()
    except SandboxError as error:
        return (Row("sandbox", "fail", str(error), "mend what the rows above name, or report this as a defect"),)
    return (_tier(reports), *(Row(f"sandbox: {report.layer}", *_layer(report)) for report in reports))


def _tier(reports: Sequence[CanaryReport]) -> Row:
    try:
        tier = tier_of(reports)
    except SandboxError as error:
        return Row("sandbox", "fail", str(error), "mend the open layers below")
    found = f"tier {tier}: {DESCRIPTIONS[tier]}"
    if tier == UNTESTED:
        return Row("sandbox", "note", found, "for code that you don't trust, use a Linux container or virtual machine")
    return Row("sandbox", "ok", found)


def _layer(report: CanaryReport) -> tuple[State, str, str]:
    return ("ok", "holds", "") if report.held else ("note", "open", report.mend)
