"""The activation functions of networks, by the names under which torch has them. Runs in the sandbox child only."""

PIECEWISE_LINEAR = frozenset(
    {"relu", "relu_", "relu6", "leaky_relu", "leaky_relu_", "prelu", "rrelu", "rrelu_", "threshold", "threshold_",
     "hardtanh", "hardtanh_"}
)  # fmt: skip
SMOOTH = frozenset(
    {"gelu", "silu", "silu_", "mish", "elu", "elu_", "selu", "selu_", "celu", "celu_", "hardswish", "softplus",
     "tanh", "tanh_", "softsign"}
)  # fmt: skip
UNITS = PIECEWISE_LINEAR | SMOOTH
