"""The escape suite: every attack in attacks/ must fail in the sandbox, and succeed in a plain process.

The default run takes one attack of each kind; `-m slow` takes all, in every tier that the machine allows.
`python -m benchmarks.sandbox --attacks` prints the table, as root and as an ordinary user.
"""

import os
from collections.abc import Iterator

import pytest

from archgraft.sandbox.layers import bubblewrap
from archgraft.sandbox.layers.plan import Layer
from archgraft.sandbox.supervisor import LocalSandbox
from tests.sandbox.escape.target import Harm
from tests.sandbox.escape.trial import attack_names, declared, try_confined, try_plain

REPRESENTATIVE = (
    *("network_tcp", "network_unix_stream", "network_abstract", "network_socketpair"),
    *("read_file", "read_others_environment", "read_others_memory", "read_own_environment", "read_inherited"),
    *("read_with_program", "list_folder", "naive_artefact", "naive_pickle"),
    *("write_overwrite", "write_open_truncated", "write_users_code", "change_mode", "change_time_of_open"),
    *("strike_kill", "strike_by_descriptor", "strike_limits", "strike_everybody"),
    *("flood_memory", "flood_memory_given_up", "flood_memory_growing", "flood_disk", "flood_threads"),
    *("survive_daemon", "survive_clone3", "hang_deaf", "crash_null", "crash_hostile_exception"),
    *("deluge_log", "gain_io_uring", "gain_user_namespace", "gain_foreign_architecture"),
)
TIERS: dict[str, tuple[Layer, ...]] = {"A'": ("own namespaces",), "B": ("namespaces",)}
MIN_ATTACKS = 90


def test_the_suite_is_large_and_knows_every_kind_of_harm() -> None:
    attacks = [declared(name) for name in attack_names()]
    assert len(attacks) >= MIN_ATTACKS
    assert {attack.harm for attack in attacks} == set(Harm)
    assert set(REPRESENTATIVE) <= set(attack_names())


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_an_attack_fails_in_the_sandbox(sandbox: LocalSandbox, name: str) -> None:
    trial = try_confined(sandbox, name)
    assert not trial.got_through, trial


@pytest.mark.parametrize(
    "name",
    [
        *("survive_fork", "survive_daemon", "survive_raw_fork", "flood_processes"),
        *(
            "strike_everybody",
            "strike_group",
            "gain_program_by_descriptor",
            "gain_namespace_of_clone",
            "network_program",
        ),
        *("flood_memory_in_processes",),
    ],
)
def test_an_attack_fails_for_a_job_that_may_start_processes(sandbox: LocalSandbox, name: str) -> None:
    trial = try_confined(sandbox, name, forks=True)
    assert not trial.got_through, trial


GRANTED_TO_COMPILE = {"gain_program", "gain_program_by_descriptor"}
"""A job that may compile may start programs of the system."""


def compiling_or_skip(sandbox: LocalSandbox) -> LocalSandbox:
    row = next(row for row in sandbox.canaries if row.layer == "compiling")
    if not row.held:
        pytest.skip(row.mend)
    return sandbox


@pytest.mark.parametrize(
    "name",
    [
        *("network_program", "read_with_shell", "write_with_program", "strike_with_program", "gain_executable"),
        *("survive_program", "survive_daemon", "flood_memory_in_processes"),
    ],
)
def test_an_attack_fails_for_a_job_that_may_compile(sandbox: LocalSandbox, name: str) -> None:
    trial = try_confined(compiling_or_skip(sandbox), name, compiles=True)
    assert not trial.got_through, trial


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in attack_names() if name not in GRANTED_TO_COMPILE])
def test_every_attack_fails_for_a_job_that_may_compile(sandbox: LocalSandbox, name: str) -> None:
    trial = try_confined(compiling_or_skip(sandbox), name, compiles=True)
    assert not trial.got_through, trial


def is_possible_here(name: str) -> bool:
    return os.getuid() == 0 or not declared(name).root_only


@pytest.mark.parametrize("name", [name for name in REPRESENTATIVE if is_possible_here(name)])
def test_the_same_attack_succeeds_in_a_plain_process(name: str) -> None:
    trial = try_plain(name)
    assert trial.got_through, trial


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in attack_names() if is_possible_here(name)])
def test_every_attack_succeeds_in_a_plain_process(name: str) -> None:
    trial = try_plain(name)
    assert trial.got_through, trial


@pytest.mark.slow
@pytest.mark.parametrize("name", attack_names())
def test_every_attack_fails_in_the_sandbox(sandbox: LocalSandbox, name: str) -> None:
    trial = try_confined(sandbox, name)
    assert not trial.got_through, trial


@pytest.fixture(scope="module", params=TIERS)
def lesser_sandbox(request: pytest.FixtureRequest) -> Iterator[LocalSandbox]:
    if request.param == "A'" and not bubblewrap.works():
        pytest.skip("bubblewrap is not installed, or doesn't work here")
    with LocalSandbox(training=False, without=TIERS[request.param]) as sandbox:
        assert sandbox.tier == request.param
        yield sandbox


@pytest.mark.slow
@pytest.mark.parametrize("name", attack_names())
def test_every_attack_fails_in_every_tier(lesser_sandbox: LocalSandbox, name: str) -> None:
    trial = try_confined(lesser_sandbox, name)
    assert not trial.got_through, trial
