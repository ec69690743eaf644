"""The parent's end of a trial: one sandbox job per mined class, and how far the class got in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from archgraft.evaluator.probing import VERDICT_KINDS, probe_header
from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Sandbox
from archgraft.tree_ops.configurations import Configuration
from archgraft.tree_ops.spec import ModuleSpec

if TYPE_CHECKING:
    from pydantic import TypeAdapter

TRIAL_ENTRY = "archgraft.evaluator.trial:run"
TRIAL_LIMITS = Limits(
    wall_seconds=40.0, cpu_seconds=10.0, memory_bytes=3 * 2**30, output_bytes=2**22, file_bytes=2**20, log_bytes=2**14
)
Stage = Literal["none", "executed", "constructed", "forward", "backward"]
STAGES: tuple[Stage, ...] = ("none", "executed", "constructed", "forward", "backward")


@dataclass(frozen=True, slots=True)
class Trial:
    """The furthest that any way of building and calling a class got, and that way.

    `arguments` are constructor keywords with their Python source, which may name `torch`, `types`, `functools`, what
    the mined source defines, and `configuration(parameter, width)`. `inputs` are those of the call, by parameter (a
    name that ends in `=` is passed by keyword), as `archgraft.evaluator.inputs` describes them; the call ran in train
    mode if `training`. `outputs` are the shapes of the tensors that came out. `reason` says what stood in the way of
    the next stage; `kind` is empty or how the child died (`timeout`, `memory`, `crash`, `protocol`).
    """

    stage: Stage
    reason: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, dict[str, Any]], ...] = ()
    training: bool = False
    outputs: tuple[tuple[int, ...], ...] = ()
    n_parameters: int = 0
    kind: str = ""
    cpu_seconds: float = 0.0

    def reached(self, stage: Stage) -> bool:
        """Whether the class got at least that far."""
        return STAGES.index(self.stage) >= STAGES.index(stage)


def trial_header(
    spec: ModuleSpec,
    configurations: Mapping[str, Configuration] | None = None,
    proposals: Sequence[Sequence[tuple[str, str]]] = (),
    inputs: Sequence[Sequence[tuple[str, dict[str, Any]]]] = (),
    seed: int = 0,
) -> dict[str, Any]:
    """What a trial's child is told."""
    return {
        **probe_header(spec, seed, configurations),
        "proposals": [[list(pair) for pair in arguments] for arguments in proposals],
        "inputs": [[list(pair) for pair in call] for call in inputs],
    }


def try_module(
    sandbox: Sandbox,
    spec: ModuleSpec,
    *,
    configurations: Mapping[str, Configuration] | None = None,
    proposals: Sequence[Sequence[tuple[str, str]]] = (),
    inputs: Sequence[Sequence[tuple[str, dict[str, Any]]]] = (),
    seed: int = 0,
    limits: Limits = TRIAL_LIMITS,
) -> Trial:
    """Run a mined class in the sandbox, in any way that works. Raises `SandboxError` only.

    `configurations` come from `archgraft.tree_ops.configurations`; `proposals` and `inputs` are tried before all else.
    """
    header = trial_header(spec, configurations, proposals, inputs, seed)
    return _read(sandbox.run(Job(TRIAL_ENTRY, Message(header), label=f"try {spec.origin.qualified_name}"), limits))


def _read(outcome: Outcome) -> Trial:
    if outcome.message is None:
        kind = VERDICT_KINDS.get(outcome.verdict, "crash")
        return Trial("none", outcome.reason or str(outcome.verdict), kind=kind, cpu_seconds=outcome.cpu_seconds)
    try:
        fields = {**outcome.message.header, "kind": "", "cpu_seconds": outcome.cpu_seconds}
        return _adapter().validate_python(fields)
    except ValueError as error:
        return Trial("none", f"the trial's answer can't be read: {str(error).splitlines()[0]}", kind="protocol")


@cache
def _adapter() -> "TypeAdapter[Trial]":
    from pydantic import TypeAdapter

    return TypeAdapter(Trial)
