"""A labelled sample: torch's own layers, and some written by hand, with the family that the field gives them.

Each is (label, layout, how to build it). Widths are 32. Left out are torch's layers that no graft can be: those that
take several inputs or whole numbers, change the layout, or do nothing in eval mode.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archgraft.tree_ops.contract import Family, Layout

WIDTH = 32
Sample = tuple[Family, Layout, Callable[[], nn.Module]]


class First(nn.Module):
    """The first of several outputs."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x)[0]  # type: ignore[no-any-return]


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(WIDTH, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x, x, x)[0]  # type: ignore[no-any-return]


class SelectiveScan(nn.Module):
    """A state-space layer as its papers' simplest code writes it (Gu and Dao 2023, arXiv 2312.00752, algorithm 2)."""

    def __init__(self, n_states: int = 8) -> None:
        super().__init__()
        self.n_states = n_states
        self.rates = nn.Parameter(torch.log(torch.arange(1.0, n_states + 1).repeat(WIDTH, 1)))
        self.select = nn.Linear(WIDTH, 1 + 2 * n_states)
        self.step = nn.Linear(1, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        step, write, read = torch.split(self.select(x), [1, self.n_states, self.n_states], dim=-1)
        step = F.softplus(self.step(step))
        keep = torch.exp(torch.einsum("bld,dn->bldn", step, -torch.exp(self.rates)))
        new = torch.einsum("bld,bln,bld->bldn", step, write, x)
        state, outputs = torch.zeros(len(x), WIDTH, self.n_states), []
        for position in range(x.shape[1]):
            state = keep[:, position] * state + new[:, position]
            outputs.append(torch.einsum("bdn,bn->bd", state, read[:, position]))
        return torch.stack(outputs, 1)


class MinimalGatedUnit(nn.Module):
    """A recurrence without a loop, by running sums of logarithms (Feng et al. 2024, arXiv 2410.01201, appendix B)."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(WIDTH, 2 * WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        hidden, gate = self.project(x).chunk(2, -1)
        keep = -F.softplus(gate).cumsum(1)
        new = -F.softplus(-gate) + torch.log(F.softplus(hidden))
        return torch.exp((new - keep).logcumsumexp(1) + keep)


class PositionTable(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(64, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]


class CellAsGate(nn.Module):
    """A recurrent cell that mixes two vectors at each position by itself: nothing is carried along."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRUCell(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, WIDTH)
        mixed: Tensor = self.cell(flat, flat).reshape(x.shape)
        return mixed


class SparesTheFirst(nn.Module):
    """Leaves the class token as it is: what it does depends on the position, but it is no embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x[:, :1], self.project(x[:, 1:])], 1)


class Rotary(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        angles = torch.arange(x.shape[1])[:, None] / torch.pow(10_000, torch.arange(0, WIDTH, 2) / WIDTH)
        cosine, sine = angles.cos().repeat(1, 2), angles.sin().repeat(1, 2)
        first, second = x.chunk(2, -1)
        return x * cosine + torch.cat((-second, first), -1) * sine


class WindowLoop(nn.Module):
    """A loop over windows carries nothing from one to the next: no recurrence."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        windows = [
            self.project(window).mean(1, keepdim=True).expand(window.shape) for window in torch.split(x, 4, dim=1)
        ]
        return torch.cat(windows, 1)


class SqueezeExcite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(WIDTH, 8, 1), nn.Conv2d(8, WIDTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3), keepdim=True)))))


class FourierMixer(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = torch.fft.fft2(x).real
        return mixed


def _activations() -> list[nn.Module]:
    plain = [nn.ReLU, nn.ReLU6, nn.GELU, nn.SiLU, nn.Mish, nn.ELU, nn.SELU, nn.CELU, nn.LeakyReLU, nn.PReLU, nn.RReLU]
    bounded = [nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.Sigmoid, nn.Tanh, nn.Tanhshrink, nn.Softplus, nn.Softsign]
    shrinking = [nn.Softshrink, nn.Hardshrink, nn.LogSigmoid]
    return [made() for made in (*plain, *bounded, *shrinking)]


LAYERS: tuple[Sample, ...] = (
    ("convolution", "map", lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=1)),
    ("convolution", "map", lambda: nn.Conv2d(WIDTH, WIDTH, 3, padding=1, groups=WIDTH)),
    ("convolution", "map", lambda: nn.Conv2d(WIDTH, WIDTH, 2, stride=2)),
    ("convolution", "map", lambda: nn.ConvTranspose2d(WIDTH, WIDTH, 3, padding=1)),
    ("convolution", "signal", lambda: nn.Conv1d(WIDTH, WIDTH, 3, padding=1)),
    ("mlp", "map", lambda: nn.Conv2d(WIDTH, WIDTH, 1)),
    ("mlp", "sequence", lambda: nn.Linear(WIDTH, WIDTH)),
    ("mlp", "vector", lambda: nn.Linear(WIDTH, WIDTH)),
    ("mlp", "sequence", lambda: nn.Sequential(nn.Linear(WIDTH, 64), nn.GELU(), nn.Linear(64, WIDTH))),
    ("recurrent", "sequence", lambda: First(nn.LSTM(WIDTH, WIDTH, batch_first=True))),
    ("recurrent", "sequence", lambda: First(nn.GRU(WIDTH, WIDTH, batch_first=True))),
    ("recurrent", "sequence", lambda: First(nn.RNN(WIDTH, WIDTH, batch_first=True))),
    ("recurrent", "sequence", SelectiveScan),
    ("recurrent", "sequence", MinimalGatedUnit),
    ("attention", "sequence", SelfAttention),
    ("attention", "sequence", lambda: nn.TransformerEncoderLayer(WIDTH, 4, 64, batch_first=True)),
    ("pooling", "map", lambda: nn.AvgPool2d(3, 1, 1)),
    ("pooling", "map", lambda: nn.MaxPool2d(3, 1, 1)),
    ("pooling", "map", lambda: nn.MaxPool2d(3, 2, 1)),
    ("pooling", "map", lambda: nn.LPPool2d(2, 2)),
    ("pooling", "signal", lambda: nn.AvgPool1d(3, 1, 1)),
    ("normalisation", "map", lambda: nn.BatchNorm2d(WIDTH)),
    ("normalisation", "signal", lambda: nn.BatchNorm1d(WIDTH)),
    ("normalisation", "sequence", lambda: nn.LayerNorm(WIDTH)),
    ("normalisation", "map", lambda: nn.GroupNorm(4, WIDTH)),
    ("normalisation", "map", lambda: nn.InstanceNorm2d(WIDTH)),
    ("normalisation", "sequence", lambda: nn.RMSNorm(WIDTH)),
    ("normalisation", "map", lambda: nn.LocalResponseNorm(3)),
    ("embedding", "sequence", PositionTable),
    ("embedding", "sequence", Rotary),
    ("mlp", "sequence", SparesTheFirst),
    ("mlp", "sequence", CellAsGate),
    ("mlp", "map", lambda: nn.Sequential(nn.Conv2d(WIDTH, WIDTH, 1), nn.GroupNorm(1, WIDTH), nn.GELU())),
    ("spectral", "sequence", FourierMixer),
    ("gate", "map", SqueezeExcite),
    ("other", "sequence", WindowLoop),
    *(("activation", "map", lambda made=made: made) for made in _activations()),
)


class Residual(nn.Module):
    """Adds its input to what an inner module makes of it."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)  # type: ignore[no-any-return]


class ProjectedShortcut(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.main, self.shortcut = nn.Conv2d(WIDTH, WIDTH, 3, 2, 1), nn.Conv2d(WIDTH, WIDTH, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.main(x) + self.shortcut(x))
