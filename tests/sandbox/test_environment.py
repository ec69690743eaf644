from pathlib import Path

import pytest

from archgraft.sandbox.environment import clean_environment


def test_a_child_gets_what_it_needs_and_no_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    monkeypatch.setenv("PYTHONSTARTUP", "/somewhere")
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setenv("HOME", "/home/somebody")
    variables = clean_environment(tmp_path)
    assert not {"OPENAI_API_KEY", "PYTHONSTARTUP"} & variables.keys()
    assert variables["PATH"] == "/bin"
    assert variables["HOME"] == variables["TMPDIR"] == str(tmp_path)
    assert variables["OPENBLAS_NUM_THREADS"] == "1"
