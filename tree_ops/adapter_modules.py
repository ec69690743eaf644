"""Modules that make a graft fit its host. Their source is copied into candidates that use them; nothing else runs them.

Each class is complete in itself: it uses nothing of this file but `torch` and `nn`.
"""

import math
from typing import Any

import torch
from torch import nn


class Grafted(nn.Module):
    """A host with a residual branch behind it: `y + gate * graft(y)`. A gate of zero leaves the host as it was."""

    def __init__(self, host: nn.Module, graft: nn.Module) -> None:
        super().__init__()
        self.host = host
        self.graft = graft
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        y: torch.Tensor = self.host(x, *args, **kwargs)
        branch: torch.Tensor = self.graft(y)
        return y + self.gate * branch


class GraftedBefore(nn.Module):
    """A host with a residual branch in front of it: `host(x + gate * graft(x))`. A gate of zero changes nothing."""

    def __init__(self, host: nn.Module, graft: nn.Module) -> None:
        super().__init__()
        self.host = host
        self.graft = graft
        self.gate = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        branch: torch.Tensor = self.graft(x)
        y: torch.Tensor = self.host(x + self.gate * branch, *args, **kwargs)
        return y


class Residual(nn.Module):
    """A host with a skip connection around it: `x + host(x)`."""

    def __init__(self, host: nn.Module) -> None:
        super().__init__()
        self.host = host

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        y: torch.Tensor = self.host(x, *args, **kwargs)
        return x + y


class ParallelSum(nn.Module):
    """A host with a second path beside it: `host(x) + graft(x)`."""

    def __init__(self, host: nn.Module, graft: nn.Module) -> None:
        super().__init__()
        self.host = host
        self.graft = graft

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        branch: torch.Tensor = self.graft(x)
        y: torch.Tensor = self.host(x, *args, **kwargs)
        return y + branch


class Gated(nn.Module):
    """A host whose output a second module scales: `2 * sigmoid(graft(y)) * y`, near `y` where the graft is small."""

    def __init__(self, host: nn.Module, graft: nn.Module) -> None:
        super().__init__()
        self.host = host
        self.graft = graft

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        y: torch.Tensor = self.host(x, *args, **kwargs)
        scale: torch.Tensor = self.graft(y)
        return 2 * torch.sigmoid(scale) * y


class ConcatenateProject(nn.Module):
    """A host with a second path beside it; both outputs side by side along the channels, projected to the host's."""

    def __init__(self, host: nn.Module, graft: nn.Module, projection: nn.Module) -> None:
        super().__init__()
        self.host = host
        self.graft = graft
        self.projection = projection
        self.axis = -1 if isinstance(projection, nn.Linear) else 1

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        branch: torch.Tensor = self.graft(x)
        y: torch.Tensor = self.projection(torch.cat([self.host(x, *args, **kwargs), branch], dim=self.axis))
        return y


class Average(nn.Module):
    """Two paths that share the work of one: the mean of their outputs."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first = first
        self.second = second

    def forward(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        y: torch.Tensor = (self.first(x, *args, **kwargs) + self.second(x, *args, **kwargs)) / 2
        return y


class ConcatenateChannels(nn.Module):
    """Two paths that share the work of one: each gives some of the channels."""

    def __init__(self, first: nn.Module, second: nn.Module, axis: int = 1) -> None:
        super().__init__()
        self.first = first
        self.second = second
        self.axis = axis

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.first(x), self.second(x)], dim=self.axis)


class Chain(nn.Sequential):
    """Modules one after the other, each given the host's further arguments."""

    def forward(self, input: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        x = input
        for module in self:
            x = module(x, *args, **kwargs)
        return x


class OnSequence(nn.Module):
    """Runs a module of sequences (B, N, C) on maps (B, C, H, W), each position a token."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, _, height, width = x.shape
        y: torch.Tensor = self.module(x.flatten(2).transpose(1, 2))
        return y.transpose(1, 2).reshape(batch, -1, height, width)


class OnMap(nn.Module):
    """Runs a module of maps (B, C, H, W) on the square patch grid of a sequence (B, N, C); class tokens pass by.

    The module keeps its width and its positions.
    """

    def __init__(self, module: nn.Module, n_prefix: int = 0) -> None:
        super().__init__()
        self.module = module
        self.n_prefix = n_prefix

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        prefix, grid = x[:, : self.n_prefix], x[:, self.n_prefix :]
        batch, n, channels = grid.shape
        side = math.isqrt(n)
        y: torch.Tensor = self.module(grid.transpose(1, 2).reshape(batch, channels, side, side))
        return torch.cat([prefix, y.flatten(2).transpose(1, 2)], dim=1)


class OnTransposed(nn.Module):
    """Runs a module of signals (B, C, L) on sequences (B, N, C), or the other way round."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.module(x.transpose(1, 2)).transpose(1, 2)
        return y


class OnRow(nn.Module):
    """Runs a module of maps (B, C, H, W) on signals (B, C, L), as maps of height one."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.module(x.unsqueeze(2)).squeeze(2)
        return y


class ChannelsFirst(nn.Module):
    """Runs a module of maps (B, C, H, W) on channels-last maps (B, H, W, C)."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.module(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return y


class ChannelsLast(nn.Module):
    """Runs a module of channels-last maps (B, H, W, C) on maps (B, C, H, W)."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.module(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return y


class OnPositions(nn.Module):
    """Runs a module of vectors (B, C) on every position of a tensor (B, ..., C)."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.module(x.flatten(0, -2))
        return y.reshape(*x.shape[:-1], -1)


class IgnoreExtra(nn.Module):
    """Drops the further arguments that a host's code passes (masks, positions)."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor, *_args: Any, **_kwargs: Any) -> torch.Tensor:
        y: torch.Tensor = self.module(x)
        return y


class FeedInputs(nn.Module):
    """Calls a module that takes further inputs, and feeds it those.

    `same` is the input again, `none` is None; `height`, `width`, `size` (both) and `length` measure the positions: the
    `n_axes` axes from `first` on. The positions of a sequence are laid out as near to a square as they go.
    """

    def __init__(self, module: nn.Module, feeds: tuple[str, ...] = (), first: int = 1, n_axes: int = 1) -> None:
        super().__init__()
        self.module = module
        self.feeds = feeds
        self.first = first
        self.n_axes = n_axes

    def forward(self, x: torch.Tensor) -> Any:
        positions = x.shape[self.first : self.first + self.n_axes]
        length = math.prod(positions)
        height = positions[0] if len(positions) > 1 else math.isqrt(length)
        while height > 1 and length % height:
            height -= 1
        width = length // max(height, 1)
        known = {"same": x, "height": height, "width": width, "size": (height, width), "length": length}
        return self.module(x, *[known.get(feed) for feed in self.feeds])


class TakeFirst(nn.Module):
    """Takes the first of what a module gives."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.module(x)[0]
        return y


class CloneInput(nn.Module):
    """Shields the host's tensor from a module that works in place."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.module(x.clone())
        return y


class CloneOutput(nn.Module):
    """Shields a module's output, which its gradient may need, from what works in place behind it."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.module(x)
        return y.clone()


def with_attributes(module: nn.Module, **attributes: Any) -> nn.Module:
    """The module, with plain attributes that the host's code reads off it; one that it has itself stays."""
    for name, value in attributes.items():
        if not hasattr(module, name):
            setattr(module, name, value)
    return module
