"""A library keeps what was mined, and refuses files that it can't vouch for."""

import dataclasses
import sqlite3
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.tree_ops.contract import Contract, Role, RoleName
from archgraft.tree_ops.contract_json import contract_from_json, contract_to_json
from archgraft.tree_ops.errors import LibraryError
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_records import LibraryModule, ModuleFilter
from archgraft.tree_ops.spec import ModuleSpec, Origin, Parameter

CONTRACT = Contract(
    layout="map",
    template=(("in_chs", Role("in_width")), ("planes", Role("in_width", divisor=4)), ("kernel", (3, 3)), ("act", None)),
    width="preserve",
    width_multiple=4,
    spatial_stride=1,
    family="convolution",
    causal=False,
    mutates_input=False,
    n_parameters=10,
    flops=20,
    probe_widths=(32, 32),
    position_multiple=2,
)


def origin(name: str, source: str = "timm", version: str = "1.0") -> Origin:
    return Origin(source, version, "layers/block.py", 7, f"{source}.layers.block.{name}", "Apache-2.0")


def spec(module_id: str = "0123456789abcdef", name: str = "Block", source: str = "timm") -> ModuleSpec:
    return ModuleSpec(
        id=module_id,
        class_name=name,
        source=f"class {name}: number = {module_id!r}  # ünïcode\n",
        parameters=(Parameter("in_chs", "positional", "int", None), Parameter("planes", "keyword", None, "4")),
        requires=("torch",),
        origin=origin(name, source),
        n_lines=1,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "library.db"


def test_a_module_comes_back_as_it_was_stored(path: Path) -> None:
    with Library(path, create=True) as library:
        library.add(spec(), CONTRACT)
    with Library(path) as library:
        found = library.get("0123456789abcdef")
    assert (found.spec, found.contract, found.origins) == (spec(), CONTRACT, (origin("Block"),))


def test_equal_code_has_one_entry_and_all_its_origins(path: Path) -> None:
    with Library(path, create=True) as library:
        library.add(spec(), CONTRACT)
        library.add(spec(source="attic"), CONTRACT)
        library.add_origin("0123456789abcdef", origin("Copy"))
        (found,) = library.modules()
        assert [place.qualified_name for place in found.origins] == [
            "attic.layers.block.Block",
            "timm.layers.block.Block",
            "timm.layers.block.Copy",
        ]
        assert found.spec.origin == found.origins[0]
        assert len(library) == 1


def test_a_class_that_is_mined_again_replaces_what_was_known_of_it(path: Path) -> None:
    with Library(path, create=True) as library:
        library.add_rejection(origin("Block"), "construct", "no value is known for `cfg`")
        library.add(spec("a" * 16), CONTRACT)
        assert library.rejections() == ()
        library.add(spec("b" * 16), CONTRACT)
        assert [module.id for module in library.modules()] == ["b" * 16]
        library.add_rejection(origin("Block"), "contract", "mixes samples")
        assert len(library) == 0
        assert library.known_names("timm", "1.0") == {"timm.layers.block.Block"}


def test_an_origin_for_a_module_that_is_not_there_is_refused(path: Path) -> None:
    with Library(path, create=True) as library, pytest.raises(KeyError):
        library.add_origin("f" * 16, origin("Block"))


def test_modules_are_filtered_and_in_the_order_of_their_ids(path: Path) -> None:
    attention = dataclasses.replace(CONTRACT, family="attention", layout="sequence")
    with Library(path, create=True) as library:
        library.add(spec("c" * 16, "Attention", "vit"), attention)
        library.add(spec("a" * 16, "ConvBlock"), CONTRACT)
        library.add(spec("b" * 16, "Bottleneck"), CONTRACT)
        assert [m.id[0] for m in library.modules()] == ["a", "b", "c"]
        assert [m.id[0] for m in library.modules(ModuleFilter(family="convolution"))] == ["a", "b"]
        assert [m.id[0] for m in library.modules(ModuleFilter(layout="sequence"))] == ["c"]
        assert [m.id[0] for m in library.modules(ModuleFilter(source="vit"))] == ["c"]
        assert [m.id[0] for m in library.modules(ModuleFilter(text="bottle"))] == ["b"]
        assert library.modules(ModuleFilter(text="ATTENTION", family="convolution")) == ()


def test_counts_tell_what_a_source_gave(path: Path) -> None:
    with Library(path, create=True) as library:
        library.add(spec("a" * 16, "ConvBlock"), CONTRACT)
        library.add(spec("a" * 16, "SameBlock"), CONTRACT)
        library.add_rejection(origin("Loss"), "forward", "forward needs 2 inputs")
        library.add_rejection(origin("Thing", "vit"), "closure", "needs scipy")
        timm, vit = library.counts()
    assert (timm.source, timm.n_classes, timm.n_modules) == ("timm", 3, 1)
    assert (timm.by_family, timm.by_rejection) == ((("convolution", 1),), (("forward", 1),))
    assert (vit.n_classes, vit.n_modules, vit.by_rejection) == (1, 0, (("closure", 1),))


def test_rejections_are_found_by_text(path: Path) -> None:
    with Library(path, create=True) as library:
        library.add_rejection(origin("Loss"), "forward", "forward needs 2 inputs (x, target), not one")
        library.add_rejection(origin("Wrapper"), "construct", "no value is known")
        assert [r.qualified_name for r in library.rejections(text="TARGET")] == ["timm.layers.block.Loss"]
        assert [r.kind for r in library.rejections(source="timm")] == ["forward", "construct"]
        assert library.rejections(source="vit") == ()


def test_a_library_made_by_a_newer_version_is_refused_with_both_numbers(path: Path) -> None:
    Library(path, create=True).close()
    with sqlite3.connect(path) as connection:
        connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(LibraryError, match=r"made by a newer archgraft \(schema 99, this one reads up to 2\): upgrade"):
        Library(path)


@pytest.mark.parametrize("create", [True, False])
def test_files_that_are_no_libraries_are_refused_and_left_alone(tmp_path: Path, create: bool) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.db"
    text.write_text("this is certainly not a database, whatever its name says " * 20)
    with sqlite3.connect(other) as connection:
        connection.execute("create table somebody_elses (x)")
    connection.close()
    for file in (text, other):
        before = file.read_bytes()
        with pytest.raises(LibraryError, match="is not an archgraft library"):
            Library(file, create=create)
        assert file.read_bytes() == before


def test_a_missing_library_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="archgraft mine SOURCE"):
        Library(tmp_path / "none.db")


def test_a_folder_that_cannot_be_made_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LibraryError, match="can't be"):
        Library(tmp_path / "file" / "library.db", create=True)
    with pytest.raises(LibraryError, match="is no file, so it can't be a library"):
        Library(tmp_path, create=True)


def test_a_library_that_another_process_holds_is_the_users_to_mend(path: Path) -> None:
    with Library(path, create=True, busy_seconds=0.0) as library:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("begin exclusive")
        with pytest.raises(LibraryError, match="locked"):
            library.add(spec(), CONTRACT)
        other.rollback()
        other.close()
        library.add(spec(), CONTRACT)


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.tuples(inner, inner) | st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
ROLES = st.builds(Role, st.sampled_from(get_args(RoleName)), st.integers(1, 8), st.integers(1, 8))


NAMES = st.from_regex(r"[a-zà-ö_][a-z0-9_]{5}", fullmatch=True)


@given(st.lists(st.tuples(NAMES, LITERALS | ROLES), max_size=4))
def test_contracts_survive_json_whatever_their_arguments(template: list[tuple[str, object]]) -> None:
    contract = dataclasses.replace(CONTRACT, template=tuple(template))
    assert contract_from_json(contract_to_json(contract)) == contract


@pytest.mark.parametrize(
    "change",
    [
        {"layout": "cube"},
        {"flops": "many"},
        {"template": 3},
        {"template": [["a", 1]]},
        {"template": [["a=print(1)) #", {"literal": "1"}]]},
        {"template": [["lambda", {"literal": "1"}]]},
        {"width_multiple": 0},
        {"probe_widths": []},
        {"flops": -1},
        {"fingerprint": "x\n"},
        {"kind": "model"},
        {"template": [["a", {"role": "in_width", "divisor": 0}]]},
        {"template": [["a", {"role": "depth"}]]},
        {"template": [["a", {"expression": "(map_height, map_depth)"}]]},
        {"square": "maybe"},
    ],
)
def test_data_that_is_no_contract_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        contract_from_json(contract_to_json(CONTRACT) | change)


def test_contracts_from_before_there_were_sizes_ask_for_none() -> None:
    fields = contract_to_json(CONTRACT)
    del fields["square"]
    old = contract_from_json(fields)
    assert not old.square
    assert not old.is_sized


def test_an_empty_file_is_no_library_until_something_is_mined_into_it(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.write_bytes(b"")
    with pytest.raises(LibraryError, match="is an empty file, not a library"):
        Library(path)
    assert path.read_bytes() == b""
    Library(path, create=True).close()
    Library(path).close()


def test_a_search_is_offered_one_of_each_group_and_no_claims(path: Path) -> None:
    same = dataclasses.replace(CONTRACT, fingerprint="1" * 16)
    with Library(path, create=True) as library:
        library.add(spec("a" * 16, "First"), same)
        library.add(spec("b" * 16, "Second"), same)
        library.add(spec("c" * 16, "Narrow"), dataclasses.replace(same, width_multiple=8))
        library.add(spec("d" * 16, "Elsewhere"), dataclasses.replace(same, layout="sequence"))
        library.absorb(LibraryModule(spec("e" * 16, "Claimed"), CONTRACT, (origin("Claimed"),), is_verified=False))
        assert [module.id[0] for module in library.modules()] == ["a", "d"]
        assert [module.id[0] for module in library.modules(everything=True)] == ["a", "b", "c", "d", "e"]
        assert library.representatives()["c" * 16] == "a" * 16


def test_a_cap_holds_for_each_source_and_is_shared_by_its_families(path: Path) -> None:
    with Library(path, create=True) as library:
        for place, letter in enumerate("abcdef"):
            family = "attention" if letter == "f" else "convolution"
            contract = dataclasses.replace(CONTRACT, family=family)  # type: ignore[arg-type]
            library.add(spec(letter * 16, f"Block{place}"), contract)
        library.add(spec("0" * 16, "Other", "vit"), CONTRACT)
        library.set_cap(3)
    with Library(path) as library:
        assert library.cap == 3
        assert [module.id[0] for module in library.modules()] == ["0", "a", "b", "f"]
        assert len(library.modules(everything=True)) == 7
    with Library(path, create=True) as library:
        library.set_cap(None)
        assert len(library.modules()) == 7


def test_equal_licence_texts_are_stored_once_and_found_by_source(path: Path) -> None:
    with Library(path, create=True) as library:
        for source, text in (("timm", "Apache, whole text"), ("vit", "MIT"), ("attic", "MIT"), ("empty", " \n")):
            library.add_licence(source, "1.0", text)
        vit, attic = library.licence_of("vit", "1.0"), library.licence_of("attic", "1.0")
        assert vit == attic is not None
        assert vit is not None
        assert vit.text == "MIT"
        assert library.licence_of("empty", "1.0") is library.licence_of("vit", "2.0") is None


def test_what_was_claimed_is_replaced_by_what_a_probe_found(path: Path) -> None:
    claimed = dataclasses.replace(CONTRACT, family="gate")
    with Library(path, create=True) as library:
        library.absorb(LibraryModule(spec(), claimed, (origin("Block"),), is_verified=False))
        assert not library.is_verified(spec().id)
        library.add(spec(), CONTRACT)
        assert library.is_verified(spec().id)
        assert library.get(spec().id).contract == CONTRACT
        library.add(spec(), claimed, is_verified=False)
        assert library.get(spec().id).contract == CONTRACT


def test_writes_together_are_stored_together_or_not_at_all(path: Path) -> None:
    def add_both(library: Library, *, then_stop: bool) -> None:
        with library.together():
            library.add(spec("a" * 16, "First"), CONTRACT)
            library.add(spec("b" * 16, "Second"), CONTRACT)
            if then_stop:
                raise KeyboardInterrupt

    with Library(path, create=True) as library:
        with pytest.raises(KeyboardInterrupt):
            add_both(library, then_stop=True)
        assert len(library) == 0
        add_both(library, then_stop=False)
        assert len(library) == 2
