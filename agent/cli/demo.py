"""`archgraft demo`: the whole of it once, on real code and real data."""

from pathlib import Path
from typing import Annotated

import typer

from archgraft.agent.cli.options import WeakSandbox


def demo_command(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where library, run and report go.")] = Path(
        "demo-run"
    ),
    trials: Annotated[int, typer.Option("--trials", min=1, help="Candidates to try.")] = 40,
    allow_weak_sandbox: WeakSandbox = False,
) -> None:
    """Mine real packages, evolve a small ResNet on real data, write a report.

    Takes 6 minutes or less on 2 cores, and needs neither a key nor a GPU. The
    packages are fetched as archives and never installed. The same command
    goes on with a demo that was stopped.
    """
    from archgraft.agent.demo import DEMO_PRELOAD, DemoScale, demo
    from archgraft.agent.paths import cache_folder
    from archgraft.sandbox.opening import open_sandbox

    with open_sandbox(preload=DEMO_PRELOAD, allow_weak=allow_weak_sandbox) as sandbox:
        demo(out, cache_folder(), sandbox, typer.echo, DemoScale(trials=trials))
