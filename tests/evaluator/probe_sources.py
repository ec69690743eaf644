"""Hand-written modules for the probe's tests: the kinds of class that real packages hold."""

import hashlib

from archgraft.tree_ops.spec import ModuleSpec, Origin, Parameter

HEADER = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n"

CONVOLUTION = """
class ConvBlock(nn.Module):
    def __init__(self, in_chs, out_chs, kernel_size=3):
        super().__init__()
        self.conv = nn.Conv2d(in_chs, out_chs, kernel_size, padding=kernel_size // 2)
        self.norm = nn.BatchNorm2d(out_chs)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))
"""

DOWNSAMPLE = """
class Downsample(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 2, stride=2)

    def forward(self, x):
        return self.conv(x)
"""

ATTENTION = """
class Attention(nn.Module):
    def __init__(self, dim, num_heads=8):
        super().__init__()
        assert dim % num_heads == 0
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, dim * 3)
        self.gamma = nn.Parameter(1e-6 * torch.ones(dim))

    def forward(self, x):
        batch, length, dim = x.shape
        q, k, v = self.qkv(x).reshape(batch, length, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
        mixed = (q @ k.transpose(-2, -1)).softmax(-1) @ v
        return x + self.gamma * mixed.transpose(1, 2).reshape(batch, length, dim)
"""

RECURRENT = """
class Recurrent(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0]
"""

CAUSAL_CONVOLUTION = """
class CausalConvolution(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3)

    def forward(self, x):
        return self.conv(F.pad(x, (2, 0)))
"""

MLP = """
class FeedForward(nn.Module):
    def __init__(self, dim, hidden_dim, dropout=0.0):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(dim, hidden_dim), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden_dim, dim))

    def forward(self, x):
        return self.net(x)
"""

SQUEEZE_EXCITE = """
class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduction):
        super().__init__()
        self.down = nn.Conv2d(channels, channels // reduction, 1)
        self.up = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.up(F.relu(self.down(x.mean((2, 3), keepdim=True)))))
"""

SPECTRAL = """
class Fourier(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.out = nn.Linear(dim, dim)

    def forward(self, x):
        return self.out(torch.fft.fft(x, dim=1).real)
"""

NORMALISATION = """
class ChannelNorm(nn.Module):
    def __init__(self, num_channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_channels, 1, 1))

    def forward(self, x):
        return self.weight * (x - x.mean(1, keepdim=True)) / (x.var(1, keepdim=True) + 1e-6).sqrt()
"""

POOLING = """
class PoolMixer(nn.Module):
    def forward(self, x):
        return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False) - x
"""

SWISH = """
class Swish(nn.Module):
    def forward(self, x):
        return x * x.sigmoid()
"""

IN_PLACE = """
class InPlace(nn.Module):
    def forward(self, x):
        return x.relu_()
"""

BOTTLENECK = """
class Bottleneck(nn.Module):
    def __init__(self, inplanes, planes):
        super().__init__()
        self.squeeze = nn.Conv2d(inplanes, planes, 1)
        self.mix = nn.Conv2d(planes, planes, 3, padding=1)
        self.expand = nn.Conv2d(planes, planes * 4, 1)

    def forward(self, x):
        return x + self.expand(F.relu(self.mix(F.relu(self.squeeze(x)))))
"""

WINDOWS = """
class Windows(nn.Module):
    def __init__(self, dim, window_size=4):
        super().__init__()
        self.window_size = window_size
        self.mix = nn.Linear(window_size, window_size)
        self.scale = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        batch, length, dim = x.shape
        assert length % self.window_size == 0, "the length must fill whole windows"
        folded = x.reshape(batch, -1, self.window_size, dim).transpose(2, 3)
        return self.mix(folded).transpose(2, 3).reshape(batch, length, dim) * self.scale
"""

BATCH_MIXER = """
class BatchMixer(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.attention = nn.MultiheadAttention(dim, 4)

    def forward(self, x):
        return self.attention(x, x, x)[0]
"""

FIVE_INPUTS = """
class Sum(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.out = nn.Linear(dim, dim)

    def forward(self, x, a, b, c, d, e):
        return self.out(x) + a + b + c + d + e
"""

CONSTANT = """
class Constant(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.value = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return self.value.expand(x.shape) + 0 * x
"""

IDENTITY = """
class DropPath(nn.Module):
    def __init__(self, drop_prob=0.1):
        super().__init__()
        self.drop = nn.Dropout(drop_prob)

    def forward(self, x):
        return self.drop(x)
"""

RAISING = """
class Raising(nn.Module):
    def __init__(self, dim):
        raise RuntimeError("this build has no kernels")
"""

UNKNOWN = """
class Lookup(nn.Module):
    def __init__(self, table):
        super().__init__()
        self.start = table["start"].size

    def forward(self, x):
        return x * self.start
"""

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

GRID = """
class ConvolutionOnGrid(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, x, H, W):
        batch, length, dim = x.shape
        return self.conv(x.transpose(1, 2).reshape(batch, dim, H, W)).flatten(2).transpose(1, 2)
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

UNSHUFFLE = """
class Unshuffle(nn.Module):
    def forward(self, x):
        return F.pixel_unshuffle(x, 2)
"""

DOUBLING = """
class Doubling(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(dim, 2 * dim, 1)

    def forward(self, x):
        return self.conv(x)
"""

BROKEN_IMPORT = """
import a_package_that_is_not_there

class Orphan(nn.Module):
    def forward(self, x):
        return x
"""

FIXED_SIZE = """
class TokenMixer(nn.Module):
    def __init__(self, dim, num_tokens=None, rows=16):
        super().__init__()
        self.mix = nn.Linear(num_tokens or rows, num_tokens or rows)

    def forward(self, x):
        return self.mix(x.transpose(1, 2)).transpose(1, 2)
"""

MAP_TABLE = """
class MapTable(nn.Module):
    def __init__(self, dim, feat_size=None):
        super().__init__()
        height, width = feat_size
        self.places = nn.Parameter(torch.randn(dim, height, width))
        self.mix = nn.Conv2d(dim, dim, 1)

    def forward(self, x):
        return self.mix(x + self.places)
"""

WINDOW_TABLE = """
class WindowTable(nn.Module):
    def __init__(self, dim, window_size):
        super().__init__()
        self.bias = nn.Parameter(torch.randn(window_size**2, window_size**2))
        self.qkv = nn.Linear(dim, 3 * dim)

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return (q @ k.transpose(1, 2) + self.bias).softmax(-1) @ v
"""

SQUARE_GRID = """
class SquareGrid(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.mix = nn.Conv2d(dim, dim, 3, padding=1)

    def forward(self, x):
        batch, n, dim = x.shape
        side = int(n**0.5)
        grid = x.transpose(1, 2).reshape(batch, dim, side, side)
        return self.mix(grid).flatten(2).transpose(1, 2)
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

SILENT_TRAIN = """
class SilentTrain(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.mix = nn.Conv2d(dim, dim, 3, padding=1)

    def train(self, mode=True):
        super().train(mode)

    def forward(self, x):
        return self.mix(x)
"""

NOISY = """
class Noisy(nn.Module):
    def forward(self, x):
        return x + torch.randn_like(x)
"""

HALVED_GATE = """
class HalvedGate(nn.Module):
    def forward(self, x):
        values, gates = x.chunk(2, dim=-1)
        return values * F.gelu(gates)
"""

ZERO_START = """
class ZeroStart(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1)
        self.norm = nn.BatchNorm2d(dim)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x):
        return self.norm(self.conv(x))
"""

CONTEXT_ATTENTION = """
class ContextAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.score, self.value = nn.Linear(dim, 1), nn.Linear(dim, dim)

    def forward(self, x):
        weights = F.softmax(self.score(x), dim=1)
        return F.relu(self.value(x)) * (weights * x).sum(1, keepdim=True)
"""

CLASS_ATTENTION = """
class ClassAttention(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.query, self.value = nn.Linear(dim, dim), nn.Linear(dim, dim)

    def forward(self, x):
        scores = self.query(x[:, :1]) @ x.transpose(1, 2)
        return torch.cat([scores.softmax(-1) @ self.value(x), x[:, 1:]], dim=1)
"""

POOL_BLOCK = """
class PoolBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.mix, self.mlp = nn.AvgPool2d(3, 1, 1), nn.Conv2d(dim, dim, 1)

    def forward(self, x):
        return x + self.mlp(x + self.mix(x))
"""

WIDE_ONLY = """
class WideOnly(nn.Module):
    def __init__(self, dim, head_dim=16):
        super().__init__()
        self.heads = dim // head_dim
        self.qkv = nn.Linear(dim, 3 * dim)

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
"""

EVEN_BATCHES = """
class EvenBatches(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Conv2d(dim, dim, 1)

    def forward(self, x):
        if self.training:
            assert len(x) % 2 == 0, "batch size must be even"
        return self.proj(x)
"""

ENDLESS = """
class Endless(nn.Module):
    def forward(self, x):
        while True:
            x = x + 1
"""

SECOND_OUTPUT = """
class Second(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.first = nn.Linear(dim, dim)
        self.second = nn.Linear(dim, dim)

    def forward(self, x):
        return self.first(x), self.second(x)
"""


def spec_of(body: str, *parameters: str, class_name: str = "") -> ModuleSpec:
    """A spec by hand, of the first class unless another is named.

    A parameter is written as in a signature: `name`, `name: annotation`, `name=default`.
    """
    class_name = class_name or body.split("class ", 1)[1].split("(", 1)[0]
    return ModuleSpec(
        id=hashlib.sha256(body.encode()).hexdigest()[:16],
        class_name=class_name,
        source=HEADER + body,
        parameters=tuple(_parameter(text) for text in parameters),
        requires=("torch",),
        origin=Origin("handmade", "1.0", "handmade.py", 1, f"handmade.{class_name}", "MIT"),
        n_lines=body.count("\n"),
    )


def _parameter(text: str) -> Parameter:
    declaration, _, default = text.partition("=")
    name, _, annotation = declaration.partition(":")
    return Parameter(name.strip(), "positional", annotation.strip() or None, default.strip() or None)
