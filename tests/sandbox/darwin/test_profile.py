from pathlib import Path

import pytest

from archgraft.sandbox.darwin import profile
from archgraft.sandbox.darwin.profile import command, interpreter_files

HOSTILE = '") (allow default) (deny file-read* (subpath "\\\n=-p;'


def rules(text: str) -> list[str]:
    """The top-level forms of a profile, each on one line; raises when the parentheses don't match."""
    found, depth, start, quoted = [], 0, 0, False
    lines = [line for line in text.splitlines() if not line.startswith(";")]
    for position, character in enumerate(joined := " ".join(lines)):
        quoted ^= character == '"'
        if not quoted and character == "(":
            start = position if depth == 0 else start
            depth += 1
        if not quoted and character == ")":
            depth -= 1
            if depth == 0:
                found.append(" ".join(joined[start : position + 1].split()))
    if depth or quoted:
        raise ValueError("the profile is not well-formed")
    return found


def test_all_is_denied_first_and_links_last() -> None:
    found = rules(profile.profile(2, 1, forks=False))
    assert found[:2] == ["(version 1)", "(deny default)"]
    assert found.index("(deny file-link)") > max(n for n, rule in enumerate(found) if "file-write" in rule)
    assert not any("network" in rule for rule in found)


def test_python_is_the_only_program_and_a_fork_is_for_jobs_that_may() -> None:
    plain, forking = (rules(profile.profile(1, 2, forks=forks)) for forks in (False, True))
    programs = '(allow process-exec (literal (param "PYTHON_0")) (literal (param "PYTHON_1")))'
    assert [rule for rule in plain if "process-exec" in rule] == [programs]
    assert "(allow process-fork)" not in plain
    assert set(forking) - set(plain) == {"(allow process-fork)", "(allow signal (target same-sandbox))"}


def test_only_the_scratch_and_the_null_device_can_be_written() -> None:
    writing = [rule for rule in rules(profile.profile(3, 1, forks=True)) if "file-write" in rule]
    assert writing == [
        '(allow file-read* file-write-data (literal "/dev/null"))',
        '(allow file-read* file-write* file-map-executable (subpath (param "SCRATCH")))',
    ]


def test_contents_are_read_below_named_folders_only() -> None:
    found = rules(profile.profile(2, 1, forks=False))
    [reading] = [rule for rule in found if rule.startswith("(allow file-read* file-map-executable (literal")]
    assert '(subpath (param "READ_0")) (subpath (param "READ_1")))' in reading
    assert '(literal "/") (subpath' in reading  # the root folder itself, and not what lies below it
    assert '(subpath "/")' not in reading
    assert not any(home in reading for home in ('"/Users', '"/private/tmp', '"/private/etc', '"/Volumes'))


def test_a_hostile_path_is_handed_over_and_never_a_part_of_the_rules(tmp_path: Path) -> None:
    scratch, readable = tmp_path / "scratch", tmp_path / HOSTILE
    readable.mkdir()
    line = command(scratch, [readable], ["python", "-c", "pass"], forks=False)
    text = line[line.index("-p") + 1]
    assert line[0] == "/usr/bin/sandbox-exec"
    assert line[-3:] == ["python", "-c", "pass"]
    assert "allow default" not in text
    definitions = dict(part.split("=", 1) for part in line[2 : line.index("-p") : 2])
    assert definitions["SCRATCH"] == str(scratch.resolve())
    assert str(readable.resolve()) in definitions.values()
    assert {f'(param "{name}")' for name in definitions} == {
        f'(param "{part.split(chr(34))[0]}")' for part in text.split('(param "')[1:]
    }


def test_paths_are_resolved_as_seatbelt_asks(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    line = command(tmp_path / "link", [tmp_path / "link"], [], forks=False)
    assert f"SCRATCH={tmp_path / 'real'}" in line
    assert not any(part.endswith(str(tmp_path / "link")) for part in line)


def test_the_interpreter_of_an_environment_is_allowed_by_its_real_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = tmp_path / "Resources/Python.app/Contents/MacOS/Python"
    real.parent.mkdir(parents=True)
    real.touch()
    (tmp_path / "python3.13").touch()
    (tmp_path / "python").symlink_to("python3.13")
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setattr("sys.base_prefix", str(tmp_path))
    assert interpreter_files() == (tmp_path / "python", tmp_path / "python3.13", real)
