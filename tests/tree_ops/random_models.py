"""Small random models: what one does (`Steps`), and sources that do it under random names, made in random ways."""

import numpy as np

Step = tuple[str, str]
Steps = tuple[tuple[Step, ...], ...]
"""Blocks of steps. A step is what is done with a layer, and which layer it is: `("+", "nn.Tanh()")`."""

_LAYERS = ("nn.Linear(4, 4)", "nn.Linear(4, 4, bias=False)", "nn.Tanh()", "nn.ReLU()", "nn.LayerNorm(4)")
_HOW = ("", "+", "*")
_WORDS = ("alpha", "mix", "part", "unit", "piece", "core", "item", "thing")


def random_steps(generator: np.random.Generator) -> Steps:
    """One or two blocks of one to three steps; two blocks of equal steps are two instances."""

    def block() -> tuple[Step, ...]:
        size = generator.integers(1, 4)
        return tuple((str(generator.choice(_HOW)), str(generator.choice(_LAYERS))) for _ in range(size))

    return tuple(block() for _ in range(generator.integers(1, 3)))


def written(steps: Steps, generator: np.random.Generator) -> str:
    """A source whose `Net()` does these steps and ends in a linear layer."""
    classes = []
    for number, block in enumerate(steps):
        slots = [f"{generator.choice(_WORDS)}{place}" for place in generator.permutation(len(block))]
        made = [f"        self.{slot} = {layer}" for slot, (_, layer) in zip(slots, block, strict=True)]
        made = [made[place] for place in generator.permutation(len(made))]
        x = str(generator.choice(_WORDS))
        done = [
            f"        {x} = {x} {how} self.{slot}({x})" if how else f"        {x} = self.{slot}({x})"
            for slot, (how, _) in zip(slots, block, strict=True)
        ]
        body = ["    def __init__(self):", "        super().__init__()", *made]
        body += [f"    def forward(self, {x}):", *done, f"        return {x}"]
        classes.append("\n".join([f"class Block{number}(nn.Module):", *body]))
    late = bool(generator.integers(2))
    blocks = [f"Block{number}()" for number in range(len(steps))]
    first = ["nn.Identity()"] * len(blocks) if late else blocks
    net = "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
    net += f"        self.blocks = nn.ModuleList([{', '.join(first)}])\n        self.head = nn.Linear(4, 4)\n"
    net += "".join(f"        self.blocks[{n}] = {block}\n" for n, block in enumerate(blocks) if late)
    net += "    def forward(self, x):\n        for block in self.blocks:\n            x = block(x)\n"
    net += "        return self.head(x)"
    parts = [*classes, net]
    return "\n\n\n".join(["from torch import nn", *(parts[place] for place in generator.permutation(len(parts)))])
