"""Which files a script needs: found by reading it, whatever it holds."""

from pathlib import Path

import pytest

from archgraft.tree_ops.local_imports import local_files


def names(path: Path) -> list[str]:
    return [file.name for file in local_files(path)]


def test_what_is_imported_is_followed(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import torch\nfrom parts import A\n")
    (tmp_path / "parts.py").write_text("import deeper\n")
    (tmp_path / "deeper.py").write_text("import net\n")
    (tmp_path / "other.py").write_text("")
    assert names(tmp_path / "net.py") == ["net.py", "deeper.py", "parts.py"]


@pytest.mark.parametrize(
    "text",
    [
        "print 'hello'\n",
        "x = '\x00'\n",
        "x = " + "-" * 50_000 + "1\n",
        f"import {'x' * 300}\n",
        f"from {'.' * 200} import x\n",
        "from . import *\n",
    ],
    ids=["python 2", "null", "deep", "long", "above the root", "star"],
)
def test_a_file_that_nobody_could_import_needs_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "net.py").write_text(text)
    assert names(tmp_path / "net.py") == ["net.py"]
