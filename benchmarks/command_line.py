"""How long `archgraft --help` and each command's help take: CPU time of a fresh interpreter, of five runs.

Run: python -m benchmarks.command_line
"""

import os
import statistics
import subprocess
import sys

from rich.console import Console
from rich.table import Table

from archgraft.agent.cli import COMMANDS

N_RUNS = 5


def cpu_seconds(arguments: list[str]) -> float:
    """User and system time of one run."""
    before = os.times()
    command = [sys.executable, "-c", "from archgraft.agent.cli import main; main()", *arguments]
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Print the table."""
    table = Table("command", "best (s)", "median (s)", title=f"help, CPU seconds, {N_RUNS} runs each")
    for arguments in (["--help"], *([name, "--help"] for name in COMMANDS)):
        seconds = [cpu_seconds(arguments) for _ in range(N_RUNS)]
        table.add_row(" ".join(["archgraft", *arguments]), f"{min(seconds):.3f}", f"{statistics.median(seconds):.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
