import sys

import pytest

from archgraft.sandbox.darwin.supervisor import SeatbeltSandbox
from archgraft.sandbox.opening import check, open_sandbox
from archgraft.sandbox.protocol import SandboxError
from archgraft.sandbox.supervisor import LocalSandbox


def test_each_system_has_its_own_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    for system, kind in (("linux", LocalSandbox), ("darwin", SeatbeltSandbox)):
        monkeypatch.setattr(sys, "platform", system)
        with open_sandbox() as sandbox:
            assert type(sandbox) is kind


@pytest.mark.parametrize(("system", "advice"), [("win32", "WSL 2"), ("sunos5", "virtual machine")])
def test_other_systems_are_refused_with_advice(monkeypatch: pytest.MonkeyPatch, system: str, advice: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    for attempt in (open_sandbox, check):
        with pytest.raises(SandboxError, match=rf"needs Linux or macOS, but this is {system}: .*{advice}"):
            attempt()


def test_the_sandbox_of_linux_is_for_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with LocalSandbox(training=False) as sandbox, pytest.raises(SandboxError, match="needs Linux, but this is darwin"):
        assert sandbox.canaries
