"""Law 11: `archgraft --help` answers at once."""

import json
import subprocess
import sys
from typing import Any

import pytest

from archgraft.agent.cli import COMMANDS

HEAVY = (
    "torch",
    "litellm",
    "openai",
    "optuna",
    "sqlalchemy",
    "plotly",
    "sklearn",
    "libcst",
    "numpy",
    "scipy",
    "pydantic",
)
CPU_SECONDS = 0.3

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


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_is_light(command: str) -> None:
    answer = help_of(command)
    assert answer["code"] == 0
    assert f"archgraft {command}" in answer["shown"]
    assert answer["loaded"] == []
    # CPU time, which a busy machine stretches little; the best of three leaves first-run caching out.
    assert min(answer["cpu_seconds"], help_of(command)["cpu_seconds"], help_of(command)["cpu_seconds"]) < CPU_SECONDS


def test_the_general_help_is_light_and_lists_every_command() -> None:
    answer = help_of()
    assert [command for command in COMMANDS if command not in answer["shown"]] == []
    assert answer["loaded"] == []
    assert min(answer["cpu_seconds"], help_of()["cpu_seconds"], help_of()["cpu_seconds"]) < CPU_SECONDS
