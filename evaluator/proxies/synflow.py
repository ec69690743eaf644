"""SynFlow: how much flows through a network of absolute weights. Runs in the sandbox child only.

Tanaka et al. 2020, "Pruning neural networks without any data by iteratively conserving synaptic flow" (arXiv
2006.05467), section 6; as a proxy, Abdelfattah et al. 2021 (arXiv 2101.08134). R is the sum of the outputs of the
linearised network with absolute parameters for an input of ones; the score is the sum of |w * dR/dw| over all weights.
In double precision: the product over layers leaves single precision in networks of moderate depth.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from archgraft.evaluator.proxies.linear_flow import LinearFlow
from archgraft.evaluator.proxies.subject import NoScoreError, Subject, is_normalisation, restored, weights_of


def synflow(subject: Subject) -> float:
    """Sum of the synaptic saliencies. Sees neither data nor labels; of tokens, only how many positions there are."""
    model, one = subject.model, subject.inputs[:1]
    inputs = torch.ones_like(one, dtype=torch.float64) if one.is_floating_point() else one
    weights = weights_of(model)
    with restored(model), _linearised(model):
        total = model(inputs).sum()
        if not total.requires_grad:
            raise NoScoreError("nothing flows from any weight to the output")
        found = torch.autograd.grad(total, weights, allow_unused=True)
        flows = [(w.detach() * flow).abs().sum() for w, flow in zip(weights, found, strict=True) if flow is not None]
        return float(sum(flows, torch.zeros((), dtype=torch.float64)))


@contextmanager
def _linearised(model: nn.Module) -> Iterator[None]:
    """The model without signs, norms and activations, in double precision; `restored` takes the values back."""
    model.eval()
    model.double()
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            if tensor.is_floating_point() and bool(tensor.isfinite().all()):
                tensor.abs_()
    hooks = [one.register_forward_hook(_input_again) for one in model.modules() if is_normalisation(one)]
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with LinearFlow():
            yield
    finally:
        torch.set_default_dtype(before)
        for hook in hooks:
            hook.remove()


def _input_again(_module: nn.Module, inputs: tuple[object, ...], output: object) -> Tensor | None:
    """The norms of mined code, whose arithmetic is their own, let pass what they are given."""
    first = inputs[0] if inputs else None
    alike = isinstance(first, Tensor) and isinstance(output, Tensor) and first.shape == output.shape
    return first if alike and isinstance(first, Tensor) else None
