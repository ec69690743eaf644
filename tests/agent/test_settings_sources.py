"""Defaults, then a TOML file, then `--set`; and one clear message for whatever can't be read."""

from pathlib import Path

import pytest

from archgraft.agent.errors import UsageError
from archgraft.agent.settings import Settings, fields_by_key
from archgraft.agent.settings_sources import load_settings


def written(folder: Path, text: str) -> Path:
    file = folder / "search.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_source_everything_is_default() -> None:
    assert load_settings() == Settings()


def test_an_override_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, '[search]\nseed = 3\nslots = 4\n[llm]\nmodel = "small"\n')
    settings = load_settings(file, ["search.slots=1"])
    assert (settings.search.seed, settings.search.slots, settings.llm.model) == (3, 1, "small")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("search.planner=random", "random"),
        ('search.planner="random"', "random"),
        ("llm.model=gpt-4o-mini", "gpt-4o-mini"),
        ("llm.model=7", "7"),
        ("llm.model=a=b", "a=b"),
        ("llm.model=none", "none"),
        ("llm.api_key_variable=", ""),
        ("llm.base_url=http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("recipe.epochs=3", 3),
        ("recipe.epochs=none", None),
        ("recipe.learning_rate=1e-3", 1e-3),
        ("sandbox.memory_bytes=8_000_000_000", 8_000_000_000),
        (" search.seed = 9 ", 9),
    ],
)
def test_an_override_is_read_as_its_key_takes_it(text: str, value: object) -> None:
    section, _, name = text.partition("=")[0].strip().partition(".")
    assert getattr(getattr(load_settings(overrides=[text]), section), name) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("search.slots", "--set 'search.slots' is not KEY=VALUE; for example: --set search.slots=4"),
        ("search.slot=2", "unknown setting 'search.slot'; did you mean search.slots?"),
        ("epochs=2", "unknown setting 'epochs'; did you mean recipe.epochs?"),
        ("planner.slots=2", "unknown setting 'planner.slots'; did you mean search.slots?"),
        ("search.slots=two", "setting search.slots must be a whole number, at least 1, but got 'two'"),
        ("search.slots=", "setting search.slots must be a whole number, at least 1, but got ''"),
        ("search.slots=1\nseed = 4", "setting search.slots must be a whole number, at least 1, but got '1\\nseed = 4'"),
    ],
)
def test_a_wrong_override_is_one_clear_message(text: str, expected: str) -> None:
    with pytest.raises(UsageError) as raised:
        load_settings(overrides=[text])
    assert str(raised.value) == expected


def test_a_key_like_no_other_lists_them_all() -> None:
    with pytest.raises(UsageError) as raised:
        load_settings(overrides=["zzzzqqqq=1"])
    assert all(key in str(raised.value) for key in fields_by_key())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[search]\nseed = ", "not TOML"),
        ("seed = 3", "unknown setting 'seed'; did you mean search.seed"),
        ("[search]\nsede = 3", "unknown setting 'search.sede'; did you mean search.seed"),
        ("[search.seed]\nx = 3", "setting search.seed must be a whole number"),
        ("[search]\nseed = 3.5", "setting search.seed must be a whole number"),
        ("[recipe]\noptimizer = 'adam'", "setting recipe.optimizer must be 'adamw' or 'sgd', or none"),
    ],
)
def test_a_wrong_file_is_named_in_the_message(tmp_path: Path, text: str, expected: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(UsageError) as raised:
        load_settings(file)
    assert str(raised.value).startswith(f"settings file {file}: {expected}")


def test_a_file_can_leave_a_setting_to_the_task(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "[recipe]\nepochs = 'none'")).recipe.epochs is None


def test_a_missing_file_and_a_folder_are_said_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_settings(tmp_path / "none.toml")
    with pytest.raises(UsageError, match="Is a directory"):
        load_settings(tmp_path)


def test_a_file_that_is_no_text_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "search.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="not TOML"):
        load_settings(file)
