"""What evaluators do with a candidate's answer when they trust it: the other half of some attacks."""

import json
import pickle
from contextlib import suppress
from pathlib import Path


def take(kind: str, answer: bytes, scratch: Path) -> bytes:
    """What a naive parent makes of an answer: by unpickling it, reading a result file, or a path, or the log."""
    match kind:
        case "pickle":
            pickle.loads(answer)  # noqa: S301 - the mistake that the attack needs
            return b""
        case "artefact":
            return (scratch / "result.bin").read_bytes()
        case "path":
            return Path(answer.decode()).read_bytes()
        case "log":
            with suppress(ValueError, KeyError, TypeError):
                return b"believed" if json.loads(answer.splitlines()[-1])["status"] == "ok" else b""
            return b""
    raise AssertionError(f"no such naive parent: {kind}")


def falls_over(answer: bytes) -> bool:
    """Whether parsing the answer as JSON raises what `except ValueError` doesn't catch."""
    start = answer.find(b"[")
    try:
        json.loads(answer[start:])
    except ValueError:
        return False
    except RecursionError:
        return True
    return False
