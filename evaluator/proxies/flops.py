"""FLOPs: the control that costs one forward pass. Runs in the sandbox child only."""

from archgraft.evaluator.proxies.subject import Subject
from archgraft.evaluator.train import PROFILE_BATCH, profile


def flops(subject: Subject) -> float:
    """Of one sample's forward pass, as `evaluator/flops.py` counts them."""
    return float(profile(subject.model, subject.inputs[:PROFILE_BATCH])["flops"])
