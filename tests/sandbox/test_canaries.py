import pytest

from archgraft.sandbox import environment
from archgraft.sandbox.canaries import MENDS, OPTIONAL, CanaryReport, check, tier_of
from archgraft.sandbox.layers.plan import Layer
from archgraft.sandbox.protocol import Message, Outcome, SandboxError, Verdict
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.sandbox.testing import failed, succeeded


def found(**held: bool) -> tuple[CanaryReport, ...]:
    header = dict.fromkeys(MENDS, True) | {layer.replace("_", " "): value for layer, value in held.items()}
    return check(lambda job, limits: succeeded(Message(header)))


def test_the_tier_names_what_holds() -> None:
    assert tier_of(found()) == "A"
    assert tier_of(found(own_user=False, threads=False)) == "A"
    assert tier_of(found(namespaces=False)) == "B"


def test_namespaces_that_bubblewrap_made_have_a_tier_of_their_own() -> None:
    header = dict.fromkeys(MENDS, True)
    assert tier_of(check(lambda job, limits: succeeded(Message(header)), wrapped=True)) == "A'"
    header["namespaces"] = False
    assert tier_of(check(lambda job, limits: succeeded(Message(header)), wrapped=True)) == "B"


@pytest.mark.parametrize("layer", ["files", "system_calls", "network", "privileges", "descriptors", "memory_limit"])
def test_a_machine_that_cannot_confine_is_refused_unless_that_is_allowed(layer: str) -> None:
    reports = found(**{layer: False})
    with pytest.raises(SandboxError, match=f"{layer.replace('_', ' ')}.*--allow-weak-sandbox"):
        tier_of(reports)
    assert tier_of(reports, allow_weak=True) == "C"


def test_an_open_layer_comes_with_its_mend_and_a_held_one_without() -> None:
    rows = {row.layer: row for row in found(network=False)}
    assert not rows["network"].held
    assert "namespaces" in rows["network"].mend
    assert rows["environment"].held
    assert rows["environment"].mend == ""


def test_a_variable_that_an_import_sets_on_both_sides_is_not_taken_for_the_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "set by torch._dynamo")
    with LocalSandbox(preload=("archgraft.evaluator.trace", "torch._dynamo"), training=False) as sandbox:
        assert {row.layer: row for row in sandbox.canaries}["environment"].held


def test_a_variable_of_the_users_that_is_handed_on_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "secret")
    monkeypatch.setattr(environment, "PASSED_VARIABLES", (*environment.PASSED_VARIABLES, "SECRET_TOKEN"))
    with pytest.raises(SandboxError, match="environment"), LocalSandbox(training=False) as sandbox:
        assert sandbox.tier


@pytest.mark.parametrize("layer", ["environment", "process_group"])
def test_without_the_least_isolation_there_is_no_tier(layer: str) -> None:
    with pytest.raises(SandboxError, match=layer.replace("_", " ")):
        tier_of(found(**{layer: False}), allow_weak=True)


def test_a_layer_that_the_child_does_not_mention_is_open() -> None:
    assert not any(row.held for row in check(lambda job, limits: succeeded()))


def test_canaries_that_do_not_return_are_the_sandboxs_own_fault() -> None:
    def broken(job: object, limits: object) -> Outcome:
        return failed(Verdict.SIGNAL, "ended by SIGSYS")

    with pytest.raises(SandboxError, match="ended by SIGSYS"):
        check(broken)


def test_on_this_machine_foreign_code_is_confined(sandbox: LocalSandbox) -> None:
    rows = {row.layer: row for row in sandbox.canaries}
    assert rows.keys() == MENDS.keys()
    optional = {"namespaces", *OPTIONAL}
    assert all(row.held for layer, row in rows.items() if layer not in optional), rows
    assert sandbox.tier == tier_of(sandbox.canaries)


@pytest.mark.parametrize(
    ("without", "open_layers"),
    [
        ("landlock", {"files", "compiling"}),
        ("seccomp", {"system calls", "compiling"}),
        ("identity", {"own user"}),
        ("control groups", {"control group"}),
    ],
)
def test_what_is_left_out_is_found_open(without: Layer, open_layers: set[str]) -> None:
    with LocalSandbox(training=False, without=[without]) as sandbox:
        assert {row.layer for row in sandbox.canaries if not row.held} >= open_layers
