"""Modules written by hand that no graft may be: they can't be built or run, or break a promise."""

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

BROKEN_IMPORT = """
import a_package_that_is_not_there

class Orphan(nn.Module):
    def forward(self, x):
        return x
"""

NOISY = """
class Noisy(nn.Module):
    def forward(self, x):
        return x + torch.randn_like(x)
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
