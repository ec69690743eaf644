"""Settings are data: described, bounded, written and read back."""

from dataclasses import replace
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archgraft.agent.errors import UsageError
from archgraft.agent.settings import (
    Settings,
    describe,
    differences,
    fields_by_key,
    flat,
    from_json,
    to_json,
    with_values,
)


def test_every_setting_has_one_line_of_help_and_a_type_in_words() -> None:
    for row in describe():
        assert row.help.endswith("."), row
        assert "\n" not in row.help, row
        assert row.type, row
    assert [row.key for row in describe()] == list(fields_by_key())


def test_a_row_reads_like_documentation() -> None:
    rows = {row.key: row for row in describe()}
    assert rows["search.slots"].type == "a whole number, at least 1"
    assert rows["search.slots"].default == "2"
    assert rows["recipe.optimizer"].type == "'adamw' or 'sgd', or none"
    assert rows["recipe.epochs"].default == "none"
    assert rows["planner.discount"].type == "a number, above 0, at most 1"


def test_every_default_is_within_its_own_bounds() -> None:
    assert with_values(Settings(), flat(Settings())) == Settings()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("search.slots", 0),
        ("search.slots", 2.5),
        ("search.slots", True),
        ("search.slots", "2"),
        ("search.slots", None),
        ("search.planner", 3),
        ("planner.discount", 0.0),
        ("planner.discount", 1.01),
        ("planner.n_options", 9),
        ("recipe.optimizer", "adam"),
        ("recipe.learning_rate", 0),
        ("sandbox.wall_seconds", float("nan")),
        ("sandbox.wall_seconds", float("inf")),
        ("llm.temperature", "hot"),
    ],
)
def test_a_value_of_the_wrong_kind_or_size_is_refused(key: str, value: object) -> None:
    with pytest.raises(UsageError, match=rf"setting {key} must be .*, but got "):
        with_values(Settings(), {key: value})


def test_the_message_states_the_law_and_the_value() -> None:
    with pytest.raises(UsageError) as raised:
        with_values(Settings(), {"search.slots": 0})
    assert str(raised.value) == "setting search.slots must be a whole number, at least 1, but got 0"


def test_a_whole_number_does_for_a_number() -> None:
    assert with_values(Settings(), {"llm.timeout_seconds": 5}).llm.timeout_seconds == 5.0


changes: dict[str, st.SearchStrategy[Any]] = {
    "search.seed": st.integers(0, 2**31),
    "recipe.epochs": st.none() | st.integers(1, 1000),
    "recipe.learning_rate": st.none() | st.floats(1e-9, 1e3),
    "llm.model": st.text(),
    "planner.exploration": st.floats(0, 1),
}


@hypothesis.settings(deadline=None, max_examples=50)
@given(st.fixed_dictionaries({}, optional=changes))
def test_settings_survive_being_written(values: dict[str, object]) -> None:
    settings = with_values(Settings(), values)
    assert from_json(to_json(settings)) == settings


def test_a_run_of_an_older_version_gets_new_settings_defaults() -> None:
    assert from_json('{"search.seed": 5}') == with_values(Settings(), {"search.seed": 5})


def test_a_run_with_a_setting_that_is_gone_is_refused() -> None:
    with pytest.raises(UsageError, match=r"search\.magic"):
        from_json('{"search.magic": 1}')


def test_differences_are_told_one_by_one() -> None:
    stored = Settings()
    given = replace(stored, search=replace(stored.search, seed=3), recipe=replace(stored.recipe, epochs=7))
    assert differences(stored, given) == ("search.seed was 0, now 3", "recipe.epochs was none, now 7")
    assert differences(stored, stored) == ()
