"""A residual network for tables, after Gorishniy et al. 2021 (arXiv 2106.11959), section 3.2.

An ordinary model file: nothing in it knows of archgraft.
"""

import torch
from torch import nn


class Block(nn.Module):
    """Two linear layers over (B, dim), normalised first and added to the input."""

    def __init__(self, dim: int):
        super().__init__()
        self.norm = nn.BatchNorm1d(dim)
        self.fc1 = nn.Linear(dim, 2 * dim)
        self.act = nn.ReLU()
        self.fc2 = nn.Linear(2 * dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.fc2(self.act(self.fc1(self.norm(x))))


class MLP(nn.Module):
    """Features (B, n_features) to (B, n_outputs): logits of classes, or numbers."""

    def __init__(self, n_features: int, n_outputs: int = 1, dim: int = 32, depth: int = 2):
        super().__init__()
        self.stem = nn.Linear(n_features, dim)
        self.blocks = nn.ModuleList([Block(dim) for _ in range(depth)])
        self.norm = nn.BatchNorm1d(dim)
        self.act = nn.ReLU()
        self.head = nn.Linear(dim, n_outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(self.act(self.norm(x)))
