"""The built-in chooser draws by prior and nothing else."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from archgraft.agent.choosers.conformance import CHECKS, conform, question_of
from archgraft.agent.choosers.prior import PriorChooser
from archgraft.agent.choosers.protocol import Answer, Chooser, Question


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_prior_conforms(check: Callable[[Chooser], None]) -> None:
    check(PriorChooser())


def test_options_are_drawn_in_proportion_to_their_priors() -> None:
    generator = np.random.default_rng(0)
    question = question_of(3, priors=(1.0, 2.0, 7.0))
    counts = Counter(PriorChooser().choose(question, generator).option for _ in range(1000))
    assert [counts[place] / 1000 for place in range(3)] == pytest.approx([0.1, 0.2, 0.7], abs=0.04)


def test_the_same_generator_gives_the_same_answer() -> None:
    first, second = (PriorChooser().choose(question_of(8), np.random.default_rng(3)) for _ in range(2))
    assert first == second
    assert first.reason == "drawn by its prior, 12% among 8"
    assert first.fallback == ""
    assert first.usd == 0


class OutOfRange(PriorChooser):
    """Picks what is not offered."""

    def choose(self, question: Question, generator: np.random.Generator) -> Answer:
        return Answer(len(question.plan.options), "why not", self.name)


def test_the_suite_notices_a_broken_chooser() -> None:
    with pytest.raises(AssertionError, match="not offered"):
        conform(OutOfRange())
