"""ZiCo: how steady gradients are from batch to batch. Runs in the sandbox child only.

Li et al. 2023, "ZiCo: Zero-shot NAS via inverse coefficient of variation on gradients" (arXiv 2301.11300), equation 17:
the sum over layers of log(sum over the layer's weights of E|g| / sqrt(Var |g|)), where g is the gradient of the
loss, and mean and variance are taken over batches. Two batches, as in the paper; a layer is a matrix or kernel.
"""

import torch
from torch import Tensor

from archgraft.evaluator.proxies.subject import NoScoreError, Subject, normalise_by_batch, restored, weights_of

N_BATCHES = 2


def zico(subject: Subject) -> float:
    """Sum over layers; weights whose gradient is the same in all batches (unused rows of an embedding) don't count."""
    model = subject.model
    if len(subject.inputs) < 2 * N_BATCHES:
        raise NoScoreError(f"{len(subject.inputs)} samples make no {N_BATCHES} batches")
    with restored(model):
        normalise_by_batch(model)
        batches = zip(subject.inputs.tensor_split(N_BATCHES), subject.targets.tensor_split(N_BATCHES), strict=True)
        weights = weights_of(model)
        gradients = [
            torch.autograd.grad(subject.loss(model(x), y), weights, allow_unused=True, materialize_grads=True)
            for x, y in batches
        ]
    layers = [_inverse_variation(torch.stack(of_layer).double().abs()) for of_layer in zip(*gradients, strict=True)]
    counted = [torch.log(layer) for layer in layers if layer > 0]
    if not counted:
        raise NoScoreError("no weight has a gradient that differs between batches")
    return float(torch.stack(counted).sum())


def _inverse_variation(sizes: Tensor) -> Tensor:
    """Sum over weights of mean / deviation of gradient sizes (batches, *weight); a scalar, 0 where nothing varies."""
    deviation = sizes.std(0, correction=0)
    varies = deviation > 0
    return (sizes.mean(0)[varies] / deviation[varies]).sum()
