"""A budget is read from one line, says when it is spent, and what is left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archgraft.agent.budget import Budget, Spend
from archgraft.agent.errors import UsageError


def test_every_key_is_read() -> None:
    assert Budget.parse("trials=30,minutes=5,gpu_hours=1.5,usd=2") == Budget(30, 5.0, 1.5, 2.0)


def test_one_key_is_enough_and_spaces_do_not_matter() -> None:
    assert Budget.parse(" minutes = 0.5 ") == Budget(minutes=0.5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "'' is not KEY=NUMBER"),
        ("30", "'30' is not KEY=NUMBER"),
        ("trials=30,", "'' is not KEY=NUMBER"),
        ("hours=3", "unknown key 'hours'"),
        ("trials=many", "trials must be a positive number, but got 'many'"),
        ("trials=", "trials must be a positive number, but got ''"),
        ("trials=0", "trials must be a positive number, but got '0'"),
        ("minutes=-1", "minutes must be a positive number, but got '-1'"),
        ("usd=nan", "usd must be a positive number, but got 'nan'"),
        ("usd=inf", "usd must be a positive number, but got 'inf'"),
        ("trials=2.5", "trials must be a whole number, but got '2.5'"),
        ("trials=1,trials=2", "trials is given twice"),
    ],
)
def test_what_is_wrong_is_said_with_the_text(text: str, expected: str) -> None:
    with pytest.raises(UsageError) as raised:
        Budget.parse(text)
    assert str(raised.value).startswith(f"budget {text!r}: {expected}")


def test_a_wrong_key_lists_the_valid_ones() -> None:
    with pytest.raises(UsageError, match="trials, minutes, gpu_hours and usd; for example: trials=30,minutes=5"):
        Budget.parse("epochs=3")


@pytest.mark.parametrize(
    ("spend", "reason"),
    [
        (Spend(trials=29, minutes=4.9), None),
        (Spend(trials=30), "the budget of 30 trials is spent"),
        (Spend(minutes=5.1), "the budget of 5:00 min is spent"),
        (Spend(usd=2.0), "the budget of 2.00 USD is spent"),
        (Spend(gpu_hours=1e9), None),
    ],
)
def test_a_budget_is_spent_when_one_cap_is_reached(spend: Spend, reason: str | None) -> None:
    assert Budget.parse("trials=30,minutes=5,usd=2").exhausted(spend) == reason


def test_what_is_left_is_told_in_peoples_units_and_never_below_nothing() -> None:
    budget = Budget.parse("trials=30,minutes=150,gpu_hours=1,usd=2")
    spend = Spend(trials=29, minutes=20.5, gpu_hours=0.25, usd=3)
    assert budget.left(spend) == "1 trial, 2:09:30 h, 0.75 GPU hours, 0.00 USD"


def test_spending_adds_up() -> None:
    assert Spend(1, 2.0, 0.5, 0.25) + Spend(trials=1, usd=0.5) == Spend(2, 2.0, 0.5, 0.75)


amounts = st.one_of(st.none(), st.floats(0.01, 1e6))


@settings(deadline=None)
@given(st.one_of(st.none(), st.integers(1, 10**6)), amounts, amounts, amounts)
def test_a_budget_is_written_as_it_is_read(
    trials: int | None, minutes: float | None, gpu_hours: float | None, usd: float | None
) -> None:
    budget = Budget(trials, minutes, gpu_hours, usd)
    if budget != Budget():
        assert Budget.parse(str(budget)) == budget
