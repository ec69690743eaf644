"""`archgraft library`, as people type it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from archgraft.agent.cli import application
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import LibraryModule
from archgraft.tree_ops.spec import Origin
from tests.agent.small_search import CONV_BLOCK
from tests.agent.test_library_exchange import MODULES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three modules and a rejection."""
    path = tmp_path / "modules.sqlite"
    with Library(path, create=True) as library:
        for module in MODULES:
            library.add(module.spec, module.contract)
        library.add_licence("tests", "1", "MIT, whole text")
        library.add_rejection(Origin("attic", "2", "a.py", 1, "attic.Loss", "MIT"), "forward", "two inputs")
    return path


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(application(("library", "mine")), [str(argument) for argument in arguments])


def answer(*arguments: str | Path) -> Any:
    done = command(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_filters_keep_what_they_say(path: Path) -> None:
    def names(*options: str) -> set[str]:
        return {module["class_name"] for module in answer("library", "list", "--library", path, *options)}

    assert names() == {"ConvBlock", "TokenMixer", "Breaks"}
    assert names("--max-lines", "13") == {"Breaks", "TokenMixer"}
    assert names("--text", "depthwise") == {"ConvBlock"}
    assert (
        names("--causal") == names("--stride", "1") == names("--licence", "mit") == names("--kind", "layer") == names()
    )
    assert names("--not-causal") == names("--projects") == names("--licence", "GPL-3.0-only") == set()
    assert names("--max-parameters", "0") == set()


def test_a_module_is_shown_with_contract_origin_licence_and_source(path: Path) -> None:
    shown = command("library", "show", MODULES[0].id[:8], "--library", path).stdout
    assert "tests.small.ConvBlock, tests 1, small.py:1, licence MIT (text " in shown
    assert "# family: gate" in shown
    assert "class ConvBlock(nn.Module):" in shown
    assert answer("library", "show", MODULES[0].id, "--library", path)["representative"] == MODULES[0].id


def test_what_a_terminal_would_obey_is_shown_as_text(tmp_path: Path) -> None:
    path, module = tmp_path / "modules.sqlite", MODULES[0]
    hostile = dataclasses.replace(module.spec, documentation="\x1b[2Jgone\u202e", source=CONV_BLOCK + "# \x1b[31m\n")
    with Library(path, create=True) as library:
        library.absorb(LibraryModule(hostile, module.contract, module.origins, is_verified=False))
        library.add_rejection(dataclasses.replace(module.spec.origin, qualified_name="a.\x1bB"), "forward", "\x1b]0;x")
    shown = command("library", "show", module.id, "--library", path).stdout
    assert "#   | \\x1b[2Jgone\\u202e" in shown
    assert "UNVERIFIED" in shown
    listed = command("library", "rejected", "--library", path).stdout
    assert "a.\\x1bB" in listed
    assert "\x1b" not in shown + listed


def test_the_nearest_modules_of_a_class_in_a_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(CONV_BLOCK.replace("ConvBlock", "Mine").replace("depthwise", "spatial"))
    found = answer("library", "like", f"{tmp_path}/mine.py:Mine", "--library", path, "-n", "2")
    assert found[0]["qualified_name"] == "tests.small.ConvBlock"
    assert found[0]["distance"] < 0.6 < found[1]["distance"]
    assert "shares" in found[0]["reason"]
    shown = command("library", "like", MODULES[0].id[:6], "--library", path)
    assert MODULES[0].id not in shown.stdout
    assert "same family, layout" in shown.stdout


def test_counts(path: Path) -> None:
    stats = answer("library", "stats", "--library", path)
    assert (stats["n_modules"], stats["n_groups"], stats["n_offered"], stats["cap"]) == (3, 3, 3, None)
    assert stats["offered_by_family"] == {"gate": 3}
    assert stats["sources"][0]["by_rejection"] == {"forward": 1}
    assert "3 modules in 3 groups" in command("library", "stats", "--library", path).stdout


def test_a_library_goes_into_a_file_and_out_of_it(path: Path, tmp_path: Path) -> None:
    out, new = tmp_path / "out.jsonl", tmp_path / "new.sqlite"
    assert answer("library", "export", out, "--library", path)["n_modules"] == 3
    assert answer("library", "import", out, "--library", new, "--no-probe")["n_added"] == 3
    assert command("library", "list", "--all", "--library", new).stdout.count("unverified") == 3
    merged, again = answer("library", "merge", path, path, "--library", new)
    assert (merged["n_verified"], merged["n_rejections"]) == (3, 1)
    assert (again["library"], again["n_known"], again["n_rejections"]) == (str(path), 3, 0)
    assert "\n3 of 3 modules; 3 are offered" in command("library", "list", "--library", new).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("list", "--source", "test"), "nothing was mined from 'test': did you mean 'tests'? "),
        (("rejected", "--source", "atic"), "did you mean 'attic'?"),
        (("list", "--source", "nonsense"), "holds attic, tests"),
        (("list", "--kind", "head"), "use one of layer, block"),
        (("show", "zz"), "no module has an id that starts with 'zz'"),
        (("like", "absent.py:Net"), "no such file: absent.py"),
        (("export", "/nowhere/out.jsonl"), "can't be written"),
        (("import", "absent.jsonl"), "can't be read"),
        (("merge", "absent.sqlite"), "there is no library at absent.sqlite"),
    ],
)
def test_what_the_user_can_mend_is_one_message_and_code_2(path: Path, arguments: tuple[str, ...], message: str) -> None:
    done = command("library", *arguments, "--library", path)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.startswith("archgraft: ")


def test_an_import_that_takes_nothing_says_why_and_leaves_no_library(tmp_path: Path, path: Path) -> None:
    out, new = tmp_path / "out.jsonl", tmp_path / "new.sqlite"
    command("library", "export", out, "--library", path)
    first, *rest = out.read_text().splitlines()
    out.write_text("\n".join([first, *(line.replace("nn.Module", "nn.Modul") for line in rest)]) + "\n")
    done = command("library", "import", out, "--library", new, "--no-probe")
    assert done.exit_code == 2
    assert "all of it was refused" in done.stderr
    assert "the source of" in done.stderr
    assert not new.exists()
    assert command("library", "import", out, "--library", path, "--no-probe").exit_code == 2
    assert len(answer("library", "list", "--library", path)) == 3
    out.write_text(first.replace(":3", ":0") + "\n")
    done = command("library", "import", out, "--library", new, "--no-probe")
    assert (done.exit_code, new.exists()) == (2, False)
    assert "holds no modules" in done.stderr


def test_a_failed_import_makes_no_library(tmp_path: Path) -> None:
    good = tmp_path / "good.sqlite"
    Library(good, create=True).close()
    for arguments in (("import", "absent.jsonl"), ("merge", "absent.sqlite"), ("merge", good, "absent.sqlite")):
        assert command("library", *arguments, "--library", tmp_path / "new.sqlite").exit_code == 2
    assert list(tmp_path.iterdir()) == [good]


@pytest.mark.parametrize("text", ["", "x = 1", "class Plain:\n    pass", "def (:"])
def test_a_source_with_nothing_to_mine_makes_no_library(tmp_path: Path, text: str) -> None:
    source = tmp_path / "notes.py"
    source.write_text(text)
    done = command("mine", source, "--library", tmp_path / "new.sqlite")
    assert done.exit_code == 2
    assert "notes.py" in done.stderr
    assert list(tmp_path.iterdir()) == [source]


def test_the_old_way_to_type_it_is_told_the_new_one() -> None:
    done = command("library", "modules.sqlite")
    assert done.exit_code == 2
    assert "archgraft library list --library modules.sqlite" in " ".join(done.stderr.split())
