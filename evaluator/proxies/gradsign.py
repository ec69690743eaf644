"""GradSign: whether samples pull weights the same way. Runs in the sandbox child only.

Zhang & Jia 2022, "GradSign: Model performance inference with theoretical insights" (arXiv 2110.08616), section 4: the
sum over parameters of |sum over samples of sign(dl/dw)|, one gradient for each sample. A batch of one can't be
normalised by its own statistics: they are taken from the whole batch first, then held.
"""

import torch
from torch import nn

from archgraft.evaluator.proxies.subject import NoScoreError, Subject, normalise_by_batch, restored

N_SAMPLES = 32
"""Each is a backward pass of its own."""


def gradsign(subject: Subject) -> float:
    """Of the first samples of the batch; between 0 and their number times that of the parameters."""
    model = subject.model
    learnt = [one for one in model.parameters() if one.requires_grad]
    if not learnt:
        raise NoScoreError("the model has no parameters")
    with restored(model):
        hold_statistics(model, subject)
        signs = [torch.zeros_like(one) for one in learnt]
        for x, y in zip(subject.inputs[:N_SAMPLES, None], subject.targets[:N_SAMPLES, None], strict=True):
            loss = subject.loss(model(x), y)
            found = torch.autograd.grad(loss, learnt, allow_unused=True, materialize_grads=True)
            for total, gradient in zip(signs, found, strict=True):
                total += gradient.sign()
    return float(sum(total.double().abs().sum() for total in signs))


def hold_statistics(model: nn.Module, subject: Subject) -> None:
    """Evaluation mode, with the batch's statistics as the running ones."""
    normalise_by_batch(model)
    kept = [one for one in model.modules() if getattr(one, "momentum", None) is not None and is_tracking(one)]
    momenta = [one.momentum for one in kept]
    try:
        for one in kept:
            one.momentum = 1.0  # type: ignore[assignment]  # a number, whatever `nn.Module` says of attributes
        with torch.no_grad():
            model(subject.inputs)
    finally:
        for one, momentum in zip(kept, momenta, strict=True):
            one.momentum = momentum
    model.eval()


def is_tracking(module: nn.Module) -> bool:
    """Whether the module keeps running statistics."""
    return getattr(module, "running_mean", None) is not None
