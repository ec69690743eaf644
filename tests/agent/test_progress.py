import io

from rich.console import Console

from archgraft.agent.attempt import Attempt
from archgraft.agent.live_progress import LiveWatcher
from archgraft.agent.progress import PlainWatcher
from archgraft.evaluator.results import Metrics, Result, Stage, Status


def attempt(
    index: int,
    score: float | None = None,
    *,
    status: Status = Status.OK,
    reason: str = "",
    gain: float | None = None,
    improved: bool = False,
) -> Attempt:
    metrics = None if score is None else Metrics(score, 0.1, 100, 1000, 1.0, 1.1, 8, 2**20)
    stage = Stage.DONE if score is not None else Stage.VERIFY
    return Attempt(
        index=index,
        parent_id=None if index == 0 else 0,
        operator=None if index == 0 else "swap",
        depth_band=1,
        family="convolution",
        result=Result(status, stage, reason, 0, "validation", metrics, 1.0, "process"),
        oriented_score=score,
        gain=gain,
        improved=improved,
        descriptor=None,
        n_parameters=100,
    )


STORY = [
    attempt(0, 0.9),
    attempt(1, status=Status.INVALID, reason="rebuilt differently: x is missing"),
    attempt(2, 0.95, gain=0.05, improved=True),
]


def test_plain_lines_tell_each_attempt_its_reason_and_the_best_so_far() -> None:
    lines: list[str] = []
    watcher = PlainWatcher(lines.append)
    watcher.phase("searching")
    watcher.warning("3 samples stand in two parts")
    for each in STORY:
        watcher.attempt(each, "8 trials")
    assert lines[0] == "searching"
    assert lines.pop(1) == "Warning: 3 samples stand in two parts"
    assert "the rootstock: score 0.9" in lines[1]
    assert "invalid (rebuilt differently: x is missing)" in lines[2]
    assert "best 0.9 by candidate 0" in lines[2]
    assert "gain +0.05 (improved)" in lines[3]
    assert "best 0.95 by candidate 2 (rootstock 0.9)" in lines[3]
    assert lines[3].endswith("left 8 trials")


def test_the_live_panel_shows_best_failures_by_kind_and_what_is_left() -> None:
    written = io.StringIO()
    console = Console(file=written, force_terminal=True, width=100)
    with LiveWatcher(console) as watcher:
        watcher.phase("searching [1/2]")
        watcher.warning("3 samples stand in two parts")
        for each in STORY:
            watcher.attempt(each, "8 trials")
    shown = written.getvalue()
    for text in (
        "searching [1/2]",
        "Warning: 3 samples stand",
        "best 0.95 by candidate 2 (rootstock 0.9)",
        "1 invalid",
        "8 trials",
    ):
        assert text in shown
