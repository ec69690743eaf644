"""The parent's end of a probe: one sandbox job per mined class, and what its answer amounts to."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from archgraft.sandbox.protocol import Job, Limits, Message, Outcome, Sandbox, Verdict
from archgraft.tree_ops.configurations import Configuration
from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.contract_json import contract_from_json, template_to_json
from archgraft.tree_ops.spec import ModuleSpec

PROBE_ENTRY = "archgraft.evaluator.probe:run"
# What a class may take is measured in CPU time, which doesn't depend on what else the machine does.
PROBE_LIMITS = Limits(
    wall_seconds=40.0, cpu_seconds=10.0, memory_bytes=2 * 2**30, output_bytes=2**20, file_bytes=2**20, log_bytes=2**14
)
REJECTION_KINDS = ("execute", "construct", "forward", "contract", "poison", "crash", "timeout", "memory", "protocol")

VERDICT_KINDS = {
    Verdict.TIMEOUT_WALL: "timeout",
    Verdict.TIMEOUT_CPU: "timeout",
    Verdict.OUT_OF_MEMORY: "memory",
    Verdict.PROTOCOL: "protocol",
    Verdict.OUTPUT_LIMIT: "protocol",
}


@dataclass(frozen=True, slots=True)
class ProbeRejection:
    """Why a class has no contract: a kind of `REJECTION_KINDS`, and one line."""

    kind: str
    reason: str


def probe_module(
    sandbox: Sandbox,
    spec: ModuleSpec,
    seed: int = 0,
    limits: Limits = PROBE_LIMITS,
    *,
    configurations: Mapping[str, Configuration] | None = None,
    templates: Sequence[tuple[tuple[str, Any], ...]] = (),
) -> Contract | ProbeRejection:
    """Run a mined class in the sandbox and learn its contract. Raises `SandboxError` only.

    `templates` are ways to build it that are tried before all else; `configurations` are those that its constructor
    asks for (`archgraft.tree_ops.configurations`).
    """
    header = probe_header(spec, seed, configurations)
    header["templates"] = [template_to_json(template) for template in templates]
    job = Job(PROBE_ENTRY, Message(header), label=f"probe {spec.origin.qualified_name}")
    return _read(sandbox.run(job, limits))


def probe_header(
    spec: ModuleSpec, seed: int = 0, configurations: Mapping[str, Configuration] | None = None
) -> dict[str, Any]:
    """What the child of a probe or a trial is told of a class."""
    return {
        "source": spec.source,
        "class_name": spec.class_name,
        "parameters": [asdict(parameter) for parameter in spec.parameters],
        "configurations": {name: asdict(found) for name, found in (configurations or {}).items()},
        "seed": seed,
    }


def _read(outcome: Outcome) -> Contract | ProbeRejection:
    if outcome.message is None:
        return ProbeRejection(VERDICT_KINDS.get(outcome.verdict, "crash"), outcome.reason or str(outcome.verdict))
    rejection = outcome.message.header.get("rejection")
    if isinstance(rejection, dict):
        kind, reason = str(rejection.get("kind")), " ".join(str(rejection.get("reason")).split())
        return ProbeRejection(kind if kind in REJECTION_KINDS else "protocol", reason[:400])
    try:
        return contract_from_json(outcome.message.header.get("contract"))
    except (ValueError, SyntaxError, TypeError) as error:
        return ProbeRejection("protocol", f"the probe's answer can't be read: {str(error).splitlines()[0]}")
