"""Writes the pages that are made from the code: `python -m docs.generate`, or `--check` to fail when one is stale."""

import os
import re
import sys
from pathlib import Path

import typer
from typer.testing import CliRunner

from archgraft.agent.cli import COMMANDS, application
from archgraft.agent.settings import describe
from archgraft.sandbox.protocol import Sandbox
from archgraft.sandbox.supervisor import LocalSandbox
from docs.edit_examples import table

FOLDER = Path(__file__).parent
_TABLE = re.compile(r"(?<=\n\n)\| operator \|.*?\n(?=\n)", re.DOTALL)
NOTE = "<!-- Made from the code by `make docs`; a test fails when it is stale. -->"


def pages(sandbox: Sandbox) -> dict[Path, str]:
    """Every generated page with the text that it should have."""
    return {
        FOLDER / "commands.md": commands_page(),
        FOLDER / "settings.md": settings_page(),
        FOLDER / "edits.md": edits_page(sandbox),
    }


def edits_page(sandbox: Sandbox) -> str:
    """The page on edits as it stands, its table of examples made anew."""
    return _TABLE.sub(lambda _: table(sandbox) + "\n", (FOLDER / "edits.md").read_text(encoding="utf-8"), count=1)


def stale(sandbox: Sandbox) -> list[Path]:
    """The generated pages that are missing or no longer say what the code says."""
    return [
        page for page, text in pages(sandbox).items() if not page.exists() or page.read_text(encoding="utf-8") != text
    ]


def commands_page() -> str:
    """Each command with its own help text."""
    app = application()
    intro = (
        "Exit codes: 0 done; 1 a defect (the traceback is saved, its path printed); 2 something you can mend (the\n"
        "message says what and how); 3 the sandbox is broken; 4 the answer is no: a refactoring that can't be made, a\n"
        "check that found a difference; 130 interrupted."
    )
    sections = [section for name in COMMANDS for section in command_sections(app, name)]
    return "\n\n".join(["# Commands", NOTE, f"```text\n{help_text(app)}\n```", intro, *sections]) + "\n"


def command_sections(app: typer.Typer, name: str) -> list[str]:
    """A command's help; for one that has commands of its own, theirs too."""
    group = next((group for group in app.registered_groups if group.name == name), None)
    inner = (
        [command.name for command in group.typer_instance.registered_commands] if group and group.typer_instance else []
    )
    return [
        f"{'###' if len(path) > 1 else '##'} archgraft {' '.join(path)}\n\n```text\n{help_text(app, *path)}\n```"
        for path in [(name,), *((name, str(one)) for one in inner)]
    ]


def help_text(app: typer.Typer, *arguments: str) -> str:
    """What `--help` prints in a terminal of 80 columns."""
    shown = CliRunner().invoke(app, [*arguments, "--help"], prog_name="archgraft", env={"COLUMNS": "80"})
    return "\n".join(line.rstrip() for line in shown.stdout.strip().splitlines())


def settings_page() -> str:
    """Every setting with its type, default and help, section by section."""
    intro = (
        "Settings are given in a TOML file (`--settings FILE`, one table per section) or one by one\n"
        "(`--set search.slots=4`); the latter win."
    )
    parts = ["# Settings", NOTE, intro]
    rows = describe()
    for section in dict.fromkeys(row.key.partition(".")[0] for row in rows):
        lines = [f"## {section}", "", "| setting | default | value | meaning |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{row.key}` | `{row.default or '(empty)'}` | {row.type} | {row.help} |"
            for row in rows
            if row.key.startswith(f"{section}.")
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Write the pages, or with `--check` only name those that are stale."""
    with LocalSandbox() as sandbox:
        if "--check" not in sys.argv[1:]:
            for page, text in pages(sandbox).items():
                page.write_text(text, encoding="utf-8")
            return 0
        found = stale(sandbox)
    for page in found:
        print(f"stale: {os.path.relpath(page)}; run: make docs", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
