"""Hand-written modules that no convention of one tensor in, one tensor out covers."""

CROSS_ATTENTION = """
class CrossAttention(nn.Module):
    def __init__(self, query_dim, context_dim):
        super().__init__()
        self.q, self.kv = nn.Linear(query_dim, 16), nn.Linear(context_dim, 32)

    def forward(self, x, context, mask=None):
        k, v = self.kv(context).chunk(2, -1)
        return (self.q(x) @ k.transpose(1, 2)).softmax(-1) @ v
"""

TOKEN_MODEL = """
class LanguageModel(nn.Module):
    def __init__(self, vocab_size, dim=768, depth=12):
        super().__init__()
        self.embed = nn.Embedding(vocab_size, dim)
        self.blocks = nn.ModuleList([nn.Linear(dim, dim) for _ in range(depth)])

    def forward(self, input_ids, attention_mask=None):
        x = self.embed(input_ids)
        for block in self.blocks:
            x = block(x)
        return {"logits": x @ self.embed.weight.T, "hidden": [x]}
"""

LOSS = """
class SmoothedLoss(nn.Module):
    def __init__(self, smoothing=0.1):
        super().__init__()
        self.smoothing = smoothing

    def forward(self, pred, target):
        return F.cross_entropy(pred, target, label_smoothing=self.smoothing)
"""

CONFIGURED = """
class Attention(nn.Module):
    def __init__(self, config, layer_idx: int):
        super().__init__()
        self.config = config
        self.heads = config.num_attention_heads
        self.proj = nn.Linear(config.hidden_size, config.head_dim * self.heads)
        self.is_special = config.layer_types[layer_idx] == "special"

    def forward(self, hidden_states, position_embeddings, attention_mask):
        cos, sin = position_embeddings
        batch, length, _ = hidden_states.shape
        heads = self.proj(hidden_states).view(batch, length, self.heads, self.config.head_dim).transpose(1, 2)
        return (heads * cos.unsqueeze(1) + sin.unsqueeze(1)).transpose(1, 2).flatten(2), None
"""

WRAPPER = """
class PreNorm(nn.Module):
    def __init__(self, dim, fn):
        super().__init__()
        self.norm, self.fn = nn.LayerNorm(dim), fn

    def forward(self, x, **kwargs):
        return self.fn(self.norm(x), **kwargs)
"""

BUILT_OF_CLASSES = """
class Mlp(nn.Module):
    def __init__(self, dim, act_layer, depths):
        super().__init__()
        self.stages = nn.ModuleList([nn.Linear(dim, dim) for depth in depths for _ in range(depth)])
        self.act = act_layer()

    def forward(self, features: list[torch.Tensor]):
        return [self.act(stage(feature)) for stage, feature in zip(self.stages, features, strict=True)]
"""

CHOSEN_BY_NAME = """
class Pool(nn.Module):
    def __init__(self, dim, mode):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(dim))
        if mode not in ("mean", "max"):
            raise ValueError("mode must be mean or max")
        self.mode = mode

    def forward(self, x):
        x = x * self.scale
        return x.mean(1) if self.mode == "mean" else x.amax(1)
"""

HANDED_ON = """
class Base(nn.Module):
    def __init__(self, dim, depth=None):
        super().__init__()
        assert depth is not None, "depth must be given"
        self.net = nn.Sequential(*[nn.Linear(dim, dim) for _ in range(depth)])

    def forward(self, x):
        return self.net(x)

class Derived(Base):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
"""

PATCHES = """
class Stem(nn.Module):
    def __init__(self, img_size=224, patch_size=16, in_chans=3, embed_dim=768):
        super().__init__()
        self.img_size = img_size
        self.proj = nn.Conv2d(in_chans, embed_dim, patch_size, patch_size)

    def forward(self, x):
        assert x.shape[-1] == self.img_size, f"Input size ({x.shape[-1]}) doesn't match model ({self.img_size})."
        return self.proj(x)
"""

NOT_FINITE = """
class Broken(nn.Module):
    def forward(self, x):
        return torch.log(x - x)
"""

CUT = """
class Cut(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        with torch.no_grad():
            return self.proj(x)
"""

NEEDS_A_FILE = """
class NeedsAFile(nn.Module):
    def __init__(self, path: str):
        super().__init__()
        self.data = open(path).read()
"""

ANSWERS_NONSENSE = """
import os
class Nonsense(nn.Module):
    def __init__(self):
        os._exit(0)
"""
