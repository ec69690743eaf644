"""Merging unites what two libraries know, and displaces nothing of the one that takes the other in."""

import dataclasses
from pathlib import Path

import pytest

from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_merge import Conflict, MergeSummary, merge_libraries
from archgraft.tree_ops.library_records import LibraryModule
from tests.tree_ops.test_library import CONTRACT, origin, spec

NARROW = dataclasses.replace(CONTRACT, width_multiple=8, causal=True)


@pytest.fixture
def here(tmp_path: Path) -> Library:
    return Library(tmp_path / "here.sqlite", create=True)


@pytest.fixture
def there(tmp_path: Path) -> Library:
    return Library(tmp_path / "there.sqlite", create=True)


def merged(here: Library, there: Library) -> MergeSummary:
    with here, there:
        done = merge_libraries(here, there)
        assert merge_libraries(here, there).n_added == 0, "a second time changes nothing"
    return done


def contract_here(here: Library, module_id: str) -> Contract:
    with Library(here.path) as library:
        return library.get(module_id).contract


def test_origins_licences_and_rejections_are_united(here: Library, there: Library) -> None:
    here.add(spec("a" * 16, "Block"), CONTRACT)
    there.add(spec("a" * 16, "Block", "vit"), CONTRACT)
    there.add(spec("b" * 16, "Other", "vit"), CONTRACT)
    there.add_licence("vit", "1.0", "MIT, whole text")
    there.add_rejection(origin("Loss", "vit"), "forward", "two inputs")
    assert merged(here, there) == MergeSummary(1, 1, 0, 0, 1, ())
    with Library(here.path) as library:
        assert [place.source for place in library.get("a" * 16).origins] == ["timm", "vit"]
        assert len(library) == 2
        assert [rejection.reason for rejection in library.rejections()] == ["two inputs"]
        licence = library.licence_of("vit", "1.0")
        assert licence is not None
        assert licence.text == "MIT, whole text"


def test_of_two_contracts_this_librarys_stays_and_the_conflict_is_reported(here: Library, there: Library) -> None:
    here.add(spec("a" * 16), CONTRACT)
    there.add(spec("a" * 16, source="vit"), NARROW)
    done = merged(here, there)
    assert done.conflicts == (Conflict("a" * 16, "timm.layers.block.Block", ("width_multiple", "causal")),)
    assert contract_here(here, "a" * 16) == CONTRACT


def test_a_verified_contract_replaces_a_claimed_one_and_not_the_other_way_round(here: Library, there: Library) -> None:
    here.absorb(LibraryModule(spec("a" * 16), NARROW, (origin("Block"),), is_verified=False))
    here.add(spec("b" * 16, "Sure"), CONTRACT)
    there.add(spec("a" * 16), CONTRACT)
    there.absorb(LibraryModule(spec("b" * 16, "Sure"), NARROW, (origin("Sure"),), is_verified=False))
    assert merged(here, there).n_verified == 1
    assert contract_here(here, "a" * 16) == CONTRACT
    assert contract_here(here, "b" * 16) == CONTRACT


def test_what_this_library_knows_of_a_place_is_not_displaced(here: Library, there: Library) -> None:
    here.add(spec("a" * 16), CONTRACT)
    there.add(spec("b" * 16), CONTRACT)
    there.add_rejection(origin("Gone"), "forward", "no")
    here.add(spec("c" * 16, "Gone"), CONTRACT)
    done = merged(here, there)
    assert (done.n_added, done.n_taken, done.n_rejections) == (0, 1, 0)
    with Library(here.path) as library:
        assert library.ids() == ("a" * 16, "c" * 16)


def test_near_duplicates_of_two_libraries_find_together(here: Library, there: Library) -> None:
    twin = dataclasses.replace(CONTRACT, fingerprint="f" * 16)
    here.add(spec("b" * 16, "Long"), twin)
    there.add(dataclasses.replace(spec("a" * 16, "Short", "vit"), n_lines=0), twin)
    merged(here, there)
    with Library(here.path) as library:
        assert [module.id for module in library.modules()] == ["a" * 16]
        assert len(library.modules(everything=True)) == 2
