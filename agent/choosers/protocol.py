"""The seam between a plan and whoever picks one of its options: the built-in prior, an LLM, or a person.

Choosers answer closed questions: an id from the list, numbers within bounds (law 3). They never write code.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from archgraft.agent.planners.protocol import Plan


@dataclass(frozen=True, slots=True)
class Question:
    """A plan with what a chooser may want to know about it. Texts are plain; the chooser escapes them."""

    attempt: int
    plan: Plan
    parent_summary: str
    """The parent's tree, one line a node, with shapes."""
    history: tuple[str, ...]
    """One line per recent attempt: what was tried and what came of it."""
    task: str
    """The task in one line: name, metric, sizes."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Which option, why, and what asking cost. `fallback` says why the chooser's own answer, if any, was not used."""

    option: int
    reason: str
    chooser: str
    fallback: str = ""
    n_input_tokens: int = 0
    n_output_tokens: int = 0
    usd: float = 0.0
    wall_seconds: float = 0.0


class Chooser(Protocol):
    """Answers a question. Never raises for a bad answer: it falls back (law 3)."""

    @property
    def name(self) -> str: ...

    def choose(self, question: Question, generator: np.random.Generator) -> Answer:
        """Pick one of `question.plan.options`, which is not empty."""
        ...
