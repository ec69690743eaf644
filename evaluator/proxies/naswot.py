"""NASWOT: how differently the units of a network answer different samples. Runs in the sandbox child only.

Mellor et al. 2021, "Neural architecture search without training" (arXiv 2006.04647), section 3: a sample's binary code
says which units are on; K counts for each two samples the units that agree (the number of units less the Hamming
distance); the score is log |K|. The paper has ReLU only. Smooth units (GELU, SiLU, ...) are treated alike: one is on
when its input is positive. Such on-off patterns are counted in transformers, too, by Casarin et al. 2025 (L-SWAG, arXiv
2505.07300) and Peng et al. 2026 (SWAP-Score, arXiv 2605.07378).
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from archgraft.evaluator.proxies.subject import NoScoreError, Subject, normalise_by_batch, restored
from archgraft.evaluator.proxies.units import UNITS

_UNITS_AT_ONCE = 2**16


def naswot(subject: Subject) -> float:
    """Log-determinant of the agreements between the codes of the batch's samples, equal ones counted once."""
    inputs = torch.unique(subject.inputs, dim=0)  # a text drawn twice has one code in any model
    with restored(subject.model), torch.no_grad(), Codes(len(inputs)) as codes:
        normalise_by_batch(subject.model)
        subject.model(inputs)
    if not codes.n_units:
        raise NoScoreError("the model has no activation units that torch's functions tell of")
    sign, log_determinant = torch.linalg.slogdet(codes.agreements)
    if sign <= 0:
        raise NoScoreError(f"samples share one code at all {codes.n_units} units: the determinant is zero")
    return float(log_determinant)


class Codes(TorchFunctionMode):
    """While active, compares the samples' codes at every activation function that is called."""

    def __init__(self, n_samples: int) -> None:
        super().__init__()
        self.agreements = torch.zeros(n_samples, n_samples, dtype=torch.float64)
        """For each two samples, the units that are on in both or off in both."""
        self.n_units = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__name__", "") in UNITS:
            self._note(args[0] if args else kwargs["input"])  # before the call, which may overwrite it
        return func(*args, **kwargs)

    def _note(self, inputs: Tensor) -> None:
        rows = self._rows(inputs)
        for part in torch.split(rows, _UNITS_AT_ONCE, 1):
            on = (part > 0).double()
            n_on = on.sum(1)
            both_on = on @ on.T
            self.agreements += (2 * both_on - n_on[:, None] - n_on + part.shape[1]).to(self.agreements.device)
            self.n_units += part.shape[1]

    def _rows(self, inputs: Tensor) -> Tensor:
        """(n_samples, units); none where samples can't be told apart. Windows and heads follow their sample."""
        n = len(self.agreements)
        if inputs.ndim and inputs.shape[0] % n == 0:
            return inputs.reshape(n, -1)
        if inputs.ndim > 1 and inputs.shape[1] == n:
            return inputs.transpose(0, 1).reshape(n, -1)
        return inputs.new_zeros(n, 0)
