import os

import pytest

from archgraft.sandbox.darwin.guardian import groups_left
from archgraft.sandbox.darwin.processes import ListedProcess, list_processes, marked, parse, seconds
from archgraft.sandbox.protocol import SandboxError

AS_ON_MACOS = """\
    1     1 Ss     0:12.50   9312 /sbin/launchd
  512   512 S+    61:02.00 204800 /usr/bin/python3 -m archgraft.sandbox.darwin.start token-3- {"cpu_seconds": 1}
  513   512 Z      0:00.00      0 (python3)
  514   514 R      0:00.10   1024 /usr/bin/python3 -m archgraft.sandbox.darwin.start token-31- {}
  515   512 R      0:00.10   1024 (python3)
"""


def test_the_lines_of_ps_are_read_and_the_dead_left_out() -> None:
    found = parse(AS_ON_MACOS)
    assert [process.pid for process in found] == [1, 512, 514, 515]
    assert found[0] == ListedProcess(1, 1, 12.5, 9312 * 1024, "/sbin/launchd")
    assert found[1].cpu_seconds == 61 * 60 + 2


def test_a_job_s_processes_are_told_from_those_of_others() -> None:
    found = parse(AS_ON_MACOS)
    assert [process.pid for process in marked("token-3-", found)] == [512]
    assert [process.pid for process in marked("token-3-", found, group=512)] == [512, 515]
    assert [process.pid for process in marked("token", found)] == [512, 514]


@pytest.mark.parametrize(("text", "expected"), [("0:01.25", 1.25), ("00:01:02", 62.0), ("1-02:03:04", 93_784.0)])
def test_times_are_read_as_any_ps_writes_them(text: str, expected: float) -> None:
    assert seconds(text) == expected


def test_this_process_is_among_those_of_the_machine() -> None:
    [own] = [process for process in list_processes() if process.pid == os.getpid()]
    assert own.memory_bytes > 2**20


def test_a_machine_without_ps_has_no_watchdog_and_no_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archgraft.sandbox.darwin.processes.COMMAND", ("/no/such/ps",))
    with pytest.raises(SandboxError, match="can't be listed"):
        list_processes()


def test_the_guardian_kills_the_groups_that_began_and_did_not_end() -> None:
    assert groups_left(["+11\n", "+12\n", "-11\n", "+13\n"]) == {12, 13}
