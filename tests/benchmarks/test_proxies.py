"""What the benchmark says of candidates whose proxies are known to be right, wrong or random."""

import numpy as np
import pytest
from rich.console import Console

from archgraft.evaluator.proxies.names import NAMES
from benchmarks.proxies import Row, correlation_table, correlations, online_figures


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """SynFlow knows the score, NASWOT its opposite; ZiCo says nothing of the first; a training takes two seconds."""
    noise = np.random.default_rng(0)
    scores = noise.permutation(30).astype(float)
    found = []
    for index, score in enumerate(scores):
        proxies = {name: float(noise.random()) for name in NAMES} | {"synflow": score**2, "naswot": -score}
        if index == 0:
            del proxies["zico"]
        costs = dict.fromkeys(("", *NAMES), 0.05)
        found.append(Row("made up", 1, proxies, {}, costs, float(score), 2.0))
    return found


def test_correlations_come_with_intervals_and_the_number_of_candidates_that_have_a_score(rows: list[Row]) -> None:
    found = correlations(rows)
    assert found["synflow"]["correlation"] == pytest.approx(1)
    assert found["naswot"]["correlation"] == pytest.approx(-1)
    assert found["zico"]["n"] == 29
    assert found["flops"]["low"] < found["flops"]["correlation"] < found["flops"]["high"]
    assert found["parameters"]["gain"] == found["parameters"]["gain_high"] == 0
    assert found["synflow"]["gain"] == pytest.approx(1 - found["parameters"]["correlation"])
    assert found["flops"]["cpu_ms"] == pytest.approx(50)
    console = Console(width=120)
    with console.capture() as shown:
        console.print(correlation_table({"made up": found}, rows))
    assert "n=29" in shown.get()


def test_a_filter_that_knows_rejects_none_of_the_best_and_saves_what_their_trainings_cost(rows: list[Row]) -> None:
    found = online_figures(rows, ["synflow"])
    rejected = float(str(found["rejected"]))
    assert 0 < rejected < 1 / 3
    assert found["best_rejected"] == 0
    assert found["best_rejected_at_random"] != 0
    assert found["cpu_saved"] == pytest.approx(rejected - (0.05 + 0.05) / 2)


def test_a_filter_that_is_always_wrong_rejects_nothing_and_costs_what_it_costs(rows: list[Row]) -> None:
    found = online_figures(rows, ["naswot"])
    assert found["rejected"] == 0
    assert found["cpu_saved"] == pytest.approx(-0.05)
