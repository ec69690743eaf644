"""The command line as a whole: what a user meets before any command runs."""

import subprocess
import sys
from subprocess import CompletedProcess

from archgraft import __version__


def archgraft(*arguments: str) -> CompletedProcess[str]:
    command = [sys.executable, "-c", "from archgraft.agent.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_version_is_the_packages() -> None:
    done = archgraft("--version")
    assert (done.returncode, done.stdout) == (0, f"archgraft {__version__}\n")


def test_an_unknown_command_is_code_2_and_names_the_nearest() -> None:
    done = archgraft("docter")
    assert done.returncode == 2
    assert "doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_option_is_code_2() -> None:
    done = archgraft("doctor", "--colour")
    assert done.returncode == 2
    assert "--colour" in done.stderr


def test_a_wrong_setting_is_code_2_and_one_message() -> None:
    done = archgraft("doctor", "--set", "llm.modle=x")
    assert done.returncode == 2
    assert done.stderr.startswith("archgraft: ")
    assert "llm.model" in done.stderr
