"""A whole search in miniature: a small model, a small task on disk, and a library of hand-written modules."""

from pathlib import Path

import numpy as np

from archgraft.agent.budget import Budget
from archgraft.agent.search import SearchRequest
from archgraft.agent.settings import Settings, with_values
from archgraft.tree_ops.contract import Contract, Family, Layout, Role, RoleName
from archgraft.tree_ops.library import Library
from archgraft.tree_ops.spec import ModuleSpec, Origin, Parameter
from tests.planting import RESIDUAL

CONV_BLOCK = '''import torch
from torch import nn


class ConvBlock(nn.Module):
    """Depth-wise and point-wise convolution."""

    def __init__(self, in_chs, out_chs, act_layer=nn.GELU):
        super().__init__()
        self.depthwise = nn.Conv2d(in_chs, in_chs, 3, padding=1, groups=in_chs)
        self.pointwise = nn.Conv2d(in_chs, out_chs, 1)
        self.act = act_layer()

    def forward(self, x):
        return self.act(self.pointwise(self.depthwise(x)))
'''

TOKEN_MIXER = """from torch import nn


class TokenMixer(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        return x + self.proj(self.norm(x)).mean(1, keepdim=True)
"""

BREAKS = '''from torch import nn


class Breaks(nn.Module):
    """Runs at the widths it was probed with, and at no other."""

    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Conv2d(32, 32, 1)

    def forward(self, x):
        return self.proj(x)
'''


def write_library(path: Path) -> Path:
    """A library of two modules that work."""
    with Library(path, create=True) as library:
        library.add(spec("conv1", "ConvBlock", CONV_BLOCK), CONTRACTS["conv1"])
        library.add(spec("mixer", "TokenMixer", TOKEN_MIXER), CONTRACTS["mixer"])
    return path


def write_broken_library(path: Path) -> Path:
    """A library of one module, whose contract promises too much."""
    with Library(path, create=True) as library:
        library.add(spec("broken", "Breaks", BREAKS), _contract("map", "other", ("dim",)))
    return path


def spec(module_id: str, class_name: str, source: str) -> ModuleSpec:
    origin = Origin("tests", "1", "small.py", 1, f"tests.small.{class_name}", "MIT")
    parameters = (Parameter("dim", "positional"),)
    return ModuleSpec(module_id, class_name, source, parameters, ("torch",), origin, source.count("\n"))


def _contract(layout: Layout, family: Family, names: tuple[str, ...]) -> Contract:
    roles: tuple[RoleName, ...] = ("in_width", "out_width")
    return Contract(
        layout=layout,
        template=tuple((name, Role(role)) for name, role in zip(names, roles)),
        width="project" if len(names) == 2 else "preserve",
        width_multiple=1,
        spatial_stride=1,
        family=family,
        causal=False,
        mutates_input=False,
        n_parameters=1500,
        flops=1000,
        probe_widths=(32, 32),
    )


CONTRACTS = {
    "conv1": _contract("map", "convolution", ("in_chs", "out_chs")),
    "mixer": _contract("sequence", "mlp", ("dim",)),
}


def write_task(path: Path, *, n: int = 160) -> Path:
    """Pictures whose class is where their bright half lies; with noise, so that scores differ."""
    generator = np.random.default_rng(0)
    y = generator.integers(0, 10, size=n)
    x = generator.normal(scale=0.8, size=(n, 3, 8, 8)).astype(np.float32)
    x[np.arange(n), y % 3, y % 8, :] += 1.5
    split = 3 * n // 4
    np.savez(path, x_train=x[:split], y_train=y[:split], x_test=x[split:], y_test=y[split:])
    return path


def small_request(folder: Path, *, trials: int = 4, **settings: object) -> SearchRequest:
    """A request whose model, task and library lie in `folder`, and whose run goes there too."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "net.py"
    model.write_text(RESIDUAL)
    library = folder / "modules.sqlite"
    if not library.exists():
        write_library(library)
    values = {
        "recipe.epochs": 1,
        "search.n_finalists": 1,
        "search.finalist_seeds": 2,
        "search.latency_rounds": 6,
        "search.max_parameters_ratio": 3.0,
        "search.max_flops_ratio": 3.0,
        **settings,
    }
    return SearchRequest(
        model=f"{model}:Net(width=8)",
        task=f"npz:{write_task(folder / 'task.npz')}",
        library=library,
        budget=Budget(trials=trials),
        out=folder / "run",
        settings=with_values(Settings(), values),
    )
