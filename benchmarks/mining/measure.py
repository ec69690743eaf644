"""Mines one corpus stage by stage and counts how far each class of the sample comes."""

import collections
import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from archgraft.agent.mine import ACCEPTED
from archgraft.agent.mining import Pipeline
from archgraft.evaluator.equality import Equality, Tried, compare_with_originals
from archgraft.evaluator.trying import Trial, try_module
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox, Verdict
from archgraft.tree_ops.configurations import Configuration, ConfigurationReader
from archgraft.tree_ops.errors import SourceError
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.index import Definition, SourceIndex
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.requirements import with_requirements
from archgraft.tree_ops.spec import ModuleSpec
from archgraft.tree_ops.spec_builder import build_spec
from benchmarks.mining.corpora import Corpus
from benchmarks.mining.figures import MiningFigures, line_figures
from benchmarks.mining.memory import forget_peak, peak_bytes

ALLOWED = {"torch", "numpy"}
N_WORKERS = 2
_REASON_LENGTH = 100
_NUMBER = re.compile(r"\d[\d,.]*")
_STUB = "except ImportError:  # only some uses need"
_EXECUTE_LIMITS = Limits(wall_seconds=20)


@dataclass(frozen=True, slots=True)
class Bench:
    """What all corpora are measured with. `originals` holds installed packages; without it nothing is compared."""

    sandbox: Sandbox
    cache: Path
    seed: int = 0
    originals: Path | None = None


@dataclass(slots=True)
class _Failures:
    """Reasons by stage, with counts; those that differ in a number only are one."""

    by_stage: dict[str, collections.Counter[str]] = field(default_factory=dict)

    def add(self, stage: str, reason: str) -> None:
        alike = _NUMBER.sub("N", " ".join(reason.split()))[:_REASON_LENGTH]
        self.by_stage.setdefault(stage, collections.Counter())[alike] += 1

    def plain(self) -> dict[str, dict[str, int]]:
        return {stage: dict(counts.most_common()) for stage, counts in self.by_stage.items()}


@dataclass(frozen=True, slots=True)
class _Indexed:
    index: SourceIndex
    cold_seconds: float
    warm_seconds: float


def measure(corpus: Corpus, bench: Bench) -> MiningFigures:
    """Mine a sample of the corpus. Raises `SourceError` when a source can't be had."""
    forget_peak()
    indexed = _index(corpus, bench)
    classes = [definition for definition in indexed.index.module_classes() if corpus.holds(definition)]
    sample = corpus.draw(classes, bench.seed)
    failures = _Failures()
    specs, milliseconds = _extract(indexed.index, sample, failures)
    peak = peak_bytes()
    executed = _execute(specs, bench, failures)
    tried = _try(indexed.index, executed, bench, failures)
    idle = [Tried(spec, Trial("none", "it does not execute")) for key, spec in specs.items() if key not in executed]
    comparisons = _compare([*tried, *idle], bench)
    return MiningFigures(
        corpus=corpus.name,
        n_classes=len(classes),
        n_sampled=len(sample),
        extracted=len(specs),
        executes=len(executed),
        executes_clean=sum(_STUB not in spec.source for spec in executed.values()),
        constructed=sum(one.trial.reached("constructed") for one in tried),
        forward=sum(one.trial.reached("forward") for one in tried),
        backward=sum(one.trial.reached("backward") for one in tried),
        in_library=_n_in_library(indexed.index, sample, bench, failures),
        equal_to_original=sum(one.kind == "equal" for one in comparisons.values()),
        n_comparable=sum(one.kind != "not_comparable" for one in comparisons.values()),
        **line_figures([spec.n_lines for spec in specs.values()]),
        index_seconds=indexed.cold_seconds,
        index_warm_seconds=indexed.warm_seconds,
        extract_ms_p50=statistics.median(milliseconds or [0.0]),
        extract_ms_p90=float(np.quantile(milliseconds or [0.0], 0.9)),
        peak_memory_bytes=peak,
        failures=failures.plain(),
        differs={name: one.reason for name, one in comparisons.items() if one.kind == "differs"},
        not_comparable={name: one.reason for name, one in comparisons.items() if one.kind == "not_comparable"},
    )


def _index(corpus: Corpus, bench: Bench) -> _Indexed:
    """The index, read with an empty cache and then with a full one."""
    roots = with_requirements([resolve(source, bench.cache) for source in corpus.sources], bench.cache)
    with tempfile.TemporaryDirectory() as cache:
        start = time.perf_counter()
        SourceIndex.build(roots, cache=Path(cache))
        between = time.perf_counter()
        index = SourceIndex.build(roots, cache=Path(cache))
        return _Indexed(index, between - start, time.perf_counter() - between)


def _extract(
    index: SourceIndex, sample: Sequence[Definition], failures: _Failures
) -> tuple[dict[Definition, ModuleSpec], list[float]]:
    """What can be extracted, and the milliseconds that each class took."""
    specs, milliseconds = {}, []
    for definition in sample:
        start = time.perf_counter()
        try:
            specs[definition] = build_spec(index, definition)
        except SourceError as error:
            failures.add("extract", str(error))
        milliseconds.append((time.perf_counter() - start) * 1000)
    return specs, milliseconds


def _execute(specs: dict[Definition, ModuleSpec], bench: Bench, failures: _Failures) -> dict[Definition, ModuleSpec]:
    """What runs with torch and numpy alone."""

    def problem(spec: ModuleSpec) -> str:
        if beyond := sorted(set(spec.requires) - ALLOWED):
            return f"requires {', '.join(beyond)}"
        message = Message({"source": spec.source, "class_name": spec.class_name})
        outcome = bench.sandbox.run(Job("archgraft.evaluator.execute:run", message), _EXECUTE_LIMITS)
        return "" if outcome.verdict is Verdict.OK else f"{outcome.verdict}: {outcome.reason}"

    with ThreadPoolExecutor(N_WORKERS) as pool:
        problems = list(pool.map(problem, specs.values()))
    for text in filter(None, problems):
        failures.add("execute", text)
    return {definition: spec for (definition, spec), text in zip(specs.items(), problems) if not text}


def _try(index: SourceIndex, specs: dict[Definition, ModuleSpec], bench: Bench, failures: _Failures) -> list[Tried]:
    """How far each class comes by any way of building and calling it."""
    reader = ConfigurationReader(index)
    configured = [reader.of(definition, spec.parameters) for definition, spec in specs.items()]

    def attempt(spec: ModuleSpec, configurations: dict[str, Configuration]) -> Tried:
        trial = try_module(bench.sandbox, spec, configurations=configurations, seed=bench.seed)
        return Tried(spec, trial, configurations)

    with ThreadPoolExecutor(N_WORKERS) as pool:
        tried = list(pool.map(attempt, specs.values(), configured))
    for trial in (one.trial for one in tried):
        if not trial.reached("backward"):
            failures.add(f"after {trial.stage}", trial.kind or trial.reason)
    return tried


def _compare(tried: Sequence[Tried], bench: Bench) -> dict[str, Equality]:
    """The comparison with the original of every class, one that does not run too, by qualified name."""
    if bench.originals is None:
        return {}
    found = compare_with_originals(bench.sandbox, tried, [bench.originals], seed=bench.seed, n_workers=N_WORKERS)
    return {one.spec.origin.qualified_name: equality for one, equality in zip(tried, found)}


def _n_in_library(index: SourceIndex, sample: Sequence[Definition], bench: Bench, failures: _Failures) -> int:
    """How many distinct modules of the sample pass all checks of a contract."""
    with tempfile.TemporaryDirectory() as folder, Library(Path(folder, "modules.sqlite"), create=True) as library:
        for _, mined in Pipeline(index, library, bench.sandbox, N_WORKERS).run(sample):
            if mined.kind not in ACCEPTED:
                failures.add("library", f"{mined.kind}: {mined.reason}")
        return len(library)
