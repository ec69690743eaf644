"""From what a user writes for a task to a task."""

from pathlib import Path

from archgraft.evaluator.tasks.protocol import Task, TaskError

FORMS = (
    "digits, mnist1d, npz:FILE, text:FILE, table:FILE.csv?target=COLUMN, cifar:FOLDER, folder:FOLDER, "
    "datasets:NAME, module:path/to/file.py:function, module:package.module:function"
)


OF_FILES = ("npz", "text", "table", "cifar", "folder")
"""Kinds of task that name the place of their data first."""


def data_place(reference: str) -> Path | None:
    """The file or folder with a task's data, targets included; none where that isn't known or the data are built in."""
    kind, _, rest = reference.partition(":")
    if kind not in OF_FILES:
        return None
    return Path(rest if kind == "npz" else rest.partition("?")[0])


def load_task(reference: str) -> Task:
    """The task of a reference: one of `FORMS`. Raises `TaskError` with one clear message."""
    kind, _, rest = reference.partition(":")
    match kind, rest:
        case "digits", "":
            from archgraft.evaluator.tasks.digits import digits_task

            return digits_task()
        case "mnist1d", "":
            from archgraft.evaluator.tasks.mnist1d import mnist1d_task

            return mnist1d_task()
        case "npz", path if path:
            from archgraft.evaluator.tasks.npz import npz_task

            return npz_task(Path(path))
        case "text", target if target:
            from archgraft.evaluator.tasks.text import text_task

            return text_task(target)
        case "table", target if target:
            from archgraft.evaluator.tasks.table import table_task

            return table_task(target)
        case "cifar", target if target:
            from archgraft.evaluator.tasks.cifar import cifar_task

            return cifar_task(target)
        case "folder", target if target:
            from archgraft.evaluator.tasks.folder import folder_task

            return folder_task(target)
        case "datasets", target if target:
            from archgraft.evaluator.tasks.hugging_face import hugging_face_task

            return hugging_face_task(target)
        case "module", target if target:
            from archgraft.evaluator.tasks.user import user_task

            return user_task(target)
    raise TaskError(f"there is no task {reference!r}; tasks are {FORMS}")
