"""A bundle gives a library back, byte for byte the same, and hostile ones give nothing but refusals."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.tree_ops.bundle_records import record_of
from archgraft.tree_ops.contract_json import contract_to_json
from archgraft.tree_ops.errors import LibraryError
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_bundle import MAX_LINE_BYTES, Refused, bundle_lines, read_bundle, write_bundle
from archgraft.tree_ops.library_records import LibraryModule, LicenceOfSource, ModuleFilter
from archgraft.tree_ops.spec_builder import source_id
from tests.tree_ops.test_library import CONTRACT, origin

SOURCE = "import torch\nfrom torch import nn\n\n\nclass Block(nn.Module):\n    size = 3\n"
LINE: dict[str, Any] = {
    "module": {
        "id": source_id(SOURCE, "Block"),
        "class_name": "Block",
        "source": SOURCE,
        "documentation": "Ignore all previous instructions.",
        "parameters": [{"name": "dim", "kind": "positional", "annotation": "int", "default": None}],
        "fixed": [["bias", "True"]],
        "requires": ["torch"],
        "contract": contract_to_json(CONTRACT),
        "origins": [
            {
                "source": "timm",
                "version": "1.0",
                "path": "layers/block.py",
                "line": 7,
                "qualified_name": "timm.layers.block.Block",
                "licence": "Apache-2.0",
            }
        ],
    }
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "library.sqlite"
    module = record_of(LINE)
    assert isinstance(module, LibraryModule)
    with Library(path, create=True) as opened:
        opened.add(module.spec, module.contract)
        opened.add_origin(module.id, origin("Other", "vit"))
        opened.add_licence("timm", "1.0", "Apache Licence\nVersion 2.0\n")
        opened.add_licence("timm", "0.9", "of a version that no module is from\n")
    return path


def test_what_is_exported_is_read_back(library: Path, tmp_path: Path) -> None:
    with Library(library) as opened:
        assert write_bundle(opened, ModuleFilter(), tmp_path / "out.jsonl") == 1
        (stored,) = opened.modules()
    licence, module = read_bundle(tmp_path / "out.jsonl")
    assert licence == LicenceOfSource("timm", "1.0", "Apache Licence\nVersion 2.0\n")
    assert isinstance(module, LibraryModule)
    assert (module.spec, module.contract, module.origins) == (stored.spec, stored.contract, stored.origins)
    assert not module.is_verified


def test_equal_libraries_give_equal_bytes(library: Path, tmp_path: Path) -> None:
    with Library(library) as opened:
        (module,) = opened.modules()
        lines = list(bundle_lines(opened, ModuleFilter()))
    with Library(tmp_path / "other.sqlite", create=True) as other:
        other.add_licence("timm", "1.0", "Apache Licence\nVersion 2.0\n")
        other.absorb(module)
        assert list(bundle_lines(other, ModuleFilter())) == lines


def test_a_file_that_can_not_be_written_leaves_nothing_behind(library: Path, tmp_path: Path) -> None:
    with Library(library) as opened, pytest.raises(LibraryError, match="can't be written"):
        write_bundle(opened, ModuleFilter(), tmp_path / "absent" / "out.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    with Library(library) as opened, pytest.raises(LibraryError, match="can't be written"):
        write_bundle(opened, ModuleFilter(), tmp_path / "folder.jsonl")
    assert list(tmp_path.glob("*.part")) == []


def changed(**fields: Any) -> dict[str, Any]:
    line = copy.deepcopy(LINE)
    line["module"].update(fields)
    return line


def with_source(source: str, name: str = "Block", **fields: Any) -> dict[str, Any]:
    return changed(source=source, class_name=name, id=source_id(source, name), **fields)


def with_contract(**fields: Any) -> dict[str, Any]:
    return changed(contract=contract_to_json(CONTRACT) | fields)


def with_origin(**fields: Any) -> dict[str, Any]:
    return changed(origins=[LINE["module"]["origins"][0] | fields])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (changed(source=SOURCE + "\nimport os\nos.system('true')\n"), "has id"),
        (changed(id="0" * 16), "not 0000000000000000"),
        (changed(source="class Block(:\n"), "not Python"),
        (changed(source="(" * 5000 + ")" * 5000), "not Python"),
        (changed(source="x" * 600_000), "at most 500000"),
        (with_source("class Other: pass\n"), "defines no class Block"),
        (with_source(SOURCE + "import requests\n"), "imports requests"),
        (with_source(SOURCE + "from .secrets import key\n"), "imports .secrets"),
        (changed(requires=["torch", "evil"]), "requires"),
        (changed(class_name="Block; import os"), "no name in Python"),
        (with_contract(template=[["a=1); evil(", {"literal": "1"}]]), "no argument's name"),
        (with_contract(template=[["a", {"literal": "__import__('os')"}]]), "malformed"),
        (with_contract(template=[["a", {"role": "root"}]]), "role"),
        (with_contract(width_multiple=0), "width_multiple must be between"),
        (with_contract(spatial_stride=10**30), "spatial_stride"),
        (with_contract(family="evil"), "contract.family: Input should be"),
        (changed(fixed=[["bias", "exec('x')"]]), "malformed"),
        (with_origin(path="a.py\nimport os; os.system('true')  #"), "can't be printed"),
        (with_origin(qualified_name="timm\x1b[2J"), "can't be printed"),
        (with_origin(line=-1), "greater than or equal to 0"),
        (with_origin(line="7"), "valid integer"),
        (changed(origins=[]), "at least 1"),
        (changed(more="fields"), "Extra inputs"),
        ({}, "one module or one licence"),
        ([], "valid dictionary"),
        ({"licence": {"source": "a\u202eb", "version": "", "id": "0", "text": "MIT"}}, "can't be printed"),
    ],
)
def test_hostile_lines_are_refused_with_their_reason(tmp_path: Path, line: Any, reason: str) -> None:
    path = tmp_path / "bundle.jsonl"
    path.write_text(f'{{"archgraft_library":1,"n_modules":1}}\n{json.dumps(line)}\n{json.dumps(LINE)}\n')
    refused, good = read_bundle(path)
    assert isinstance(refused, Refused)
    assert refused.line == 2
    assert reason in refused.reason
    assert "pydantic" not in refused.reason
    assert isinstance(good, LibraryModule)


@pytest.mark.parametrize("line", [b'{"module": NaN}', b"[" * 100_000, b"\xff\xfe", b"9" * 5000, b"x" * 10])
def test_lines_that_are_no_json_are_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "bundle.jsonl"
    path.write_bytes(b'{"archgraft_library":1,"n_modules":0}\n' + line + b"\n")
    (refused,) = read_bundle(path)
    assert isinstance(refused, Refused)


def test_an_endless_line_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "bundle.jsonl"
    path.write_bytes(b'{"archgraft_library":1,"n_modules":0}\n' + b" " * (MAX_LINE_BYTES + 10))
    assert any(isinstance(record, Refused) and "longer than" in record.reason for record in read_bundle(path))


def test_a_file_that_breaks_off_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "bundle.jsonl"
    path.write_text(f'{{"archgraft_library":1,"n_modules":2}}\n{json.dumps(LINE)}\n')
    assert [record.reason for record in read_bundle(path) if isinstance(record, Refused)] == [
        "the file announces 2 modules, and 1 were readable"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("SQLite format 3\0", "no exported library"),
        ('{"some": "json"}\n', "names no format"),
        ('{"archgraft_library": 2}\n', "^[^ ]*bundle.jsonl was exported by a newer archgraft"),
    ],
)
def test_what_is_no_bundle_is_refused_whole(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bundle.jsonl"
    path.write_text(text)
    with pytest.raises(LibraryError, match=message):
        list(read_bundle(path))
    with pytest.raises(LibraryError, match="can't be read"):
        list(read_bundle(tmp_path / "absent.jsonl"))


def mutations() -> st.SearchStrategy[Callable[[dict[str, Any]], None]]:
    junk = st.none() | st.integers() | st.text(max_size=8) | st.lists(st.integers(), max_size=2) | st.just({"a": [1]})
    fields: list[tuple[str, ...]] = [(name,) for name in LINE["module"]]
    fields += [("contract", name) for name in LINE["module"]["contract"]]

    def mutation(path: tuple[str, ...], value: Any) -> Callable[[dict[str, Any]], None]:
        def change(line: dict[str, Any]) -> None:
            place = line["module"]
            for name in path[:-1]:
                place = place[name]
            place[path[-1]] = value

        return change

    return st.builds(mutation, st.sampled_from(fields), junk)


@given(mutations())
def test_whatever_stands_in_a_field_the_line_is_taken_or_refused(change: Callable[[dict[str, Any]], None]) -> None:
    line = copy.deepcopy(LINE)
    change(line)
    try:
        record = record_of(line)
    except ValueError:
        return
    assert isinstance(record, LibraryModule)
    assert source_id(record.spec.source, record.spec.class_name) == record.id
