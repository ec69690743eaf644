"""The learning rate over a training run."""

import math


def learning_rate_share(step: int, n_steps: int, warmup_share: float) -> float:
    """The share of the peak learning rate at a step (0-based): linear warm-up, then cosine to zero.

    Cosine after Loshchilov & Hutter 2017 (arXiv 1608.03983), one period without restarts.
    """
    n_warmup = min(round(warmup_share * n_steps), n_steps - 1)
    if step < n_warmup:
        return (step + 1) / (n_warmup + 1)
    return 0.5 * (1 + math.cos(math.pi * (step - n_warmup) / (n_steps - n_warmup)))
