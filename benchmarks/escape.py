"""The table of attacks: what each does in each tier, as root and as an ordinary user, and unconfined.

Part of `python -m benchmarks.sandbox --attacks`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archgraft.sandbox.layers.identity import own_uid_for

REPOSITORY = Path(__file__).parent.parent.resolve()
TIERS = ("A", "A'", "B")
PLAIN = "plain"
SECONDS = 900.0


def run_attacks(tiers: Sequence[str] = (*TIERS, PLAIN)) -> dict[str, Any]:
    """Every attack in every tier. Keys of `tiers` are `TIER as root` or `TIER as user`."""
    users = ("root", "user") if os.getuid() == 0 else ("user",)
    columns: dict[str, dict[str, Any]] = {}
    for user in users:
        for tier in tiers:
            columns[f"{tier} as {user}"] = _column(tier, user)
    tried = {name: column for name, column in columns.items() if not name.startswith(PLAIN)}
    return {
        "tiers": {name: _summary(name, column, columns) for name, column in tried.items() if column["trials"]},
        "tiers_not_here": {name: _absence(column) for name, column in tried.items() if not column["trials"]},
        "attacks": _by_attack(columns),
    }


def _column(tier: str, user: str) -> dict[str, Any]:
    """What `tests.sandbox.escape.table` says, run by that user."""
    drop = os.getuid() == 0 and user == "user"
    uid = own_uid_for(os.getpid()) if drop else os.getuid()
    with tempfile.TemporaryDirectory() as scratch:
        environment = os.environ | {"TMPDIR": scratch}
        python = sys.executable
        if drop:
            os.chown(scratch, uid, uid)
            found = _python_for(uid)
            if found is None:
                return {"tier": "none", "reason": "no interpreter that an ordinary user could run", "trials": []}
            python, environment["PYTHONPATH"] = found
            environment["HOME"] = scratch
        command = [python, "-m", "tests.sandbox.escape.table", tier]
        identity: dict[str, Any] = {"user": uid, "group": uid, "extra_groups": []} if drop else {}
        done = subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, timeout=SECONDS, check=False, **identity
        )
    if done.returncode != 0:
        return {"tier": "none", "reason": done.stderr.decode(errors="replace")[-500:], "trials": []}
    column: dict[str, Any] = json.loads(done.stdout)
    return column


def _python_for(uid: int) -> tuple[str, str] | None:
    """An interpreter that a user without rights can start, and the search path that gives it our packages."""
    packages = [path for path in sys.path if path.endswith("-packages")]
    searched = os.pathsep.join([str(REPOSITORY / "src"), *packages])
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, shutil.which(version, path="/usr/bin:/usr/local/bin")):
        if python is None:
            continue
        for path in (os.environ.get("PYTHONPATH", ""), searched):
            command = [python, "-c", "import archgraft, numpy"]
            environment = os.environ | {"PYTHONPATH": path}
            try:
                done = subprocess.run(
                    command,
                    user=uid,
                    group=uid,
                    extra_groups=[],
                    env=environment,
                    cwd="/",
                    capture_output=True,
                    check=False,
                )
            except OSError:
                continue
            if done.returncode == 0:
                return python, path
    return None


def _summary(name: str, column: dict[str, Any], columns: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The row of a tier, in numbers: `attacks`, `contained`, `escaped` and, of the controls, how many were real."""
    trials = column["trials"]
    escaped = [trial["name"] for trial in trials if trial["got_through"]]
    controls = columns.get(f"{PLAIN} as {name.rpartition(' ')[2]}", {"trials": []})["trials"]
    return {
        "attacks": len(trials),
        "contained": len(trials) - len(escaped),
        "escaped": len(escaped),
        "escaped_names": escaped,
        "controls_real": sum(trial["got_through"] for trial in controls),
        "controls_not_real": [trial["name"] for trial in controls if not trial["got_through"]],
        "controls": len(controls),
    }


def _absence(column: dict[str, Any]) -> str:
    """Why a tier could not be tried."""
    reason: str = column.get("reason", f"this machine gives tier {column['tier']} instead")
    return reason


def _by_attack(columns: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for column_name, column in columns.items():
        for trial in column["trials"]:
            rows.setdefault(trial["name"], {})[column_name] = "through" if trial["got_through"] else "held"
    return dict(sorted(rows.items()))


def print_table(result: dict[str, Any]) -> None:
    """One line an attack, one column a tier."""
    names = list(dict.fromkeys(name for row in result["attacks"].values() for name in row))
    print(f"{'attack':28}" + "".join(f"{name:>16}" for name in names))
    for attack, row in result["attacks"].items():
        print(f"{attack:28}" + "".join(f"{row.get(name, '-'):>16}" for name in names))
    for name, row in result["tiers"].items():
        held, controls = f"{row['contained']} of {row['attacks']} held", f"{row['controls_real']} of {row['controls']}"
        print(f"{name}: {held}; real when unconfined: {controls}")
    for name, reason in result["tiers_not_here"].items():
        print(f"{name}: not tried: {reason}")
