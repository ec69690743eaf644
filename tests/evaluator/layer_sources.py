"""Layers written by hand as real packages write them: one or more of each family."""

CONVOLUTION = """
class ConvBlock(nn.Module):
    def __init__(self, in_chs, out_chs, kernel_size=3):
        super().__init__()
        self.conv = nn.Conv2d(in_chs, out_chs, kernel_size, padding=kernel_size // 2)
        self.norm = nn.BatchNorm2d(out_chs)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))
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
