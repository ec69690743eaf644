"""How many edits give what was intended, and how fast: nothing is trained.

Every edit is drawn uniformly (operator, site, option), printed, rebuilt in the sandbox, run forward and backward on one
batch, and compared with the intended tree. `--every-node` takes each operator once at every open node instead: at most
`--n` of these, evenly drawn, all with `--n 0`.

Run: python -m benchmarks.edits --suite hosts --library LIB --n 40 --json FILE
     python -m benchmarks.edits --suite thirteen --every-node --n 0 --library LIB
     python -m benchmarks.edits --rootstock FILE.py:CLASS@3x32x32 --library LIB --n 100 --edits-per-child 4
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from archgraft.agent.paths import cache_folder
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.errors import SourceError
from benchmarks.edits.measure import Bench, as_json, together
from benchmarks.edits.planting import host_of, modules_in
from benchmarks.edits.suites import SUITES
from benchmarks.edits.table import as_operators, as_stages, as_table


def main() -> None:
    """Print the tables; write the figures where --json says."""
    arguments = _arguments()
    console = Console(width=180)
    tokens = {"n_tokens": arguments.n_tokens, "causal": arguments.causal}
    asked = (replace(host_of(text, arguments.sources), **tokens) for text in arguments.rootstock)
    hosts = [*SUITES.get(arguments.suite, ()), *asked]
    modules = modules_in(arguments.library)
    rows = []
    with LocalSandbox(preload=("archgraft.evaluator.trace",)) as sandbox:
        bench = Bench(sandbox, modules, cache_folder(), arguments.seed, arguments.n, arguments.edits_per_child)
        for host in hosts:
            try:
                rows.append(as_json(bench.measure(host, every_node=arguments.every_node)))
            except SourceError as error:
                print(f"not measured: {error}", file=sys.stderr)
                continue
            console.print(as_table(rows[-1:], ""))
            if arguments.json:
                arguments.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    if not rows:
        return
    total = together(rows)
    console.print(as_table([*rows, total], f"{arguments.edits_per_child} edits a child, seed {arguments.seed}"))
    console.print(as_stages(rows))
    console.print(as_operators(total))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.edits", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rootstock", action="append", default=[], metavar="MODEL@SHAPE")
    parser.add_argument("--suite", choices=SUITES, help="a standing list of hosts")
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument(
        "--from", dest="sources", action="append", default=[], help="where the rootstocks' packages are"
    )
    parser.add_argument("--n-tokens", type=int, help="the rootstocks take token ids below this number")
    parser.add_argument("--causal", action="store_true", help="the rootstocks are language models")
    parser.add_argument("--n", type=int, default=50, help="children of each rootstock")
    parser.add_argument("--edits-per-child", type=int, default=1)
    parser.add_argument(
        "--every-node", action="store_true", help="each operator once at every open node, not --n draws"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
