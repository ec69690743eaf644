"""What is wrong with a task's data: certain mistakes are errors, suspicious things are told.

A score is worth no more than the split it is measured on: samples that stand in two parts, a target among the inputs,
or a passage of text in both make every candidate look good, and the best at remembering look best.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from archgraft.evaluator.tasks.array import ArrayTask, check_splits
from archgraft.evaluator.tasks.duplicates import Pictures, near_pictures, same_rows
from archgraft.evaluator.tasks.giveaways import copies, telling
from archgraft.evaluator.tasks.passages import shared_passages
from archgraft.evaluator.tasks.protocol import Split, Splits, Task, TaskError

MIN_PASSAGE = 200
"""Tokens: quotations and set phrases are shorter."""
N_LISTED = 5
_Parts = Sequence[tuple[str, Split]]


def check_data(task: Task, splits: Splits) -> tuple[str, ...]:
    """Warnings, one line each, about what is suspicious in the data. Raises `TaskError` for what is certainly wrong.

    About a second for 60,000 colour pictures of 32 x 32 on two cores, and 50 MB.
    """
    if not isinstance(task, ArrayTask):  # which was checked when it was made
        check_splits(task.name, splits)
    parts = [("train", splits.train), ("validation", splits.validation), ("test", splits.test)]
    _refuse_constant(task.name, splits.train)
    _refuse_same_parts(task.name, parts)
    names = getattr(task, "feature_names", ())
    _refuse_copies(task.name, splits.train, names)
    found = (*_duplicates(parts), *_passages(task, parts), *_giveaways(splits.train, names), *_absent_classes(parts))
    return tuple(f"{task.name}: {text}" for text in found)


def _refuse_constant(name: str, train: Split) -> None:
    for what, array in (("input", train.inputs), ("target", train.targets)):
        first = array[:1]
        if (array[:100] == first).all() and (array == first).all():
            raise TaskError(f"{name}: every {what} of train is the same: there is nothing to learn from it")


def _refuse_same_parts(name: str, parts: _Parts) -> None:
    for index, (part, split) in enumerate(parts):
        for earlier, other in parts[:index]:
            if np.array_equal(split.inputs, other.inputs) and np.array_equal(split.targets, other.targets):
                raise TaskError(
                    f"{name}: {part} and {earlier} are the same {len(split):,} samples: a score on {part} would tell "
                    "nothing new; cut samples off for it that are used nowhere else"
                )


def _refuse_copies(name: str, train: Split, names: Sequence[str]) -> None:
    found = copies(train)
    if len(found):
        raise TaskError(f"{name}: the target itself is among the inputs, as {_columns(found, names)}: leave that out")


def _duplicates(parts: _Parts) -> Iterator[str]:
    are_pictures = parts[0][1].inputs.ndim == 4 and parts[0][1].inputs.dtype == np.float32
    pictures = [Pictures.of(split.inputs) for _, split in parts] if are_pictures else []
    for index, (part, split) in enumerate(parts):
        for earlier_index, (earlier, other) in enumerate(parts[:index]):
            same = same_rows(other.inputs, split.inputs)
            yield from _told(same, part, earlier, "have an input that also stands in")
            if are_pictures:
                near = np.where(same < 0, near_pictures(pictures[earlier_index], pictures[index]), -1)
                yield from _told(near, part, earlier, "are nearly the same picture as one of")


def _told(partners: np.ndarray, part: str, earlier: str, how: str) -> Iterator[str]:
    rows = np.flatnonzero(partners >= 0)
    if len(rows):
        yield (
            f"{len(rows):,} of {len(partners):,} {part} samples {how} {earlier} "
            f"(sample {rows[0]} of {part}: {partners[rows[0]]} of {earlier})"
        )


def _passages(task: Task, parts: _Parts) -> Iterator[str]:
    if not task.causal:
        return
    length = MIN_PASSAGE if all(_is_one_text(split) for _, split in parts) else _share_of_window(parts)
    for index, (part, split) in enumerate(parts):
        for earlier, other in parts[:index]:
            shared = shared_passages(other.inputs.reshape(-1), split.inputs.reshape(-1), length)
            if shared.n_tokens:
                yield (
                    f"{shared.n_tokens:,} of {split.inputs.size:,} {part} tokens stand in passages of {length} or more "
                    f"that are also in {earlier}; the longest has {shared.longest:,} (token {shared.held_start:,} of "
                    f"{part}: {shared.kept_start:,} of {earlier})"
                )


def _is_one_text(split: Split) -> bool:
    """Whether each window goes on where the one before it ended."""
    return np.array_equal(split.targets[:-1, -1], split.inputs[1:, 0])


def _share_of_window(parts: _Parts) -> int:
    """For windows in any order, which may overlap: a passage can't be longer than one."""
    return min(MIN_PASSAGE, max(2, 3 * int(parts[0][1].inputs.shape[1]) // 4))


def _giveaways(train: Split, names: Sequence[str]) -> Iterator[str]:
    found = telling(train)
    if len(found):
        what = "class" if train.targets.dtype.kind == "i" else "order of the targets"
        yield f"the {what} of every training sample can be read off {_columns(found, names)} alone: is it known then?"


def _absent_classes(parts: _Parts) -> Iterator[str]:
    if parts[0][1].targets.ndim != 1 or parts[0][1].targets.dtype.kind != "i":
        return
    known = np.unique(parts[0][1].targets)
    for part, split in parts[1:]:
        missing = np.setdiff1d(known, split.targets)
        if len(missing):
            listed = ", ".join(map(str, missing[:N_LISTED])) + (", ..." if len(missing) > N_LISTED else "")
            yield f"{part} has no sample of {len(missing)} of {len(known)} classes: {listed}"


def _columns(found: np.ndarray, names: Sequence[str]) -> str:
    every = list(dict.fromkeys(names[index] if index < len(names) else f"input {index}" for index in found))
    return ", ".join(every[:N_LISTED]) + (f" and {len(every) - N_LISTED} more" if len(every) > N_LISTED else "")
