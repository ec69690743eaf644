import errno

import pytest

from archgraft.sandbox.layers.bpf import ARCHITECTURES, RET_ALLOW, RET_ERRNO, RET_KILL_PROCESS, X32_BIT, assemble
from archgraft.sandbox.layers.call_policy import ABSENT, CLONE_THREAD, O_TRUNC, REFUSED, Needs, policy
from archgraft.sandbox.layers.syscall_numbers import NAMES, NEWEST, number_of
from tests.sandbox.layers.kernel_of_bpf import run

OWN_PID = 4711
USUAL = Needs()
REFUSE = RET_ERRNO | errno.EPERM
MACHINES = sorted(ARCHITECTURES)
MAX_INSTRUCTIONS = 4096
F_SETOWN, PR_SET_PDEATHSIG, PR_SET_NAME, FIOSETOWN = 8, 1, 15, 0x8901
NEW_USER = 0x10000000
SHARED_ANONYMOUS, PRIVATE_ANONYMOUS, SHARED_FILE = 0x21, 0x22, 0x01


def answer(machine: str, name: str, *arguments: int, needs: Needs = USUAL) -> int:
    rules = policy(OWN_PID, needs)
    number = number_of(name, machine)
    assert number is not None
    return run(assemble(rules, machine), number, ARCHITECTURES[machine], *arguments)


@pytest.mark.parametrize("machine", MACHINES)
def test_everything_on_the_list_is_refused_and_has_a_number_somewhere(machine: str) -> None:
    program = assemble(policy(OWN_PID, Needs()), machine)
    for name in " ".join(REFUSED.values()).split():
        assert name in NAMES
        if (number := number_of(name, machine)) is not None:
            assert run(program, number, ARCHITECTURES[machine]) == REFUSE, name
    for name in ABSENT:
        assert answer(machine, name) == RET_ERRNO | errno.ENOSYS
    assert len(program) // 8 <= MAX_INSTRUCTIONS


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("clone", (CLONE_THREAD | 0x100,), (0x11,)),
        ("clone", (CLONE_THREAD,), (CLONE_THREAD | NEW_USER,)),
        ("kill", (OWN_PID, 9), (1, 9)),
        ("kill", (OWN_PID,), (0,)),
        ("kill", (OWN_PID,), (2**64 - 1,)),
        ("tgkill", (OWN_PID, 5), (5, OWN_PID)),
        ("prlimit64", (0,), (1,)),
        ("prlimit64", (OWN_PID,), (1,)),
        ("setpriority", (0, 0), (0, 1)),
        ("sched_setaffinity", (0,), (1,)),
        ("prctl", (PR_SET_NAME,), (PR_SET_PDEATHSIG,)),
        ("personality", (0xFFFFFFFF,), (0x40000,)),
        ("fcntl", (3, 1), (3, F_SETOWN)),
        ("ioctl", (3, 0x5401), (3, FIOSETOWN)),
    ],
)
def test_some_calls_are_refused_by_their_arguments(
    machine: str, name: str, allowed: tuple[int, ...], refused: tuple[int, ...]
) -> None:
    assert answer(machine, name, *allowed) == RET_ALLOW
    assert answer(machine, name, *refused) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_truncation_is_refused_where_the_kernel_would_let_it_through(machine: str) -> None:
    assert answer(machine, "openat", 0, 0, O_TRUNC | 1) == RET_ALLOW
    assert answer(machine, "openat", 0, 0, O_TRUNC | 1, needs=Needs(refuse_truncation=True)) == REFUSE
    assert answer(machine, "openat", 0, 0, 1, needs=Needs(refuse_truncation=True)) == RET_ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_anonymous_shared_memory_is_refused_as_if_there_were_none_left(machine: str) -> None:
    assert answer(machine, "mmap", 0, 0, 0, SHARED_ANONYMOUS) == RET_ERRNO | errno.ENOMEM
    for flags in (PRIVATE_ANONYMOUS, SHARED_FILE):
        assert answer(machine, "mmap", 0, 0, 0, flags) == RET_ALLOW
    needs = Needs(refuse_shared_memory=False)
    assert answer(machine, "mmap", 0, 0, 0, SHARED_ANONYMOUS, needs=needs) == RET_ALLOW


def test_calls_of_other_architectures_end_the_process_and_newer_ones_do_not_exist() -> None:
    program = assemble(policy(OWN_PID, Needs()), "x86_64")
    assert run(program, 0, 0x40000003) == RET_KILL_PROCESS  # 32-bit x86
    assert run(program, X32_BIT, ARCHITECTURES["x86_64"]) == RET_KILL_PROCESS
    assert run(program, NEWEST + 1, ARCHITECTURES["x86_64"]) == RET_ERRNO | errno.ENOSYS
    assert run(program, 0, ARCHITECTURES["x86_64"]) == RET_ALLOW


@pytest.mark.parametrize(("machine", "name", "number"), [("x86_64", "socket", 41), ("aarch64", "socket", 198)])
def test_the_tables_are_those_of_the_architecture(machine: str, name: str, number: int) -> None:
    assert number_of(name, machine) == number
    assert number_of("fork", "aarch64") is None


@pytest.mark.parametrize("machine", MACHINES)
def test_a_job_that_forks_may_start_processes_and_end_them_but_no_programs(machine: str) -> None:
    needs = Needs(forks=True, may_signal=True)
    assert answer(machine, "clone", 17, needs=needs) == RET_ALLOW
    assert answer(machine, "clone", 17 | NEW_USER, needs=needs) == REFUSE
    assert answer(machine, "execve", needs=needs) == REFUSE
    assert answer(machine, "kill", 12, 9, needs=needs) == RET_ALLOW
    for group in (0, 2**64 - 1, 2**64 - 12):
        assert answer(machine, "kill", group, 9, needs=needs) == REFUSE
    assert answer(machine, "kill", 12, 9, needs=Needs(forks=True)) == REFUSE
