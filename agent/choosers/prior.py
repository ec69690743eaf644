"""The built-in chooser: needs no key, no network, and no opinion beyond each option's prior."""

import numpy as np

from archgraft.agent.choosers.protocol import Answer, Question


class PriorChooser:
    """Draws an option with probability proportional to its prior."""

    name = "prior"

    def check(self) -> None:
        """Nothing can be missing."""

    def choose(self, question: Question, generator: np.random.Generator) -> Answer:
        """Pick one of the options; the same generator, the same pick."""
        shares = prior_shares(question)
        option = int(generator.choice(len(shares), p=shares))
        return Answer(option, f"drawn by its prior, {shares[option]:.0%} among {len(shares)}", self.name)


def prior_shares(question: Question) -> np.ndarray:
    """Each option's share of the priors, (n_options,), summing to 1."""
    priors = np.array([option.prior for option in question.plan.options], dtype=np.float64)
    scaled = priors / priors.max()  # so that the sum of huge priors stays finite
    return np.asarray(scaled / scaled.sum())
