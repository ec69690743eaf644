"""What the evaluator promises, measured.

Run: python -m benchmarks.evaluator --json FILE             (throughput and innocents; a minute)
     python -m benchmarks.evaluator --kills 50 --growth 5000  (half an hour each)
"""

import argparse
import json
from pathlib import Path

from benchmarks.evaluator.growth import growth
from benchmarks.evaluator.innocents import innocents
from benchmarks.evaluator.kills import kills
from benchmarks.evaluator.throughput import throughput


def main() -> None:
    """Print a table; write JSON when asked to. What was not asked for is null."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--n-candidates", type=int, default=5, help="Candidates to time, by zygote and plain each.")
    parser.add_argument("--kills", type=int, default=0, metavar="N", help="Kill a search N times and resume it.")
    parser.add_argument("--growth", type=int, default=0, metavar="N", help="Watch the memory of N attempts.")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    figures: dict[str, float | int | str | None] = {
        **dict.fromkeys(("kills", "resumes_identical", "orphans", "memory_growth_bytes")),
        **throughput(arguments.n_candidates),
        **innocents(arguments.seed),
        **(kills(arguments.kills, arguments.seed) if arguments.kills else {}),
        **(growth(arguments.growth, arguments.seed) if arguments.growth else {}),
    }
    for name, value in figures.items():
        print(f"{name:26} {value:.2f}" if isinstance(value, float) else f"{name:26} {value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
