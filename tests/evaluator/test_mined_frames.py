"""The call stack tells for whom code works."""

import sys
from collections.abc import Callable
from typing import Any

from archgraft.evaluator.loading import MINED
from archgraft.evaluator.mined_frames import AT_IMPORT, WHEN_MADE, WHEN_RUN, phase, works_for_compiler

CALLS = "def __init__(call): return call()\ndef forward(call): return call()\n"


def functions(filename: str, source: str = CALLS) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(source, filename, "exec"), names)
    return names


MINE = functions(f"<{MINED}>")
INDUCTOR = functions("/site/torch/_inductor/codecache.py")
IMPORTLIB = functions("<frozen importlib._bootstrap>")
LOGGING = functions("/lib/logging/__init__.py")


def seen(*transparent: str) -> Callable[[], str | None]:
    return lambda: phase(sys._getframe(), transparent=transparent)


def test_the_outermost_mined_function_tells_the_phase() -> None:
    assert MINE["forward"](seen()) == WHEN_RUN
    assert MINE["__init__"](lambda: MINE["forward"](seen())) == WHEN_MADE
    names: dict[str, Any] = {"look": seen()}
    exec(compile("found = look()", f"<{MINED}>", "exec"), names)
    assert names["found"] == AT_IMPORT


def test_code_that_works_for_no_mined_code_is_in_no_phase() -> None:
    assert seen()() is None


def test_what_an_import_does_is_not_the_importers_deed() -> None:
    assert MINE["forward"](lambda: IMPORTLIB["forward"](seen())) is None


def test_transparent_files_do_not_count() -> None:
    assert MINE["forward"](lambda: LOGGING["forward"](seen("/logging/__init__.py"))) is None
    assert MINE["forward"](lambda: LOGGING["forward"](seen())) == WHEN_RUN


def test_the_compiler_is_seen_between_mined_code_and_what_it_does() -> None:
    assert MINE["forward"](lambda: INDUCTOR["forward"](lambda: works_for_compiler(sys._getframe())))
    assert not INDUCTOR["forward"](lambda: MINE["forward"](lambda: works_for_compiler(sys._getframe())))
