"""Tries an attack in a sandbox, and in a plain process to see that it is real."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from archgraft.sandbox.conformance import processes_named
from archgraft.sandbox.protocol import Job, Limits, Message, Sandbox, Verdict
from tests.sandbox.escape import naive_parent
from tests.sandbox.escape.plain import DONE
from tests.sandbox.escape.stage import Stage
from tests.sandbox.escape.target import Harm, Target

REPOSITORY = Path(__file__).parents[3].resolve()
ATTACKS = REPOSITORY / "tests" / "sandbox" / "attacks"
LIMITS = Limits(
    wall_seconds=10.0,
    cpu_seconds=10.0,
    memory_bytes=64 * 2**20,
    output_bytes=4 * 2**20,
    file_bytes=8 * 2**20,
    log_bytes=2**16,
)
HANG_LIMITS = Limits(wall_seconds=0.5, cpu_seconds=10.0)
SLACK_SECONDS = 3.0
"""How much longer than its limit a job may take on a machine that is busy with other things."""
PLAIN_SECONDS = 20.0
PLAIN_HANG_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Attack:
    """What an attack file declares."""

    name: str
    harm: Harm
    needs_process: bool
    root_only: bool
    """Only root can do it unconfined, so only there is it an attack."""
    allowed: int
    naive_parent: str
    in_own_numbering: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of an attack."""

    name: str
    got_through: bool
    said: str
    """The sandbox's verdict and reason; for a plain process, what it wrote to its standard error."""


def attack_names() -> list[str]:
    """Every attack there is."""
    return sorted(path.stem for path in ATTACKS.glob("*.py"))


def declared(name: str) -> Attack:
    """What its file says of an attack."""
    module = importlib.import_module(f"tests.sandbox.attacks.{name}")
    return Attack(
        name,
        module.HARM,
        getattr(module, "NEEDS_PROCESS", False),
        getattr(module, "ROOT_ONLY", False),
        getattr(module, "ALLOWED", 0),
        getattr(module, "NAIVE_PARENT", ""),
        getattr(module, "IN_OWN_NUMBERING", False),
    )


def try_confined(sandbox: Sandbox, name: str, *, forks: bool = False, compiles: bool = False) -> Trial:
    """The attack as a job, on request as one that may start processes, or programs."""
    attack = declared(name)
    with Stage(with_process=attack.needs_process) as stage:
        limits = HANG_LIMITS if attack.harm is Harm.HANG else LIMITS
        message = Message({"attack": name, "target": asdict(stage.target)})
        readable = (REPOSITORY, Path(stage.target.folder) / "package")
        started = time.monotonic()
        job = Job("tests.sandbox.escape.job:run", message, readable, name, forks=forks, compiles=compiles)
        outcome = sandbox.run(job, limits)
        seconds = time.monotonic() - started
        loot = outcome.message.arrays["loot"].tobytes() if outcome.message is not None else b""
        said = f"{outcome.verdict.value}: {outcome.reason}"
        match attack.harm:
            case Harm.HANG:
                got_through = seconds > limits.wall_seconds + SLACK_SECONDS
            case Harm.CRASH:
                after = sandbox.run(Job("archgraft.sandbox.conformance_jobs:echo"), LIMITS)
                got_through = after.verdict is not Verdict.OK
            case Harm.DELUGE:
                got_through = len(loot) + len(outcome.log) > LIMITS.output_bytes
            case _:
                # The parent of a sandboxed job never does what a naive parent does: its loot stays bytes.
                looked_for = loot if attack.harm in (Harm.GAIN, Harm.FLOOD) else loot + outcome.log.encode()
                got_through = stage.happened(attack.harm, looked_for, attack.allowed)
        return Trial(name, got_through or bool(processes_named(stage.target.mark)), said)


def try_plain(name: str) -> Trial:
    """The attack in an ordinary process that inherits whatever processes usually inherit."""
    attack = declared(name)
    with Stage(with_process=attack.needs_process) as stage, tempfile.TemporaryDirectory() as scratch:
        done = _run_plain(attack, stage.target, scratch)
        loot, ended_well = done.stdout.removesuffix(DONE), done.stdout.endswith(DONE)
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:300]
        match attack.harm:
            case Harm.HANG:
                return Trial(name, done.returncode is STILL_RUNNING, said)
            case Harm.CRASH if attack.naive_parent:
                return Trial(name, naive_parent.falls_over(loot), said)
            case Harm.CRASH:
                return Trial(name, not ended_well, said)
            case Harm.DELUGE:
                return Trial(name, len(done.stdout) + len(done.stderr) > LIMITS.output_bytes, said)
            case _:
                if attack.naive_parent:
                    loot = naive_parent.take(attack.naive_parent, loot, Path(scratch))
                return Trial(name, stage.happened(attack.harm, loot, attack.allowed), said)


STILL_RUNNING = -999
"""In place of a plain process's exit code."""


def _run_plain(attack: Attack, target: Target, scratch: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "tests.sandbox.escape.plain", attack.name, json.dumps(asdict(target))]
    paths = [str(REPOSITORY), str(REPOSITORY / "src"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    seconds = PLAIN_HANG_SECONDS if attack.harm is Harm.HANG else PLAIN_SECONDS
    with (
        tempfile.TemporaryFile() as output,
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(command, stdout=output, stderr=errors, cwd=scratch, env=environment, close_fds=False) as plain,
    ):
        try:
            code = plain.wait(seconds)
        except subprocess.TimeoutExpired:
            plain.kill()
            plain.wait()
            code = STILL_RUNNING
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(command, code, output.read(), errors.read())
