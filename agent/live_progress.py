"""The live panel of a search on a terminal."""

from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from archgraft.agent.attempt import Attempt
from archgraft.agent.history import line
from archgraft.agent.progress import Tally

N_RECENT = 8


class LiveWatcher:
    """A panel that is redrawn in place: best so far, rate, failures by kind, budget left, recent attempts."""

    def __init__(self, console: Console) -> None:
        self._tally = Tally()
        self._phase = "starting"
        self._left = ""
        self._recent: list[Attempt] = []
        self._warnings: list[str] = []
        self._live = Live(get_renderable=self._panel, console=console, refresh_per_second=4, transient=False)

    def __enter__(self) -> "LiveWatcher":
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, traceback)

    def phase(self, text: str) -> None:
        """Show it as the panel's title line."""
        self._phase = text

    def warning(self, text: str) -> None:
        """Keep it in sight."""
        self._warnings.append(text)

    def attempt(self, attempt: Attempt, left: str) -> None:
        """Count it and show it among the recent ones."""
        self._tally.add(attempt)
        self._left = left
        self._recent = [*self._recent, attempt][-N_RECENT:]

    def _panel(self) -> Panel:
        facts = Table.grid(padding=(0, 2))
        facts.add_row("best", Text(self._tally.best_line(), style="bold green" if self._tally.n_improved else ""))
        facts.add_row("attempts", f"{self._tally.n_attempts} ({self._tally.per_minute:.1f} a minute)")
        facts.add_row("improved", str(self._tally.n_improved))
        facts.add_row("failures", Text(self._tally.failures()))
        facts.add_row("left", self._left or "-")
        warnings = [Text(f"Warning: {text}", style="yellow") for text in self._warnings]
        recent = [
            Text(line(attempt), style=_style(attempt), overflow="ellipsis", no_wrap=True) for attempt in self._recent
        ]
        return Panel(Group(facts, *warnings, Text(), *recent), title=Text(self._phase), title_align="left")


def _style(attempt: Attempt) -> str:
    if attempt.improved:
        return "green"
    return "dim" if attempt.result.ok else "yellow"
