"""Does a latency timed in turn hold still where a plain one doesn't? `python -m benchmarks.latency`.

The example ResNet beside itself and beside larger ones, several times each. Beside itself the ratio should be 1, and
its interval should hold 1; repeats of one comparison should agree, however the milliseconds move with the load.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from archgraft.evaluator.evaluate import CandidateSource
from archgraft.evaluator.latency_comparison import compare_latency
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox

MODEL = Path(__file__).parents[1] / "examples" / "resnet.py"
ROOTSTOCK = "ResNet()"
CANDIDATES = (ROOTSTOCK, "ResNet(width=12)", "ResNet(blocks=2)")


def main(
    json_: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there.")] = None,
    repeats: Annotated[int, typer.Option(min=1, help="How often each comparison is made.")] = 3,
) -> None:
    """Measure, print, write."""
    source = MODEL.read_text(encoding="utf-8")
    inputs = np.random.default_rng(0).normal(size=(64, 1, 8, 8)).astype(np.float32)
    rows = []
    with LocalSandbox(preload=("archgraft.evaluator.latency_pair",)) as sandbox:
        for construct in CANDIDATES * repeats:
            pair = [CandidateSource(source, one) for one in (construct, ROOTSTOCK)]
            done = compare_latency(sandbox, pair[0], pair[1], inputs, limits=Limits())
            if (found := done.comparison) is None:
                raise RuntimeError(f"{construct}: {done.reason}")
            pace = f"{found.candidate.p50_ms:6.2f} ms beside {found.rootstock.p50_ms:6.2f} ms"
            typer.echo(f"{construct:18} {found.ratio:5.2f} [{found.low:.2f}, {found.high:.2f}]  {pace}")
            rows.append({"model": construct, **asdict(found)})
    if json_ is not None:
        json_.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    typer.run(main)
