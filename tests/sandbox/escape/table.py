"""Runs every attack in one tier and writes what came of it as JSON. Run as `python -m tests.sandbox.escape.table TIER`.

With `plain` for a tier, the attacks run in plain processes: the controls.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from archgraft.sandbox.layers.plan import Layer
from archgraft.sandbox.protocol import SandboxError
from archgraft.sandbox.supervisor import LocalSandbox
from tests.sandbox.escape.trial import Trial, attack_names, declared, try_confined, try_plain

PLAIN = "plain"
WITHOUT: dict[str, tuple[Layer, ...]] = {"A": (), "A'": ("own namespaces",), "B": ("namespaces",)}


def possible(name: str) -> bool:
    """Whether the attack is one for this user at all."""
    return os.getuid() == 0 or not declared(name).root_only


def run(tier: str) -> dict[str, Any]:
    """Every attack's trial, and the tier that was really reached (another where the machine doesn't allow this one)."""
    if tier == PLAIN:
        return {"tier": PLAIN, "trials": [asdict(_tried(try_plain, name)) for name in attack_names() if possible(name)]}
    try:
        with LocalSandbox(training=False, without=WITHOUT[tier]) as sandbox:
            reached = sandbox.tier
            if reached != tier:
                return {"tier": reached, "trials": []}
            return {
                "tier": reached,
                "trials": [asdict(_tried(lambda one: try_confined(sandbox, one), name)) for name in attack_names()],
            }
    except SandboxError as error:
        return {"tier": "none", "reason": str(error), "trials": []}


def _tried(attempt: Callable[[str], Trial], name: str) -> Trial:
    try:
        return attempt(name)
    except Exception:  # noqa: BLE001 - an attack that breaks the suite itself has got through
        return Trial(name, got_through=True, said=traceback.format_exc(limit=-3))


def main() -> None:
    json.dump(run(sys.argv[1]), sys.stdout)


if __name__ == "__main__":
    main()
