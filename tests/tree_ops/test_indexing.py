"""Reading many files: the same index, whoever reads them and whatever is remembered."""

import dataclasses
import json
import sqlite3
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.file_reading import IndexStep
from archgraft.tree_ops.file_records import FileRecord, read_file
from archgraft.tree_ops.file_texts import FileText, RecentTexts, digest_of
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.index_cache import RULES, IndexCache
from archgraft.tree_ops.index_workers import IndexWorkerError, IndexWorkers
from archgraft.tree_ops.indexing import read_roots
from archgraft.tree_ops.source_files import SourceFile
from archgraft.tree_ops.sources import SourceRoot

STATEMENTS = st.sampled_from(
    [
        "import torch.nn as nn\n",
        "import a.b.c\n",
        "from . import base\n",
        "from ..up import *\n",
        "from __future__ import annotations\n",
        '"""A docstring."""\n',
        "# A comment.\nclass Block(nn.Module):\n    x = 1\n",
        "class Other(Block, base.Thing[int]): ...\n",
        "try:\n    import fast\nexcept ImportError as error:\n    fast = None\n",
        "if TYPE_CHECKING:\n    from typing import Any\nelif True:\n    y = 2\nelse:\n    def y(): ...\n",
        "TABLE = {}\nTABLE['é'] = 1\n",
        "TABLE.update(a=1); z = 3\n",
        "@TABLE.register\ndef f(): ...\n",
        "setattr(f, 'x', 1)\n",
        "with open('x') as (a, b):\n    pass\n",
        "match 1:\n    case [x, *rest]:\n        pass\n",
        "if __name__ == '__main__':\n    f()\n",
        "total += 1\n\n\n",
        "def (:\n",
        "x: int\n",
    ]
)
FILE_NAMES = st.sampled_from(["__init__.py", "net.py", "base.py", "deep/__init__.py", "deep/net.py", "deep/er/one.py"])
TREES = st.dictionaries(FILE_NAMES, st.lists(STATEMENTS, max_size=5).map("".join), min_size=1)


def root(folder: Path, package: str | None = "pkg") -> SourceRoot:
    return SourceRoot("source", "", "unknown", folder, package)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def content(index: SourceIndex) -> list[Any]:
    """All that an index says, the texts of its pieces included."""
    modules = [
        ({f.name: getattr(m, f.name) for f in dataclasses.fields(m) if f.name != "text"}, m.header, m.lines)
        for m in index.modules.values()
    ]
    texts = [[module.text_of(piece) for piece in module.pieces] for module in index.modules.values()]
    return [list(index.modules), modules, texts, index.broken, index.module_classes()]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=TREES)
def test_one_process_several_and_the_cache_give_the_same_index(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]
) -> None:
    place = tmp_path_factory.mktemp("property")
    roots, cache = [root(write(place / "pkg", files))], place / "cache"
    alone = content(SourceIndex.build(roots, n_processes=1))
    assert content(SourceIndex.build(roots, n_processes=2)) == alone
    assert content(SourceIndex.build(roots, n_processes=2, cache=cache)) == alone
    assert content(SourceIndex.build(roots, cache=cache)) == alone


def test_a_record_says_what_parsing_the_text_says(tmp_path: Path) -> None:
    text = "# Licence.\nimport torch.nn as nn\n\n\n# Why.\nclass Net(nn.Module): ...\n"
    folder = write(tmp_path / "pkg", {"net.py": text})
    read = SourceIndex.build([root(folder)]).modules["pkg.net"]
    parsed = SourceIndex.of_texts({"pkg.net": text}).modules["pkg.net"]
    assert (read.pieces, read.bindings, read.classes) == (parsed.pieces, parsed.bindings, parsed.classes)
    assert read.text_of(read.pieces[1]) == "# Why.\nclass Net(nn.Module): ..."
    assert read.header == parsed.header == "# Licence."


def count_parsed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The paths of files that this process parses from now on."""
    parsed: list[Path] = []

    def counted(name: str, path: Path) -> FileRecord:
        parsed.append(path)
        return read_file(name, path)

    monkeypatch.setattr("archgraft.tree_ops.file_reading.read_file", counted)
    return parsed


def test_only_what_changed_is_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "pkg", {"a.py": "x = 1\n", "b.py": "y = 1\n", "bad.py": "def (:\n"})
    SourceIndex.build([root(folder)], cache=tmp_path / "cache")
    parsed = count_parsed(monkeypatch)
    again = SourceIndex.build([root(folder)], cache=tmp_path / "cache")
    assert (parsed, len(again.broken)) == ([], 1)
    write(folder, {"b.py": "z = 1\n"})
    changed = SourceIndex.build([root(folder)], cache=tmp_path / "cache")
    assert parsed == [folder / "b.py"]
    assert list(changed.modules["pkg.b"].bindings) == ["z"]


def test_equal_text_in_another_module_has_its_own_record(tmp_path: Path) -> None:
    files = {"a/net.py": "from .x import y\n", "b/net.py": "from .x import y\n", "c/__init__.py": "from .x import y\n"}
    for _ in range(2):
        index = SourceIndex.build([root(write(tmp_path / "pkg", files))], cache=tmp_path / "cache")
        found = {name: module.bindings["y"][0].imported for name, module in index.modules.items() if "pkg" in name}
        assert {name: one and one.module for name, one in found.items()} == {
            "pkg.a.net": "pkg.a.x",
            "pkg.b.net": "pkg.b.x",
            "pkg.c": "pkg.c.x",
        }


def test_all_code_that_decides_what_a_record_says_is_part_of_its_key() -> None:
    program = (
        "import sys, archgraft.tree_ops.file_records\nprint(*(n for n in sys.modules if n.startswith('archgraft.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.rpartition(".")[2] for name in done.stdout.split()}
    assert loaded - {"tree_ops", "errors", "sources", "source_files"} <= set(RULES)


def flip_a_byte_of_each_record(path: Path) -> None:
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT key, record FROM records").fetchall()
        damaged = [(record[:-1] + bytes([record[-1] ^ 1]), key) for key, record in rows]
        database.executemany("UPDATE records SET record = ? WHERE key = ?", damaged)
    database.close()


def swap_records(path: Path) -> None:
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT key, record FROM records").fetchall()
        database.executemany(
            "UPDATE records SET record = ? WHERE key = ?", [(r, k) for (k, _), (_, r) in zip(rows, rows[::-1])]
        )
    database.close()


def make_foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE records (something TEXT)")
    database.close()


@pytest.mark.parametrize(
    "damage",
    [
        flip_a_byte_of_each_record,
        swap_records,
        make_foreign,
        lambda path: path.write_bytes(b"not a database, but long enough to be looked at" * 100),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(b""),
    ],
    ids=["flipped", "swapped", "foreign", "no database", "truncated", "empty"],
)
def test_a_damaged_cache_is_rebuilt_and_never_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    files = {f"m{number}.py": f"import torch\n\n\ndef f{number}(): ...\n" * 3 for number in range(40)}
    roots, cache = [root(write(tmp_path / "pkg", files))], tmp_path / "cache"
    expected = content(SourceIndex.build(roots, cache=cache))
    damage(cache / "index.sqlite")
    assert content(SourceIndex.build(roots, cache=cache)) == expected
    SourceIndex.build(roots, cache=cache)
    parsed = count_parsed(monkeypatch)
    rebuilt = SourceIndex.build(roots, cache=cache)
    assert (parsed, rebuilt.cache_problem, content(rebuilt)) == ([], "", expected)


def test_a_cache_that_cannot_be_written_is_said_and_done_without(tmp_path: Path) -> None:
    folder = write(tmp_path / "pkg", {"a.py": "x = 1\n"})
    (tmp_path / "cache").write_text("in the way")
    index = SourceIndex.build([root(folder)], cache=tmp_path / "cache")
    assert "pkg.a" in index.modules
    assert index.cache_problem
    (tmp_path / "other" / "index.sqlite").mkdir(parents=True)
    assert SourceIndex.build([root(folder)], cache=tmp_path / "other").cache_problem


def test_the_cache_stays_within_its_bound_and_forgets_what_was_not_asked_for(tmp_path: Path) -> None:
    cache = IndexCache(tmp_path, max_bytes=200_000)
    old, new = cache.key("0", "old", is_package=False), cache.key("1", "new", is_package=False)
    cache.store({old: "old"})
    with sqlite3.connect(tmp_path / "index.sqlite") as database:
        database.execute("UPDATE records SET used = used - 5")
    database.close()
    cache.store({new: "new"})
    for number in range(40):
        key = cache.key(str(number), "filler", is_package=False)
        cache.store({key: json.dumps([digest_of(f"{number} {part}".encode()) for part in range(500)])})
    assert (tmp_path / "index.sqlite").stat().st_size < 300_000
    assert list(cache.find([old, key])) == [key]
    assert cache.problem == ""
    cache.close()


def test_processes_may_share_a_cache(tmp_path: Path) -> None:
    folder = write(tmp_path / "pkg", {f"m{number}.py": f"x{number} = 1\n" for number in range(60)})
    program = (
        "import sys; from pathlib import Path\n"
        "from archgraft.tree_ops.index import SourceIndex; from archgraft.tree_ops.sources import SourceRoot\n"
        "root = SourceRoot('s', '', 'unknown', Path(sys.argv[1]), 'pkg')\n"
        "index = SourceIndex.build([root], cache=Path(sys.argv[2]))\n"
        "print(len([n for n in index.modules if n.startswith('pkg.')]), repr(index.cache_problem))"
    )
    command = [sys.executable, "-c", program, str(folder), str(tmp_path / "cache")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0].strip() for process in running] == ["60 ''"] * 3


def test_progress_reaches_all_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "pkg", {f"m{number}.py": "x = 1\n" for number in range(5)})
    for n_processes in (1, 2):
        steps: list[IndexStep] = []
        reading = read_roots([root(folder)], RecentTexts(), n_processes=n_processes, progress=steps.append)
        assert len(reading.modules) == 5
        assert steps[-1] == IndexStep(5, 5)
        assert [step.n_done for step in steps] == sorted(step.n_done for step in steps)


def test_a_reading_process_that_is_killed_names_the_file_it_was_at(tmp_path: Path) -> None:
    path = write(tmp_path, {"net.py": "x = 1\n"}) / "net.py"
    workers = IndexWorkers(2)
    try:
        for worker in workers.workers:
            worker.kill()
        with pytest.raises(IndexWorkerError, match=r"ended by SIGKILL while it was at .*net.py"):
            list(workers.read([[SourceFile("net", path, root(tmp_path))]]))
    finally:
        workers.close()


def test_reading_processes_run_nothing_of_the_folder_they_are_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    traps = {
        f"{name}.py": "raise SystemExit('executed')\n" for name in ("json", "ast", "tokenize", "archgraft", "site")
    }
    monkeypatch.chdir(write(tmp_path, traps))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    index = SourceIndex.build([root(tmp_path, None)], n_processes=2)
    assert {"json", "ast", "tokenize"} <= set(index.modules)


def test_the_index_of_a_large_tree_is_small(tmp_path: Path) -> None:
    text = "x = 1\n" + "# A long comment.\n" * 10_000
    folder = write(tmp_path / "pkg", {f"m{number}.py": text for number in range(30)})
    tracemalloc.start()
    index = SourceIndex.build([root(folder)], n_processes=1)
    n_bytes, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(index.modules) >= 30
    assert n_bytes < len(text) * 3
    assert peak < len(text) * 30


def test_no_text_is_held_but_of_the_files_asked_for_last(tmp_path: Path) -> None:
    recent = RecentTexts(max_characters=100)
    texts = []
    for number in range(3):
        path = tmp_path / f"{number}.py"
        path.write_text(f"x = {number}\n" * 8)
        texts.append(FileText(path, digest_of(path.read_bytes()), recent))
    assert [text.lines()[0] for text in texts] == ["x = 0\n", "x = 1\n", "x = 2\n"]
    for path in tmp_path.iterdir():
        path.unlink()
    assert texts[2].lines()[0] == "x = 2\n"
    with pytest.raises(SourceError, match=r"0.py can't be read any more"):
        texts[0].lines()


def test_a_file_that_changed_is_not_cut_by_the_old_lines(tmp_path: Path) -> None:
    folder = write(tmp_path / "pkg", {"net.py": "x = 1\ny = 2\n"})
    module = SourceIndex.build([root(folder)]).modules["pkg.net"]
    write(folder, {"net.py": "# Another line.\nx = 1\ny = 2\n"})
    with pytest.raises(SourceError, match=r"net.py has changed since it was indexed"):
        module.text_of(module.pieces[0])


LIMITED = """
import resource, sys
from pathlib import Path
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.sources import SourceRoot
folder, cache, archive = map(Path, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
index = SourceIndex.build([SourceRoot("s", "", "unknown", folder, "pkg")], cache=cache)
print(len(index.modules) > 200, bool(index.cache_problem))
try:
    resolve(str(archive), cache)
except SourceError as error:
    print(error)
"""


def test_a_full_disk_costs_the_cache_and_nothing_else(tmp_path: Path) -> None:
    folder = write(tmp_path / "pkg", {f"m{number}.py": f"x{number} = 1\n" for number in range(250)})
    with zipfile.ZipFile(tmp_path / "nets.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net.py", "x = 1\n" * 9_000)
    command = [sys.executable, "-c", LIMITED, str(folder), str(tmp_path / "cache"), str(tmp_path / "nets.zip")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[0] == "True True"
    assert "can't be written: File too large" in said
    assert list((tmp_path / "cache" / "archives").iterdir()) == []
    index = SourceIndex.build([root(folder)], cache=tmp_path / "cache")
    assert (len(index.modules) > 200, index.cache_problem) == (True, "")


def test_where_no_process_can_be_started_this_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "pkg", {"a.py": "x = 1\n"})
    for executable in (str(tmp_path / "nowhere"), "", None):
        monkeypatch.setattr(sys, "executable", executable)
        assert "pkg.a" in SourceIndex.build([root(folder)], n_processes=2).modules


def test_processes_that_end_at_once_are_said_to_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "pkg", {"a.py": "x = 1\n"})
    (tmp_path / "python").write_text("#!/bin/sh\necho no memory >&2\nexit 3\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(SourceError, match=r"ended with status 3 while it was at .* \(no memory\)"):
        SourceIndex.build([root(folder)], n_processes=2)
