"""How many copies a library holds, whether the nearest module is a good one, and how long questions take.

Run: python -m benchmarks.library --library FILE --library FILE --json FILE, on what `archgraft mine` made

Several libraries are merged first, in a scratch file. `twin_within_5` asks `like` a question whose answer is known
without it: of modules that compute the same though their code differs by more than names, how many have such a twin
among their five nearest by structure alone.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from archgraft.tree_ops.library import Library
from archgraft.tree_ops.library_merge import merge_libraries
from archgraft.tree_ops.library_records import LibraryModule, ModuleFilter
from archgraft.tree_ops.nearest import nearest
from archgraft.tree_ops.normal_form import body_hash

N_NEAREST = 5
MAX_QUERIES = 200


@dataclass(frozen=True)
class LibraryFigures:
    """What the benchmark reports. Origins count classes as they were found, equal code included."""

    n_origins: int
    n_modules: int
    n_groups: int
    share_of_origins_grouped: float
    """Of all classes found, those that another one stands for: equal, renamed, or equal in what they compute."""
    n_joined_by_names: int
    n_joined_by_behaviour: int
    """Modules that another one stands for, by what showed it first."""
    n_twins: int
    twin_within_5: float | None
    merge_seconds: float
    list_ms: float
    filter_ms: float
    show_ms: float
    like_ms_p50: float
    bytes_per_module: float


def measure(paths: Sequence[Path]) -> LibraryFigures:
    """Measure one library, or what several of them make together."""
    with tempfile.TemporaryDirectory() as folder:
        path, merge_seconds = paths[0], 0.0
        if len(paths) > 1:
            path = Path(folder, "merged.sqlite")
            merge_seconds = _seconds(lambda: _merge(paths, path))
        with Library(path) as library:
            return _figures(library, merge_seconds)


def _merge(paths: Sequence[Path], target: Path) -> None:
    with Library(target, create=True) as merged:
        for path in paths:
            with Library(path) as other:
                merge_libraries(merged, other)


def _figures(library: Library, merge_seconds: float) -> LibraryFigures:
    modules = library.modules(everything=True)
    stand = library.representatives()
    n_origins = sum(len(module.origins) for module in modules)
    n_groups = len(set(stand.values()))
    n_renamed = len(modules) - len({_body_key(module) for module in modules})
    n_twins, within = _twins(library, modules)
    return LibraryFigures(
        n_origins=n_origins,
        n_modules=len(modules),
        n_groups=n_groups,
        share_of_origins_grouped=1 - n_groups / n_origins if n_origins else 0.0,
        n_joined_by_names=n_renamed,
        n_joined_by_behaviour=len(modules) - n_groups - n_renamed,
        n_twins=n_twins,
        twin_within_5=within,
        merge_seconds=merge_seconds,
        list_ms=1000 * _seconds(library.modules),
        filter_ms=1000 * _seconds(lambda: library.modules(ModuleFilter(family="attention", text="softmax"))),
        show_ms=1000 * _seconds(lambda: library.get(modules[0].id)) if modules else 0.0,
        like_ms_p50=1000 * _like_seconds(library, modules),
        bytes_per_module=library.path.stat().st_size / max(1, len(modules)),
    )


def _body_key(module: LibraryModule) -> tuple[object, ...]:
    contract = module.contract
    return body_hash(module.spec.source), contract.layout, contract.width, contract.spatial_stride


def _twins(library: Library, modules: Sequence[LibraryModule]) -> tuple[int, float | None]:
    """How many modules compute what one of another body computes, and how many of them have such a one near."""
    by_behaviour: dict[tuple[object, ...], list[LibraryModule]] = defaultdict(list)
    for module in modules:
        if module.contract.fingerprint and module.contract.n_parameters:  # activations are too small to be alike
            by_behaviour[module.contract.fingerprint, *_body_key(module)[1:]].append(module)
    asked = [
        (module, {other.id for other in group if body_hash(other.spec.source) != body_hash(module.spec.source)})
        for group in by_behaviour.values()
        for module in group
    ]
    asked = [(module, twins) for module, twins in asked if twins][:MAX_QUERIES]
    signatures = library.signatures()
    candidates = {module.id: (signatures[module.id], module.contract) for module in modules}
    n_found = 0
    for module, twins in asked:
        others = {module_id: candidate for module_id, candidate in candidates.items() if module_id != module.id}
        found = nearest(signatures[module.id], None, others)[:N_NEAREST]
        n_found += any(neighbour.id in twins for neighbour in found)
    return len(asked), n_found / len(asked) if asked else None


def _like_seconds(library: Library, modules: Sequence[LibraryModule]) -> float:
    """A whole question, as the command asks it, for some of the modules."""

    def ask(module: LibraryModule) -> None:
        signatures = library.signatures()
        candidates = {one.id: (signatures[one.id], one.contract) for one in library.modules()}
        nearest(signatures[module.id], module.contract, candidates)

    step = max(1, len(modules) // 10)
    return statistics.median([_seconds(lambda module=module: ask(module)) for module in modules[::step]] or [0.0])  # type: ignore[misc]


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, action="append", required=True, help="a library; may be repeated")
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    figures = asdict(measure(arguments.library))
    table = Table("figure", "value", box=None)
    for name, value in figures.items():
        table.add_row(name, f"{value:,.3f}" if isinstance(value, float) else str(value))
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
