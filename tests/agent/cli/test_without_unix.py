"""Where there is no Unix: what needs no sandbox works, and what needs one is refused with advice.

A process of its own hides the modules and functions that Windows lacks, once the libraries of others are loaded: those
choose their own way by the system's name, which stays.
"""

import json
import subprocess
import sys
from pathlib import Path

from archgraft.agent.store.opening import open_run
from tests.agent.synthetic import run_info

HIDE = """
import contextlib, io, json, os, socket, subprocess, sys, tempfile
import numpy, platformdirs, pydantic, rich.console, sqlalchemy, typer  # these know what to do on Windows
for name in ("fcntl", "resource", "pwd", "grp", "termios", "pty", "syslog"):
    sys.modules[name] = None
for name in ("fork", "getuid", "geteuid", "sysconf", "sched_getaffinity", "setsid", "getpgid", "killpg", "wait4",
             "pipe2", "O_PATH", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "WNOHANG"):
    delattr(os, name)
import archgraft.sandbox.opening
class Windows:
    platform = "win32"
archgraft.sandbox.opening.sys = Windows
from archgraft.agent.cli import main
ended = []
for arguments in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as error:
        try:
            main(arguments)
        except SystemExit as stop:
            ended.append([stop.code, out.getvalue(), error.getvalue()])
print(json.dumps(ended))
"""
NEED_THE_SANDBOX = (
    ["mine", "torch.nn"],
    ["tree", "net.py:Net()"],
    [
        "search",
        "net.py:Net()",
        "--task",
        "digits",
        "--library",
        "modules.sqlite",
        "--budget",
        "trials=1",
        "--out",
        "new",
    ],
)
NEED_NONE = (["--help"], ["mine", "--help"], ["status", "run"], ["report", "run"])


def test_what_needs_the_sandbox_is_refused_and_the_rest_works(tmp_path: Path) -> None:
    open_run(tmp_path / "run", run_info()).close()
    commands = json.dumps([*NEED_THE_SANDBOX, *NEED_NONE, ["doctor"]])
    command = [sys.executable, "-c", HIDE, commands]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    *others, (doctor_code, doctor_said, _) = json.loads(done.stdout)
    for code, said, error in others[: len(NEED_THE_SANDBOX)]:
        assert (code, said) == (3, ""), error
        assert error.startswith("archgraft: ")
        assert "this is win32: install WSL 2" in error
    for code, _, error in others[len(NEED_THE_SANDBOX) :]:
        assert (code, error) == (0, "")
    assert doctor_code == 2
    assert "install WSL 2" in doctor_said
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    assert (tmp_path / "run" / "report.html").exists()
