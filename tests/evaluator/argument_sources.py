"""Modules written by hand that want more arguments than widths: lists, classes, configurations, masks."""

LISTED = """
class Listed(nn.Module):
    def __init__(self, in_channels, widths: list, act_layer: type[nn.Module]):
        super().__init__()
        layers = []
        for before, after in zip([in_channels, *widths[:-1]], widths):
            layers += [nn.Conv2d(before, after, 3, padding=1), act_layer()]
        self.net = nn.Sequential(*layers)

    def forward(self, x):
        return self.net(x)
"""

CONFIGURED = """
class SelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads = config.num_attention_heads
        self.qkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)

    def forward(self, hidden_states):
        batch, length, dim = hidden_states.shape
        shape = (batch, length, 3, self.heads, dim // self.heads)
        q, k, v = self.qkv(hidden_states).view(shape).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1)).softmax(-1)
        return (weights @ v).transpose(1, 2).reshape(batch, length, dim), weights
"""

CROSS = """
class CrossAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.q, self.k = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x, context, mask):
        weights = self.q(x) @ self.k(context).transpose(1, 2)
        if mask is not None:
            weights = weights + mask
        return weights.softmax(-1) @ context
"""

UNPADDED = """
class Unpadded(nn.Module):
    def __init__(self, channels, kernel_size=3, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size, padding=padding)

    def forward(self, x):
        return self.conv(x)
"""

NORMED_MAP = """
class NormedMap(nn.Module):
    def __init__(self, dim, norm_layer=None):
        super().__init__()
        self.mix, self.norm = nn.Conv2d(dim, dim, 3, padding=1), norm_layer(dim)

    def forward(self, x):
        return self.norm(self.mix(x))
"""

NORMED_TOKENS = """
class NormedTokens(nn.Module):
    def __init__(self, dim, norm_layer=None):
        super().__init__()
        self.mix, self.norm = nn.Linear(dim, dim), norm_layer(dim)

    def forward(self, x):
        batch, n, dim = x.shape
        return self.norm(self.mix(x))
"""
