"""The benchmark of mining counts how far each class comes, and compares what runs with its original."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from archgraft.sandbox.supervisor import LocalSandbox
from benchmarks.mining.corpora import Corpus
from benchmarks.mining.figures import MiningFigures, as_json, together
from benchmarks.mining.measure import Bench, measure
from benchmarks.mining.table import as_markdown, put, read

NET = """
import not_there_xyz
from torch import nn

CALLS = []


class Good(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.linear = nn.Linear(dim, dim)

    def forward(self, x):
        return self.linear(x)


class Opaque(nn.Module):
    def __init__(self, handle_of_the_cluster):
        super().__init__()
        self.size = handle_of_the_cluster.nodes.primary.size


BROKEN = 1 / 0


class Raises(nn.Module):
    def forward(self, x):
        return x * BROKEN


class Needs(not_there_xyz.Base, nn.Module):
    pass

"""
ORIGINAL = NET[: NET.index("BROKEN")].replace("import not_there_xyz", "")
"""The same file where it can be imported."""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[LocalSandbox]:
    preload = tuple(f"archgraft.evaluator.{name}" for name in ("execute", "probe", "trial", "same_as_original"))
    with LocalSandbox(preload) as made:
        yield made


def figures_of(
    tmp_path: Path, sandbox: LocalSandbox, originals: Path | None = None, n_sampled: int = 0
) -> MiningFigures:
    file = tmp_path / "net.py"
    file.write_text(NET)
    return measure(Corpus("net", (str(file),), n_sampled=n_sampled), Bench(sandbox, tmp_path / "cache", 5, originals))


def test_each_class_is_counted_as_far_as_it_comes(tmp_path: Path, sandbox: LocalSandbox) -> None:
    originals = tmp_path / "originals"
    originals.mkdir()
    (originals / "net.py").write_text(ORIGINAL)
    figures = figures_of(tmp_path, sandbox, originals)
    assert (figures.n_classes, figures.extracted, figures.executes, figures.executes_clean) == (4, 4, 2, 2)
    assert (figures.constructed, figures.forward, figures.backward, figures.in_library) == (1, 1, 1, 1)
    assert (figures.n_comparable, figures.equal_to_original, figures.differs) == (1, 1, {})
    assert set(figures.failures) == {"execute", "after executed", "library"}
    assert any("ZeroDivisionError" in reason for reason in figures.failures["execute"])
    assert "requires not_there_xyz" in figures.failures["execute"]
    assert figures.lines_p50 <= figures.lines_p90


def test_without_originals_nothing_is_compared(tmp_path: Path, sandbox: LocalSandbox) -> None:
    figures = figures_of(tmp_path, sandbox)
    assert (figures.n_comparable, figures.equal_to_original) == (0, 0)


def test_a_seed_fixes_the_sample(tmp_path: Path, sandbox: LocalSandbox) -> None:
    first, second = (figures_of(tmp_path, sandbox, n_sampled=2) for _ in range(2))
    assert first.n_sampled == 2
    assert first.failures == second.failures


def test_the_table_has_a_row_for_each_corpus_and_finds_its_place(tmp_path: Path, sandbox: LocalSandbox) -> None:
    file = tmp_path / "figures.json"
    file.write_text(as_json([figures_of(tmp_path, sandbox)]))
    table = as_markdown(read(file))
    assert table.splitlines()[2].startswith("| net | 4 | 50.0 % | 50.0 % | 50.0 % | 0 of 0 | 1 |")
    page = "Before\n<!-- figures: made by benchmarks.mining.table -->\nold\n<!-- end of figures -->\nAfter\n"
    assert put(table, page) == page.replace("old\n", table)
    assert put(table, put(table, page)) == put(table, page)
    with pytest.raises(ValueError, match="the page has no place for the table"):
        put(table, "no marks")


def test_corpora_are_pooled_class_by_class(tmp_path: Path, sandbox: LocalSandbox) -> None:
    one = figures_of(tmp_path, sandbox)
    both = together("both", [one, one])
    assert (both.n_sampled, both.executes, both.in_library) == (8, 4, 2)
    assert both.lines == sorted(one.lines * 2)
    assert both.lines_p50 == one.lines_p50
