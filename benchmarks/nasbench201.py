"""NAS-Bench-201 (Dong and Yang 2020, arXiv 2001.00326) as a search space for planners: no training, only a table.

A cell has six edges with one of five operations each. An edit changes the operation of one edge: operator `swap`,
depth band the edge, family the new operation. The data are read from a folder that the user has; nothing is shipped.
"""

import csv
import gzip
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from archgraft.agent.attempt import Attempt, Descriptor
from archgraft.evaluator.results import Result, Stage, Status
from archgraft.tree_ops.edits import Edit, Graft, Operator, Option

FILE_NAME = "nasbench201_cifar.csv.gz"
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
N_EDGES = 6

Cell = tuple[str, ...]
"""The operation of each edge."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the table knows of a cell on one data set; accuracies in percent, the test's after 200 epochs."""

    validation: float
    test: float
    n_parameters: int


def read_table(folder: Path, data_set: str, epochs: int = 200) -> dict[Cell, Row]:
    """Every cell on `c10` or `c100`, with its validation accuracy after 12 or 200 epochs."""
    with gzip.open(folder / FILE_NAME, "rt", encoding="utf-8", newline="") as file:
        return {_cell(line["arch_str"]): _row(line, data_set, epochs) for line in csv.DictReader(file)}


def _cell(text: str) -> Cell:
    return tuple(part.partition("~")[0] for part in text.replace("+", "").split("|") if part)


def _row(line: dict[str, str], data_set: str, epochs: int) -> Row:
    return Row(
        validation=float(line[f"{data_set}_val_{epochs}"]),
        test=float(line[f"{data_set}_test_200"]),
        n_parameters=int(line[f"{data_set}_params"]),
    )


def neighbour(cell: Cell, option: Option) -> Cell:
    """The cell with the option's operation on the option's edge."""
    edge = option.depth_band
    return (*cell[:edge], option.family, *cell[edge + 1 :])


class CellOffers:
    """The edits of one cell that lead to a cell not tried so far. `helped` is the operation that helped last."""

    def __init__(self, cell: Cell, tried: set[Cell], helped: str = "") -> None:
        self._cell = cell
        self._tried = tried
        self._helped = helped

    def operators(self) -> Sequence[Operator]:
        return ("swap",)

    def depth_bands(self, operator: Operator) -> Sequence[int]:
        return range(N_EDGES)

    def families(self, operator: Operator, depth_band: int) -> Sequence[str]:
        return tuple(one for one in OPERATIONS if one != self._cell[depth_band])

    def draw(
        self, operator: Operator, depth_band: int, family: str, n: int, generator: np.random.Generator
    ) -> tuple[Option, ...]:
        """The one edit of that kind, unless it was tried."""
        option = _option(depth_band, family)
        return () if neighbour(self._cell, option) in self._tried else (option,)

    def draw_uniform(self, n: int, generator: np.random.Generator) -> tuple[Option, ...]:
        """Untried edits, drawn uniformly; each edge has as many."""
        options = list(self._untried())
        return tuple(options[int(place)] for place in generator.permutation(len(options))[:n])

    def draw_repeats(self, n: int, generator: np.random.Generator) -> tuple[Option, ...]:
        """Untried edits that put the operation that helped last at another edge."""
        options = [option for option in self._untried() if option.family == self._helped]
        return tuple(options[int(place)] for place in generator.permutation(len(options))[:n])

    def _untried(self) -> Iterator[Option]:
        for edge in range(N_EDGES):
            for family in self.families("swap", edge):
                yield from self.draw("swap", edge, family, 1, np.random.default_rng(0))


def _option(edge: int, operation: str) -> Option:
    edit = Edit("swap", f"edge{edge}", f"edge{edge}", graft=Graft(operation, ()))
    return Option(edit, f"edge {edge}: {operation}", edge, operation, prior=1.0, parameter_change=0)


def descriptor(cell: Cell, row: Row, rootstock: Cell, rootstock_row: Row) -> Descriptor:
    """The cell's place in the grid, relative to the cell that the search started from."""
    return Descriptor(
        cost_band=_band(row.n_parameters / rootstock_row.n_parameters),
        mixer=next((one for one in ("nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3") if one in cell), "none"),
        depth_band=_band((1 + _n_active(cell)) / (1 + _n_active(rootstock))),
    )


def _band(ratio: float) -> int:
    return math.ceil(math.log2(ratio) - 1e-9)


def _n_active(cell: Cell) -> int:
    return sum(one not in ("none", "skip_connect") for one in cell)


def attempt(
    index: int,
    parent: Attempt | None,
    option: Option | None,
    score: float | None,
    place: Descriptor | None,
    status: Status = Status.OK,
) -> Attempt:
    """A finished attempt as the loop would tell it; without a score it failed with that status."""
    result = Result(status, Stage.DONE, "" if status is Status.OK else status.value, 0, "validation", None, 0.0, "none")
    gain = None if parent is None or score is None or parent.oriented_score is None else score - parent.oriented_score
    return Attempt(
        index=index,
        parent_id=None if parent is None else parent.candidate_id,
        operator=None if option is None else option.edit.operator,
        depth_band=0 if option is None else option.depth_band,
        family="" if option is None else option.family,
        result=result,
        oriented_score=score,
        gain=gain,
        improved=gain is not None and gain > 0,
        descriptor=place,
        n_parameters=None,
    )
