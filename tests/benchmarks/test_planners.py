"""The planner benchmark: its adapter to the table, and its behaviour without data."""

import gzip
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from benchmarks.nasbench201 import FILE_NAME, OPERATIONS, Cell, CellOffers, Row, neighbour, read_table
from benchmarks.planners import ARMS, compare, estimate, main

START: Cell = ("none",) * 6


def made_up_table() -> dict[Cell, Row]:
    """Accuracy is the number of 3x3 convolutions: an easy slope."""
    cells = product(OPERATIONS, repeat=6)
    return {cell: Row(float(cell.count("nor_conv_3x3")), float(cell.count("nor_conv_3x3")), 1000) for cell in cells}


def write_table(folder: Path) -> None:
    header = "index,arch_str,c10_val_200,c10_test_200,c10_params,c100_val_200,c100_test_200,c100_params"
    rows = [
        f"{index},|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|,"
        f"{index % 90},{index % 80},1000,{index % 70},{index % 60},1000"
        for index, (a, b, c, d, e, f) in enumerate(product(OPERATIONS, repeat=6))
    ]
    (folder / FILE_NAME).write_bytes(gzip.compress("\n".join([header, *rows]).encode()))


def test_the_table_is_read_by_edge(tmp_path: Path) -> None:
    write_table(tmp_path)
    table = read_table(tmp_path, "c100")
    assert table[("none", "none", "none", "none", "none", "skip_connect")] == Row(1.0, 1.0, 1000)
    assert len(table) == 5**6


def test_a_cell_has_24_neighbours_and_offers_those_that_are_untried() -> None:
    def around(tried: set[Cell]) -> set[Cell]:
        offers = CellOffers(START, tried)
        kinds = [(edge, family) for edge in offers.depth_bands("swap") for family in offers.families("swap", edge)]
        drawn = [option for kind in kinds for option in offers.draw("swap", *kind, 8, np.random.default_rng(0))]
        return {neighbour(START, option) for option in drawn}

    everything = around(set())
    assert len(everything) == 24
    one = next(iter(everything))
    assert around({one}) == everything - {one}


def test_on_an_easy_slope_every_learner_beats_the_control() -> None:
    outcomes = compare(made_up_table(), n_seeds=3, n_queries=40)
    means = {name: estimate([one.test for one in outcomes[name]]).mean for name in ARMS}
    assert means["thompson"] > means["random"] + 1


def test_the_same_seed_gives_the_same_figures() -> None:
    table = made_up_table()
    assert compare(table, 2, 15) == compare(table, 2, 15)


def test_an_interval_holds_what_students_t_says() -> None:
    found = estimate([1.0, 2.0, 3.0, 4.0])
    assert found.mean == 2.5
    assert found.half_width == pytest.approx(3.18245 * 1.290994 / 2, rel=1e-4)


def test_without_data_it_says_what_to_give(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data-dir", str(tmp_path)]) == 0
    assert "--data-dir or ARCHGRAFT_DATA" in capsys.readouterr().err


def test_it_prints_a_table_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table(tmp_path)
    out = tmp_path / "figures.json"
    assert main(["--data-dir", str(tmp_path), "--seeds", "2", "--queries", "5", "--json", str(out)]) == 0
    assert "test - random" in capsys.readouterr().out
    assert [row["arm"] for row in json.loads(out.read_text())["c10"]] == list(ARMS)
