"""Importing takes an exported file's word for nothing that a probe can find out."""

import dataclasses
import json
from pathlib import Path

import pytest

from archgraft.agent.library_exchange import ImportSummary, import_library, never_empty
from archgraft.evaluator.probing import probe_module
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_bundle import write_bundle
from archgraft.tree_ops.library_records import LibraryModule, ModuleFilter
from archgraft.tree_ops.spec import ModuleSpec, Origin, Parameter
from archgraft.tree_ops.spec_builder import source_id
from tests.agent.small_search import BREAKS, CONV_BLOCK, TOKEN_MIXER

SOURCES = {"ConvBlock": CONV_BLOCK, "TokenMixer": TOKEN_MIXER, "Breaks": BREAKS}


def module_of(name: str, parameters: tuple[str, ...], **contract: object) -> LibraryModule:
    """A module with a contract that may or may not be true."""
    origin = Origin("tests", "1", "small.py", 1, f"tests.small.{name}", "MIT")
    taken = tuple(Parameter(parameter, "positional") for parameter in parameters)
    source = SOURCES[name]
    spec = ModuleSpec(source_id(source, name), name, source, taken, ("torch",), origin, source.count("\n"))
    claimed = Contract(
        layout="map",
        template=(),
        width="preserve",
        width_multiple=1,
        spatial_stride=1,
        family="gate",
        causal=True,
        mutates_input=False,
        n_parameters=1,
        flops=1,
        probe_widths=(32, 32),
    )
    return LibraryModule(spec, dataclasses.replace(claimed, **contract), (origin,))  # type: ignore[arg-type]


MODULES = (
    module_of("ConvBlock", ("in_chs", "out_chs")),
    module_of("TokenMixer", ("dim",)),
    module_of("Breaks", ("dim",)),
)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A file that claims to hold three gates; one works at no other width than its own."""
    with Library(tmp_path / "theirs.sqlite", create=True) as library:
        for module in MODULES:
            library.add(module.spec, module.contract)
        write_bundle(library, ModuleFilter(), tmp_path / "theirs.jsonl")
    return tmp_path / "theirs.jsonl"


def test_what_the_probe_finds_counts_and_not_what_the_file_says(
    tmp_path: Path, bundle: Path, shared_sandbox: LocalSandbox
) -> None:
    with Library(tmp_path / "ours.sqlite", create=True) as library:
        done = import_library(bundle, library, shared_sandbox)
        probed = {module.spec.class_name: module.contract for module in library.modules()}
        assert probed["ConvBlock"] == probe_module(shared_sandbox, MODULES[0].spec)
        assert probed["ConvBlock"].family == "convolution"
        assert (done.n_added, done.n_verified, done.n_corrected) == (2, 2, 2)
        (refused,) = done.refused
        assert "tests.small.Breaks: the probe rejects it" in refused
        again = import_library(bundle, library, shared_sandbox)
        assert (again.n_added, again.n_known) == (0, 2)


def test_without_a_probe_nothing_is_offered(tmp_path: Path, bundle: Path, shared_sandbox: LocalSandbox) -> None:
    with Library(tmp_path / "ours.sqlite", create=True) as library:
        assert import_library(bundle, library, None) == ImportSummary(3, 0, 0, 0, 0, ())
        assert library.modules() == ()
        assert len(library.modules(everything=True)) == 3
        assert import_library(bundle, library, shared_sandbox).n_verified == 2
        assert {module.spec.class_name for module in library.modules()} == {"ConvBlock", "TokenMixer"}


def test_an_import_displaces_nothing(tmp_path: Path, bundle: Path) -> None:
    own = dataclasses.replace(MODULES[0].spec, id="0" * 16, source=CONV_BLOCK + "\nOTHER = 1\n")
    with Library(tmp_path / "ours.sqlite", create=True) as library:
        library.add(own, MODULES[0].contract)
        done = import_library(bundle, library, None)
        assert (done.n_added, done.n_taken) == (2, 1)
        assert library.get("0" * 16).spec == own


def test_a_bundle_that_is_changed_on_the_way_is_refused(tmp_path: Path, bundle: Path) -> None:
    lines = bundle.read_text().splitlines()
    changed = json.loads(lines[1])
    changed["module"]["source"] += "\nimport os\n"
    bundle.write_text("\n".join([lines[0], json.dumps(changed), *lines[2:]]) + "\n")
    with Library(tmp_path / "ours.sqlite", create=True) as library:
        done = import_library(bundle, library, None)
        assert done.n_added == 2
        assert any(reason.startswith("line 2: the source of") for reason in done.refused)


@pytest.mark.parametrize(("n_taken", "is_kept"), [(0, False), (1, True)])
def test_an_interrupted_import_leaves_a_new_library_only_with_what_it_took(
    tmp_path: Path, n_taken: int, *, is_kept: bool
) -> None:
    path = tmp_path / "new.sqlite"

    def interrupted() -> None:
        with never_empty(path) as library:
            for module in MODULES[:n_taken]:
                library.add(module.spec, module.contract)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.exists() == is_kept


def test_a_library_that_was_there_stays_even_if_it_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    Library(path, create=True).close()
    with never_empty(path):
        pass
    assert path.exists()
