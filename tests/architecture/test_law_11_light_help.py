"""Law 11: `archgraft --help` answers at once."""

import json
import subprocess
import sys
from typing import Any

import pytest

from archgraft.agent.cli import COMMANDS

HEAVY = ("torch", "litellm", "openai", "optuna", "sqlalchemy", "plotly", "sklearn", "libcst", "numpy", "scipy", "rich")
CPU_SECONDS = 0.3
FLOORS = 4
"""On a machine that other work slows down, the limit is so many times what importing typer alone takes there."""
N_TRIES = 6

PROGRAM = """
import io, json, sys, time
from contextlib import redirect_stdout
from archgraft.agent.cli import main
shown = io.StringIO()
with redirect_stdout(shown):
    try:
        main({arguments!r})
    except SystemExit as stop:
        code = stop.code
loaded = [name for name in {heavy!r} if name in sys.modules]
print(json.dumps(dict(code=code, shown=shown.getvalue(), loaded=loaded, cpu_seconds=time.process_time())))
"""


def help_of(*arguments: str) -> dict[str, Any]:
    program = PROGRAM.format(arguments=[*arguments, "--help"], heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def floor_seconds() -> float:
    """CPU time that importing typer alone takes at this moment."""
    program = "import time, typer; print(time.process_time())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return float(done.stdout)


def is_quick(*arguments: str) -> bool:
    """Whether one of a few tries keeps the limit: all else that the machine does only ever adds to the time."""
    return any(help_of(*arguments)["cpu_seconds"] < max(CPU_SECONDS, FLOORS * floor_seconds()) for _ in range(N_TRIES))


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_is_light(command: str) -> None:
    answer = help_of(command)
    assert answer["code"] == 0
    assert f"archgraft {command}" in answer["shown"]
    assert answer["loaded"] == []
    assert answer["cpu_seconds"] < CPU_SECONDS or is_quick(command)


def test_the_general_help_is_light_and_lists_every_command() -> None:
    answer = help_of()
    assert [command for command in COMMANDS if command not in answer["shown"]] == []
    assert answer["loaded"] == []
    assert answer["cpu_seconds"] < CPU_SECONDS or is_quick()
