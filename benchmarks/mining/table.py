"""The table of docs/mining.md, from the JSON that the benchmark wrote.

Run: python -m benchmarks.mining.table FILE... --into docs/mining.md
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.mining.corpora import CORPORA, N_PROMISED
from benchmarks.mining.figures import MiningFigures, together

START, END = "<!-- figures: made by benchmarks.mining.table -->", "<!-- end of figures -->"
_COLUMNS = (
    "source",
    "classes",
    "executes",
    "no stubbed name",
    "forward and backward, of these",
    "equal to the original",
    "in the library",
    "lines, median / p90",
    "index, again",
    "extraction",
    "memory",
)


def as_markdown(found: Sequence[MiningFigures]) -> str:
    """A row for each corpus; where all that the promises are about are there, one for these together."""
    promised = [one for one in found if one.corpus in [corpus.name for corpus in CORPORA[:N_PROMISED]]]
    rows = [*promised]
    if len(promised) == N_PROMISED:
        rows.append(together(f"together, the {N_PROMISED} above", promised))
    rows += [one for one in found if one not in promised]
    head = [f"| {' | '.join(_COLUMNS)} |", f"| {' | '.join('---' for _ in _COLUMNS)} |"]
    return "\n".join([*head, *map(_row, rows)]) + "\n"


def _row(figures: MiningFigures) -> str:
    cells = (
        figures.corpus,
        f"{figures.n_sampled:,}" + (f" of {figures.n_classes:,}" if figures.n_sampled < figures.n_classes else ""),
        _share(figures.executes, figures.n_sampled),
        _share(figures.executes_clean, figures.n_sampled),
        _share(figures.backward, figures.executes),
        f"{figures.equal_to_original:,} of {figures.n_comparable:,}",
        f"{figures.in_library:,}",
        f"{figures.lines_p50:.0f} / {figures.lines_p90:,.0f}",
        f"{figures.index_seconds:.1f} s, {figures.index_warm_seconds:.2f} s",
        f"{figures.extract_ms_p50:.0f} ms",
        f"{figures.peak_memory_bytes / 2**20:.0f} MiB",
    )
    return f"| {' | '.join(cells)} |"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def read(path: Path) -> list[MiningFigures]:
    """The figures in a file that the benchmark wrote."""
    plain = json.loads(path.read_text(encoding="utf-8"))
    return [MiningFigures(**fields) for fields in (plain if isinstance(plain, list) else [plain])]


def put(table: str, page: str) -> str:
    """The page with the table between its marks. Raises `ValueError` when it has none."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"the page has no place for the table: write {START} and {END} into it")
    return f"{before}{START}\n{table}{END}{after}"


def main() -> None:
    """Print the table, or put it into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="written by benchmarks.mining --json")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="page with marks for the table")
    arguments = parser.parse_args()
    table = as_markdown([figures for path in arguments.files for figures in read(path)])
    if arguments.into:
        page = arguments.into.read_text(encoding="utf-8")
        arguments.into.write_text(put(table, page), encoding="utf-8")
    else:
        print(table, end="")


if __name__ == "__main__":
    main()
