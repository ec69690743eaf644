"""Choosers by name."""

from archgraft.agent.choosers.llm import LlmChooser
from archgraft.agent.choosers.openai_client import connect
from archgraft.agent.choosers.patience import Patience
from archgraft.agent.choosers.prior import PriorChooser
from archgraft.agent.errors import UsageError
from archgraft.agent.settings import LlmSettings

CHOOSERS = ("prior", "llm")


def make_chooser(name: str, settings: LlmSettings) -> PriorChooser | LlmChooser:
    """A chooser; call its `check()` before a search. Raises `UsageError` for a wrong name, or no model or key."""
    if name == PriorChooser.name:
        return PriorChooser()
    if name == LlmChooser.name:
        return LlmChooser(connect(settings), settings, PriorChooser(), Patience())
    raise UsageError(f"unknown chooser {name!r} (search.chooser); the choosers are {', '.join(CHOOSERS)}")
