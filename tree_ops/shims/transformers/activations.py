"""Activation functions by the names that configurations use; each look-up makes a new module."""

import functools
import math

import torch
from torch import nn


class Activation(nn.Module):
    """A function without state as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, input):
        return self.function(input)


def _gelu_tanh(x):
    return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


class XIELUActivation(nn.Module):
    """xIELU (arXiv 2411.13010) with its two learned slopes, in plain torch."""

    def __init__(self, alpha_p_init=0.8, alpha_n_init=0.8, beta=0.5, eps=-1e-6, dtype=torch.bfloat16):
        super().__init__()
        self.alpha_p = nn.Parameter(torch.tensor(alpha_p_init, dtype=dtype).expm1().log().unsqueeze(0))
        self.alpha_n = nn.Parameter(torch.tensor(alpha_n_init - beta, dtype=dtype).expm1().log().unsqueeze(0))
        self.register_buffer("beta", torch.tensor(beta, dtype=dtype))
        self.register_buffer("eps", torch.tensor(eps, dtype=dtype))

    def forward(self, x):
        rising = nn.functional.softplus(self.alpha_p) * x * x
        falling = (torch.expm1(torch.min(x, self.eps)) - x) * (self.beta + nn.functional.softplus(self.alpha_n))
        return torch.where(x > 0, rising, falling) + self.beta * x


ACT2CLS = {
    "gelu": functools.partial(Activation, nn.functional.gelu),
    "gelu_10": functools.partial(Activation, lambda x: nn.functional.gelu(x).clip(-10, 10)),
    "gelu_fast": functools.partial(Activation, _gelu_tanh),
    "gelu_new": functools.partial(Activation, _gelu_tanh),
    "gelu_python": functools.partial(Activation, nn.functional.gelu),
    "gelu_pytorch_tanh": functools.partial(nn.GELU, approximate="tanh"),
    "gelu_python_tanh": functools.partial(Activation, _gelu_tanh),
    "gelu_accurate": functools.partial(Activation, _gelu_tanh),
    "hardswish": nn.Hardswish,
    "laplace": functools.partial(Activation, lambda x: 0.5 * (1 + torch.erf((x - 0.707107) / (0.282095 * 2**0.5)))),
    "leaky_relu": nn.LeakyReLU,
    "linear": nn.Identity,
    "mish": nn.Mish,
    "quick_gelu": functools.partial(Activation, lambda x: x * torch.sigmoid(1.702 * x)),
    "relu": nn.ReLU,
    "relu2": functools.partial(Activation, lambda x: torch.square(torch.relu(x))),
    "relu6": nn.ReLU6,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "sqrtsoftplus": functools.partial(Activation, lambda x: nn.functional.softplus(x).sqrt()),
    "swish": nn.SiLU,
    "tanh": nn.Tanh,
    "prelu": nn.PReLU,
    "xielu": XIELUActivation,
}


class _Activations(dict):
    """Reading a name makes a module."""

    def __getitem__(self, name):
        return super().__getitem__(name)()


ACT2FN = _Activations(ACT2CLS)


def get_activation(activation_string):
    return ACT2FN[activation_string]
