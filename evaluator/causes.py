"""What an error of mined code amounts to: one line for a result, or for the job's log. Child side."""

import sys


def describe(error: BaseException) -> str:
    """One line: the error's type and the first line of its message."""
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001 - a mined exception class may be broken too
        text = ""
    return f"{type(error).__name__}: {text.splitlines()[0][:300]}" if text else type(error).__name__


def note(what: str, error: BaseException) -> None:
    """Say in the job's log why something was given up that the result doesn't tell."""
    print(f"{what}: {describe(error)}", file=sys.stderr)
