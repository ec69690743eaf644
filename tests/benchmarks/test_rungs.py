"""The replays of the benchmark of rungs, on scores that are made up."""

from benchmarks.rungs import Row, early_stops, replay


def row(name: str, *scores: float | None, worth: float = 0.0, losses: tuple[float, ...] = ()) -> Row:
    return Row(name, scores, (1.0, 3.0, 9.0), losses, (worth, worth))


ROWS = [
    row("rootstock", 50.0, 60.0, 70.0, worth=70.0),
    row("1", 51.0, 61.0, 71.0, worth=71.0),
    row("2", 10.0, 20.0, 30.0, worth=30.0),
    row("3", 11.0, None, None, worth=0.0),
    row("4", 60.0, 70.0, 80.0, worth=80.0),
    row("5", 12.0, 20.0, 30.0, worth=30.0),
]


def test_in_full_a_budget_buys_whole_trainings() -> None:
    found = replay(ROWS, 1, budget=18.0)
    assert (found.worth, found.n_seen) == (71.0, 2)


def test_rungs_see_more_candidates_for_the_same_work() -> None:
    found = replay(ROWS, 3, budget=18.0)
    assert (found.worth, found.n_seen) == (80.0, 4)


def test_nothing_is_spent_beyond_the_last_candidate() -> None:
    assert replay(ROWS, 2, budget=1e9).n_seen == 5


def test_a_stop_is_wrong_when_the_whole_training_beats_the_rootstock() -> None:
    rootstock = row("rootstock", 50.0, 60.0, 70.0, worth=70.0, losses=(2.0, 1.5, 1.0, 0.5, 0.4, 0.3, 0.2, 0.1))
    slow = (3.0, 2.9, 2.8, 2.7, 2.6, 2.5, 2.4, 2.3)
    offspring = [
        row("slow and bad", 1.0, 1.0, 10.0, worth=10.0, losses=slow),
        row("slow and good", 1.0, 1.0, 90.0, worth=90.0, losses=slow),
        row("fast", 1.0, 1.0, 71.0, worth=71.0, losses=rootstock.train_losses),
    ]
    found = early_stops(rootstock, offspring)
    assert (found["n_stopped"], found["n_wrong"]) == (2, 1)
    assert found["cpu_saved_share"] == 2 * 0.5 / 3
