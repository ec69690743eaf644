"""Where Python, the installed packages and archgraft itself lie: what any job may read."""

import os
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path


@cache
def installation() -> tuple[Path, ...]:
    """The folders where Python and every importable package lie. One that holds the user's home is never granted."""
    own = Path(__file__).parents[1]
    packages = [path for path in own.iterdir() if path.is_dir()]  # each may be a link
    libraries = filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep))
    python = [sys.prefix, sys.base_prefix, sys.exec_prefix, *filter(None, sys.path), *libraries]
    found = (path.resolve() for path in [own, *packages, *map(Path, python)])
    return tuple(outermost(path for path in found if is_folder(path) and _is_narrow(path)))


def is_folder(path: Path) -> bool:
    """Whether there is a folder that this user can see; `Path.is_dir` raises where a folder above is closed."""
    return os.path.isdir(path)  # noqa: PTH112


def _is_narrow(path: Path) -> bool:
    home = Path(os.path.expanduser(f"~{_user()}")).resolve()  # noqa: PTH111 - by name: HOME is the job's own
    return path not in (home, *home.parents, Path(path.anchor))


def _user() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user that has no name
        return ""


def outermost(paths: Iterable[Path]) -> list[Path]:
    """The paths without those that lie beneath another of them."""
    kept: list[Path] = []
    for path in sorted(set(paths), key=lambda one: len(one.parts)):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return kept
