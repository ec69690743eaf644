"""How much of real packages can be mined, how truly, and at what cost.

Run: python -m benchmarks.mining --source timm --source PATH --sample 400 --seed 0 --json FILE
     python -m benchmarks.mining --source pypi:transformers==5.23.0 --only '*/modeling_*.py' --sample 400
     python -m benchmarks.mining --corpus timm --corpus torchvision    (rows of docs/mining.md; or `all`)
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from archgraft.agent.paths import cache_folder
from archgraft.sandbox.supervisor import LocalSandbox
from benchmarks.mining.corpora import CORPORA, Corpus, named
from benchmarks.mining.figures import as_json, as_table
from benchmarks.mining.measure import Bench, measure
from benchmarks.mining.originals import install_originals
from benchmarks.mining.table import as_markdown

PRELOAD = (
    "archgraft.evaluator.execute",
    "archgraft.evaluator.probe",
    "archgraft.evaluator.trial",
    "archgraft.evaluator.same_as_original",
)


def main() -> None:
    """Print the tables; write the figures where --json says."""
    arguments = _arguments()
    console = Console()
    corpora = _corpora(arguments)
    if not corpora:
        console.print("skipped: give --source PATH, an installed package or pypi:NAME==VERSION, or --corpus NAME")
        return
    originals = None if arguments.no_originals else arguments.originals
    if originals is not None:
        originals.mkdir(parents=True, exist_ok=True)
        for problem in install_originals([source for corpus in corpora for source in corpus.sources], originals):
            print(f"not installed, so not compared: {problem}", file=sys.stderr)
    found = []
    with LocalSandbox(PRELOAD) as sandbox:
        bench = Bench(sandbox, arguments.cache, arguments.seed, originals)
        for corpus in corpora:
            found.append(measure(corpus, bench))
            console.print(as_table(found[-1]))
            if arguments.json:
                arguments.json.write_text(as_json(found), encoding="utf-8")
    print(as_markdown(found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mining", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--source", action="append", help="path, installed package, or pypi:NAME==VERSION")
    parser.add_argument("--only", action="append", default=[], metavar="GLOB", help="count these files' classes only")
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="leave these files' classes out")
    parser.add_argument(
        "--corpus", action="append", metavar="NAME", help=f"all, or {', '.join(c.name for c in CORPORA)}"
    )
    parser.add_argument("--sample", type=int, help="how many classes to draw; 0 takes all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="folder for fetched packages")
    parser.add_argument(
        "--originals",
        type=Path,
        default=cache_folder() / "originals",
        help="folder into which the packages are installed, with all they need, to compare with them",
    )
    parser.add_argument("--no-originals", action="store_true", help="install nothing, compare with nothing")
    return parser.parse_args()


def _corpora(arguments: argparse.Namespace) -> list[Corpus]:
    names = arguments.corpus or []
    if "all" in names:
        names = [corpus.name for corpus in CORPORA]
    corpora = [named(name, arguments.sample) for name in names]
    if arguments.source:
        name = ", ".join(arguments.source)
        patterns = tuple(arguments.only), tuple(arguments.exclude)
        corpora.append(Corpus(name, tuple(arguments.source), *patterns, n_sampled=arguments.sample or 0))
    return corpora


if __name__ == "__main__":
    main()
