"""Modules written by hand that ask for something of widths or positions: multiples, tables, grids."""

DOWNSAMPLE = """
class Downsample(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 2, stride=2)

    def forward(self, x):
        return self.conv(x)
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

GRID = """
class ConvolutionOnGrid(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, x, H, W):
        batch, length, dim = x.shape
        return self.conv(x.transpose(1, 2).reshape(batch, dim, H, W)).flatten(2).transpose(1, 2)
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

WIDE_ONLY = """
class WideOnly(nn.Module):
    def __init__(self, dim, head_dim=16):
        super().__init__()
        self.heads = max(heads for heads in range(1, dim // head_dim + 1) if dim % heads == 0)
        self.qkv = nn.Linear(dim, 3 * dim)

    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
"""

ROUNDED_GROUPS = """
class RoundedGroups(nn.Module):
    def __init__(self, dim, groups=8):
        super().__init__()
        inner = dim // 16 * groups // 2
        self.down = nn.Conv2d(dim, inner, 1)
        self.mix = nn.Conv2d(inner, inner, 3, padding=1, groups=groups)
        self.up = nn.Conv2d(inner, dim, 1)

    def forward(self, x):
        return x + self.up(self.mix(self.down(x)))
"""

COARSE_GATE = """
class CoarseGate(nn.Module):
    def __init__(self, dim, size=5):
        super().__init__()
        self.patches = nn.Conv2d(dim, dim, size, stride=size)

    def forward(self, x):
        return x * self.patches(x).mean((2, 3), keepdim=True).sigmoid()
"""
