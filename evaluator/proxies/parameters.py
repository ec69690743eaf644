"""Parameters: the control that costs nothing. Runs in the sandbox child only."""

from archgraft.evaluator.proxies.subject import Subject


def parameters(subject: Subject) -> float:
    """How many numbers there are to learn."""
    return float(sum(one.numel() for one in subject.model.parameters()))
