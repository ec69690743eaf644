"""The commands of docs/tasks.md work when they are copied: a search for each kind of task, with a small budget."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from archgraft.agent.store.reader import load_run
from tests.agent.small_search import write_library
from tests.architecture.code import ROOT

SMALL = "--set recipe.epochs=1 --set search.n_finalists=1 --set search.finalist_seeds=2"
PAGE = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
SEARCHES = {out: block for block in BLOCKS for out in re.findall(r"--out runs/(\w+)", block)}


def test_the_page_has_a_command_for_each_kind_of_task() -> None:
    assert set(SEARCHES) == {"pictures", "sequences", "text", "table", "mixup"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", SEARCHES)
def test_a_command_of_the_page_searches_and_reports(kind: str, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "LICENSE").symlink_to(ROOT / "LICENSE")
    write_library(tmp_path / "modules.sqlite")
    script = SEARCHES[kind].replace("trials=8", "trials=3").rstrip() + f" {SMALL}\n"
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stdout
    with load_run(tmp_path / "runs" / kind) as run:
        assert len(run.attempts()) == 4
        assert run.sealed_test_used()
    assert (tmp_path / "runs" / kind / "report.html").is_file()
