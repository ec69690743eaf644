import pytest

from archgraft.sandbox.canaries import MENDS, CanaryReport, check, tier_of
from archgraft.sandbox.protocol import Message, Outcome, SandboxError, Verdict
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.sandbox.testing import failed, succeeded


def found(**held: bool) -> tuple[CanaryReport, ...]:
    header = dict.fromkeys(MENDS, True) | {layer.replace("_", " "): value for layer, value in held.items()}
    return check(lambda job, limits: succeeded(Message(header)))


def test_the_tier_names_what_holds() -> None:
    assert tier_of(found()) == "process+no-network"
    assert tier_of(found(network=False)) == "process"


def test_an_open_layer_comes_with_its_mend_and_a_held_one_without() -> None:
    rows = {row.layer: row for row in found(network=False)}
    assert not rows["network"].held
    assert "namespaces" in rows["network"].mend
    assert rows["environment"].held
    assert rows["environment"].mend == ""


@pytest.mark.parametrize("layer", ["environment", "process_group"])
def test_without_the_least_isolation_there_is_no_tier(layer: str) -> None:
    with pytest.raises(SandboxError, match=layer.replace("_", " ")):
        tier_of(found(**{layer: False}))


def test_a_layer_that_the_child_does_not_mention_is_open() -> None:
    assert not any(row.held for row in check(lambda job, limits: succeeded()))


def test_canaries_that_do_not_return_are_the_sandboxs_own_fault() -> None:
    def broken(job: object, limits: object) -> Outcome:
        return failed(Verdict.SIGNAL, "ended by SIGSYS")

    with pytest.raises(SandboxError, match="ended by SIGSYS"):
        check(broken)


def test_on_this_machine_all_but_the_network_always_hold(sandbox: LocalSandbox) -> None:
    rows = {row.layer: row for row in sandbox.canaries}
    assert rows.keys() == MENDS.keys()
    assert all(row.held for layer, row in rows.items() if layer != "network"), rows
    assert sandbox.tier == tier_of(sandbox.canaries)
