"""The generated pages say what the code says."""

from archgraft.agent.cli import COMMANDS
from archgraft.agent.settings import describe
from archgraft.sandbox.supervisor import LocalSandbox
from docs.generate import FOLDER, commands_page, settings_page, stale


def test_no_generated_page_is_stale(shared_sandbox: LocalSandbox) -> None:
    assert stale(shared_sandbox) == [], "run: make docs"


def test_every_command_is_documented_with_its_options() -> None:
    page = commands_page()
    assert [name for name in COMMANDS if f"Usage: archgraft {name} " not in page] == []


def test_every_setting_is_documented() -> None:
    page = settings_page()
    assert [row.key for row in describe() if f"`{row.key}`" not in page] == []


def test_the_pages_are_where_readers_look() -> None:
    assert {page.name for page in FOLDER.glob("*.md")} >= {"commands.md", "settings.md"}
