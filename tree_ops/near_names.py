"""What somebody may have meant who named something that isn't there."""

import difflib
from collections.abc import Iterable
from pathlib import Path

_N_NAMED = 3
_LIKENESS = 0.7


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """The known names that look most like this one, best first."""
    by_lower = {one.lower(): one for one in sorted(known)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=_N_NAMED, cutoff=_LIKENESS)
    return [by_lower[one] for one in near]


def expanded(path: str) -> Path:
    """The path with the home folder in the place of its `~`; as it is where nobody has such a home."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def near_paths(path: Path) -> str:
    """The end of a message about a missing path: which part of it is missing, and what is there instead."""
    missing = path
    while not missing.parent.exists():
        missing = missing.parent
    try:
        near = near_names(
            missing.name, (entry.name for entry in missing.parent.iterdir() if entry.name != missing.name)
        )
    except OSError:
        return ""
    if not near:
        return "" if missing == path else f": there is no {missing}"
    return f": near it {'is' if len(near) == 1 else 'are'} {', '.join(str(missing.parent / name) for name in near)}"
