"""A user's own task: a function in a Python file or an installed package that returns a task.

It runs in the parent, which is the user's own code's place; only models run in the sandbox.
"""

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from archgraft.evaluator.tasks.protocol import Task, TaskError

MEMBERS = ("name", "loss", "metric", "recipe", "causal", "output_shape", "load", "score")


def user_task(reference: str) -> Task:
    """The task that `path/to/file.py:function` or `package.module:function` returns. Raises `TaskError`."""
    place, _, name = reference.rpartition(":")
    if not place or not name:
        raise TaskError(f"module:{reference}: wanted module:path/to/file.py:function or module:package.module:function")
    module = _from_file(Path(place)) if place.endswith(".py") else _imported(place)
    function = getattr(module, name, None)
    if not callable(function):
        offered = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise TaskError(f"{place} has no function {name}; it has {', '.join(sorted(offered)) or 'none'}")
    try:
        task = function()
    except TaskError:
        raise
    except Exception as error:
        raise TaskError(f"{reference}: the task function raised {_where(error)}") from error
    except SystemExit as stop:  # a script's way to give up would end the search without a word
        raise TaskError(f"{reference}: the task function raised {_where(stop)}") from stop
    missing = [member for member in MEMBERS if not hasattr(task, member)]
    if missing:
        kind = type(task).__name__
        raise TaskError(f"{reference}: the function must return a task, but its {kind} lacks {', '.join(missing)}")
    found: Task = task
    return found


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise TaskError(f"{path}: no such file")
    name = f"archgraft_user_task_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TaskError(f"{path}: can't be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up while the body runs
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)  # behind everything else: a helper beside the file is found, nothing is shadowed
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise TaskError(f"{path}: can't be imported: {_where(error)}") from error
    except SystemExit as stop:
        raise TaskError(f"{path}: can't be imported: {_where(stop)}") from stop
    return module


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise TaskError(f"{name}: can't be imported: {_where(error)}") from error
    except SystemExit as stop:
        raise TaskError(f"{name}: can't be imported: {_where(stop)}") from stop


def _where(error: BaseException) -> str:
    """`ValueError: text (file.py, line 3)`."""
    text = f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) or not frames:
        return text
    return f"{text} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})"
