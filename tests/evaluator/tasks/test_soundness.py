"""Small data with one thing wrong each."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification, regression, token_prediction
from archgraft.evaluator.tasks.load import load_task
from archgraft.evaluator.tasks.protocol import Split, Splits, Task, TaskError
from archgraft.evaluator.tasks.soundness import check_data


def clusters() -> Splits:
    generator = np.random.default_rng(0)
    parts = [Split(generator.normal(size=(n, 6)).astype(np.float32), np.arange(n) % 3) for n in (60, 30, 20)]
    return Splits(*parts)


def told(splits: Splits, **changes: Any) -> tuple[str, ...]:
    return check_data(replace(classification("toy", splits, Recipe()), **changes), splits)


def with_test(inputs: np.ndarray, targets: np.ndarray) -> Splits:
    return replace(clusters(), test=Split(inputs, targets))


def test_sound_data_give_no_warning() -> None:
    assert told(clusters()) == ()


@pytest.mark.parametrize("reference", ["digits", "mnist1d"])
def test_the_built_in_tasks_are_sound(reference: str) -> None:
    task = load_task(reference)
    assert check_data(task, task.load()) == ()


def test_samples_that_stand_in_two_parts_are_told_with_an_example() -> None:
    sound = clusters()
    inputs = sound.test.inputs.copy()
    inputs[4], inputs[9] = sound.train.inputs[11], sound.validation.inputs[2]
    assert told(with_test(inputs, sound.test.targets)) == (
        "toy: 1 of 20 test samples have an input that also stands in train (sample 4 of test: 11 of train)",
        "toy: 1 of 20 test samples have an input that also stands in validation (sample 9 of test: 2 of validation)",
    )


def test_pictures_that_are_nearly_the_same_are_told() -> None:
    generator = np.random.default_rng(0)
    parts = [Split(generator.normal(size=(n, 3, 8, 8)).astype(np.float32), np.arange(n) % 2) for n in (40, 20, 20)]
    parts[2].inputs[5] = 0.8 * parts[0].inputs[7] + 0.1
    [text] = told(Splits(*parts))
    assert "1 of 20 test samples are nearly the same picture as one of train (sample 5 of test: 7 of train)" in text


def test_parts_that_are_the_same_samples_are_refused() -> None:
    sound = clusters()
    with pytest.raises(TaskError, match="test and train are the same 60 samples"):
        told(replace(sound, test=sound.train))


def test_classes_that_a_part_lacks_are_told() -> None:
    sound = clusters()
    rows = sound.test.targets == 1
    [text] = told(with_test(sound.test.inputs[rows], sound.test.targets[rows]))
    assert text == "toy: test has no sample of 2 of 3 classes: 0, 2"


def test_a_target_among_the_inputs_is_refused_and_one_that_can_be_read_off_is_told() -> None:
    generator = np.random.default_rng(0)
    parts = []
    for n in (60, 30, 20):
        x = generator.normal(size=(n, 4)).astype(np.float32)
        parts.append(Split(x, x[:, 2] ** 3))
    task = regression("toy", Splits(*parts), Recipe())
    [text] = check_data(task, task.load())
    assert "the order of the targets of every training sample can be read off input 2 alone" in text
    named = replace(task, feature_names=("a", "b", "column price", "c"))
    assert "column price alone" in check_data(named, named.load())[0]
    same = regression("toy", Splits(*(Split(part.inputs, part.inputs[:, 2]) for part in parts)), Recipe())
    with pytest.raises(TaskError, match="the target itself is among the inputs, as input 2"):
        check_data(same, same.load())


@pytest.mark.parametrize("what", ["inputs", "targets"])
def test_data_that_never_vary_are_refused(what: str) -> None:
    sound = regression("toy", Splits(*(Split(p.inputs, p.inputs[:, 0] ** 2) for p in parts_of(clusters()))), Recipe())
    train = sound.train
    constant = replace(train, **{what: np.ones_like(getattr(train, what))})
    with pytest.raises(TaskError, match=f"every {what[:-1]} of train is the same"):
        check_data(sound, replace(sound.load(), train=constant))


def parts_of(splits: Splits) -> tuple[Split, Split, Split]:
    return splits.train, splits.validation, splits.test


class OwnTask:
    """A task that isn't an `ArrayTask`, and checks nothing itself."""

    name, causal = "own", False


def test_a_users_own_kind_of_task_is_checked_like_an_array_task() -> None:
    sound = clusters()
    broken = sound.test.inputs.copy()
    broken[3, 3] = np.nan
    task: Task = OwnTask()  # type: ignore[assignment]  # what the check looks at
    with pytest.raises(TaskError, match="own: test inputs hold 1 values that are NaN or infinite"):
        check_data(task, with_test(broken, sound.test.targets))
    with pytest.raises(TaskError, match="own: test inputs are empty"):
        check_data(task, with_test(broken[:0], sound.test.targets[:0]))


def letters(n: int, seed: int) -> str:
    return "".join(map(chr, np.random.default_rng(seed).integers(97, 123, n)))


def test_a_long_passage_in_two_stretches_of_a_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    passage = letters(250, 1)
    path.write_text(letters(700, 2) + passage + letters(6000, 3) + passage)
    task = load_task(f"text:{path}?length=16")
    [text] = check_data(task, task.load())
    assert "test tokens stand in passages of 200 or more that are also in train; the longest has 2" in text


def windows(text: np.ndarray, starts: np.ndarray) -> Split:
    rows = text[starts[:, None] + np.arange(41)]
    return Split(rows[:, :-1], rows[:, 1:])


@pytest.mark.parametrize("is_leaky", [True, False])
def test_windows_that_overlap_across_parts_are_told(is_leaky: bool) -> None:
    generator = np.random.default_rng(0)
    text, starts = generator.integers(0, 30, 3000), np.arange(0, 2900, 5)
    order = generator.permutation(len(starts)) if is_leaky else np.arange(len(starts))
    parts = [order[:400], order[410:480], order[490:]]
    task: ArrayTask = token_prediction("windows", Splits(*(windows(text, starts[rows]) for rows in parts)), Recipe())
    found = check_data(task, task.load())
    assert bool(found) == is_leaky
    assert all("passages of 30 or more that are also in" in text for text in found)
