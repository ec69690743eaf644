"""The parent's end of the comparison with the originals: what was extracted must do what it was extracted from does.

The originals are imported in the sandbox child, from folders that hold the packages (installed or unpacked, with what
they need). Many classes go in one job, since packages are slow to import; a job that breaks is repeated class by class.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from archgraft.evaluator.trying import Trial, trial_header
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox
from archgraft.tree_ops.configurations import Configuration
from archgraft.tree_ops.spec import ModuleSpec

EQUALITY_ENTRY = "archgraft.evaluator.same_as_original:run"
KINDS = ("equal", "differs", "not_comparable")
MAX_CLASSES = 24
"""In one job."""
CLASS_SECONDS = 20.0
IMPORT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Tried:
    """An extracted class with its trial, and the configurations which that trial was given."""

    spec: ModuleSpec
    trial: Trial
    configurations: Mapping[str, Configuration] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Equality:
    """What the comparison of one class gave; `reason` is empty when it is equal."""

    kind: Literal["equal", "differs", "not_comparable"]
    reason: str = ""


def compare_with_originals(
    sandbox: Sandbox, classes: Sequence[Tried], folders: Sequence[Path], *, seed: int = 0, n_workers: int = 1
) -> list[Equality]:
    """Compare each extracted class with the class of its qualified name. Raises `SandboxError` only.

    One that fails to execute, build or run where the original does not differs, whatever its trial said.
    `folders` come first on the child's `sys.path`; `n_workers` jobs run at once.
    """

    def answers(batch: Sequence[Tried]) -> list[Equality]:
        together = _compare(sandbox, batch, folders, seed)
        return [_alone(sandbox, one, folders, seed) for one in batch] if together is None else together

    with ThreadPoolExecutor(n_workers, "compare") as pool:
        return [one for batch in pool.map(answers, _batches(classes)) for one in batch]


def _batches(classes: Sequence[Tried]) -> Iterator[Sequence[Tried]]:
    for start in range(0, len(classes), MAX_CLASSES):
        yield classes[start : start + MAX_CLASSES]


def _alone(sandbox: Sandbox, one: Tried, folders: Sequence[Path], seed: int) -> Equality:
    answers = _compare(sandbox, [one], folders, seed)
    return answers[0] if answers else Equality("not_comparable", "the comparison ended early")


def _compare(sandbox: Sandbox, classes: Sequence[Tried], folders: Sequence[Path], seed: int) -> list[Equality] | None:
    """One job. None when it gave no usable answer."""
    header: dict[str, Any] = {
        "seed": seed,
        "wall_seconds": CLASS_SECONDS,
        "classes": [_request(one, seed) for one in classes],
    }
    seconds = IMPORT_SECONDS + CLASS_SECONDS * len(classes)
    limits = Limits(wall_seconds=seconds, cpu_seconds=seconds, memory_bytes=4 * 2**30, output_bytes=2**22)
    job = Job(EQUALITY_ENTRY, Message(header), tuple(folders), "compare with the originals", forks=True)
    outcome = sandbox.run(job, limits)
    answers = outcome.message.header.get("comparisons") if outcome.message else None
    if not isinstance(answers, list) or len(answers) != len(classes):
        return None
    return [_read(answer) for answer in answers]


def _request(one: Tried, seed: int) -> dict[str, Any]:
    module, _, name = one.spec.origin.qualified_name.rpartition(".")
    told = trial_header(one.spec, one.configurations, seed=seed)
    ran = one.trial.reached("forward")
    call = {
        "arguments": [list(pair) for pair in one.trial.arguments] if ran else None,
        "call": [list(pair) for pair in one.trial.inputs] if ran else None,
        "trouble": one.trial.reason,
        "fixed": [name for name, _ in one.spec.fixed],
    }
    return {**told, **call, "module": module, "name": name}


def _read(answer: Any) -> Equality:
    kind, reason = (str(answer.get(key, "")) for key in ("kind", "reason")) if isinstance(answer, dict) else ("", "")
    for known in KINDS:
        if kind == known:
            return Equality(known, " ".join(reason.split())[:400])  # type: ignore[arg-type]  # one of KINDS
    return Equality("not_comparable", "the comparison's answer can't be read")
