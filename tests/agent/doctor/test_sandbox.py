import pytest

from archgraft.agent.doctor.sandbox import sandbox_rows
from archgraft.sandbox.canaries import MENDS, TIER_S, CanaryReport, CanaryVerdict
from archgraft.sandbox.protocol import SandboxError
from tests.agent.doctor.findings import canaries


def test_an_open_layer_is_a_note_with_the_canary_s_own_advice() -> None:
    rows = {row.name: row for row in sandbox_rows(lambda: canaries("namespaces"))}
    assert rows["sandbox: namespaces"].state == "note"
    assert rows["sandbox: namespaces"].advice == MENDS["namespaces"]
    assert rows["sandbox"].found == "tier B: Landlock, seccomp and limits"


@pytest.mark.parametrize("layer", ["environment", "files", "system calls"])
def test_a_sandbox_below_the_least_tier_fails_and_still_shows_each_layer(layer: str) -> None:
    rows = {row.name: row for row in sandbox_rows(lambda: canaries(layer))}
    assert rows["sandbox"].state == "fail"
    assert rows[f"sandbox: {layer}"].advice == MENDS[layer]


def test_the_tier_of_macos_is_marked_as_untested() -> None:
    row = sandbox_rows(lambda: [CanaryReport(layer, CanaryVerdict.HELD, "") for layer in TIER_S])[0]
    assert row.state == "note"
    assert row.found.startswith("tier S: ")
    assert "not yet tested" in row.found


def test_a_sandbox_that_cannot_start_fails_with_its_reason() -> None:
    def broken() -> tuple[CanaryReport, ...]:
        raise SandboxError("no child came back")

    [row] = sandbox_rows(broken)
    assert row.state == "fail"
    assert "no child came back" in row.found
