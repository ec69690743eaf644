"""The benchmark of libraries counts copies once and finds twins."""

import dataclasses
from pathlib import Path

from archgraft.tree_ops.library import Library
from benchmarks.library import measure
from tests.agent.small_search import CONV_BLOCK, TOKEN_MIXER
from tests.tree_ops.test_library import CONTRACT, spec

TWIN = CONV_BLOCK.replace("ConvBlock", "Twin").replace("1)\n", "kernel_size=1)\n")
RENAMED = CONV_BLOCK.replace("ConvBlock", "Renamed")


def test_copies_are_counted_by_what_shows_them(tmp_path: Path) -> None:
    first, second = tmp_path / "first.sqlite", tmp_path / "second.sqlite"
    known = dataclasses.replace(CONTRACT, fingerprint="1" * 16)
    other = dataclasses.replace(CONTRACT, fingerprint="2" * 16)
    with Library(first, create=True) as library:
        library.add(dataclasses.replace(spec("a" * 16, "ConvBlock"), source=CONV_BLOCK), known)
        library.add(dataclasses.replace(spec("b" * 16, "Mixer"), source=TOKEN_MIXER), other)
    with Library(second, create=True) as library:
        library.add(dataclasses.replace(spec("c" * 16, "Renamed", "vit"), source=RENAMED), known)
        library.add(dataclasses.replace(spec("d" * 16, "Twin", "vit"), source=TWIN), known)
    figures = measure([first, second])
    assert (figures.n_origins, figures.n_modules, figures.n_groups) == (4, 4, 2)
    assert (figures.n_joined_by_names, figures.n_joined_by_behaviour) == (1, 1)
    assert figures.share_of_origins_grouped == 0.5
    assert (figures.n_twins, figures.twin_within_5) == (3, 1.0)
    assert measure([first]).n_groups == 2


def test_an_empty_library_has_figures(tmp_path: Path) -> None:
    Library(tmp_path / "empty.sqlite", create=True).close()
    assert measure([tmp_path / "empty.sqlite"]).n_modules == 0
