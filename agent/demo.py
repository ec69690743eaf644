"""The demonstration: real packages mined, an ordinary model evolved on real data, within minutes, without a key."""

import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archgraft.agent.budget import Budget
from archgraft.agent.mine import mine
from archgraft.agent.mine_report import as_table, reporter
from archgraft.agent.search import PRELOAD, SearchOutcome, SearchRequest
from archgraft.agent.searching import run_and_report
from archgraft.agent.settings import SearchSettings, Settings
from archgraft.sandbox.protocol import Sandbox
from archgraft.tree_ops.fetch import RegistryUnreachableError, resolve
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.sources import SourceRoot

Echo = Callable[[str], None]
DEMO_PRELOAD = (*PRELOAD, "archgraft.evaluator.probe")
PINNED = ("pypi:timm==1.0.31", "pypi:vit-pytorch==1.26.11")
OFTEN_INSTALLED = ("timm", "vit_pytorch", "torchvision", "x_transformers")


@dataclass(frozen=True, slots=True)
class DemoScale:
    """How much is done: by default what fits into 6 minutes on 2 cores."""

    n_classes: int = 300
    """Classes mined, a seeded sample of all that the sources hold."""
    trials: int = 40
    minutes: float = 3.0
    growth: float = 3.0
    """How many times the rootstock's parameters and FLOPs a candidate may have."""
    n_finalists: int = 3
    finalist_seeds: int = 12


def demo(
    folder: Path, cache: Path, sandbox: Sandbox, echo: Echo, scale: DemoScale, sources: Sequence[str] = PINNED
) -> SearchOutcome:
    """Mine, search, report, export, all below `folder`. The same call goes on with a demo that was stopped.

    Raises what `mine` and `search` raise.
    """
    library, run = folder / "modules.sqlite", folder / "search"
    if not run.exists():
        folder.mkdir(parents=True, exist_ok=True)
        mine_library(library, reachable(sources, cache, echo), sandbox, scale.n_classes, cache)
    model = f"{shown(examples_folder() / 'resnet.py')}:ResNet"
    echo(f"\nEvolving {model} on scikit-learn's handwritten digits: {scale.trials} attempts.\n")
    request = SearchRequest(
        model=model,
        task="digits",
        library=library,
        budget=Budget(trials=scale.trials, minutes=scale.minutes),
        out=run,
        settings=settings_of(scale),
        command="archgraft demo",
    )
    return run_and_report(request, cache, sandbox, echo)


def settings_of(scale: DemoScale) -> Settings:
    """The settings of a search at this scale."""
    search = SearchSettings(
        n_finalists=scale.n_finalists,
        finalist_seeds=scale.finalist_seeds,
        max_parameters_ratio=scale.growth,
        max_flops_ratio=scale.growth,
    )
    return Settings(search=search)


def reachable(sources: Sequence[str], cache: Path, echo: Echo) -> tuple[SourceRoot, ...]:
    """The sources' code; where the registry is out of reach, what is on this machine instead."""
    try:
        return tuple(resolve(source, cache) for source in sources)
    except RegistryUnreachableError as error:
        echo(f"{error}\nMining what is installed instead: the library, and what can be found with it, will be smaller.")
    installed = [name for name in OFTEN_INSTALLED if importlib.util.find_spec(name) is not None]
    return tuple(resolve(name, cache) for name in [*installed, str(examples_folder() / "vit.py")])


def mine_library(library: Path, roots: Sequence[SourceRoot], sandbox: Sandbox, n_classes: int, cache: Path) -> None:
    """Mine a sample of the classes into a library, and show what came of it."""
    with Library(library, create=True) as opened, reporter() as reports:
        summary = mine(
            roots,
            opened,
            sandbox,
            limit=n_classes,
            n_workers=os.cpu_count() or 1,
            cache=cache,
            index_progress=reports.indexed,
            progress=reports.mined,
        )
    as_table(summary)


def examples_folder() -> Path:
    """The examples: beside the packages in a checkout, and in an installed wheel."""
    return Path(__file__).resolve().parents[1] / "examples"


def shown(path: Path) -> str:
    """The path as short as the current folder allows."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
