"""A small transformer over tokens, after Vaswani et al. 2017 (arXiv 1706.03762), with pre-norm blocks.

One body, two models: one tells the next token at every position, one the class of the whole sequence. An ordinary model
file: nothing in it knows of archgraft.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    """Multi-head self-attention over (B, T, dim); causal: no position sees later ones."""

    def __init__(self, dim: int, heads: int, causal: bool):
        super().__init__()
        self.heads = heads
        self.causal = causal
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, dim = x.shape
        qkv = self.qkv(x).reshape(batch, length, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        out = F.scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], is_causal=self.causal)
        return self.proj(out.transpose(1, 2).reshape(batch, length, dim))


class Block(nn.Module):
    """Attention and two linear layers, each normalised first and added to its input."""

    def __init__(self, dim: int, heads: int, causal: bool):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim, heads, causal)
        self.norm2 = nn.LayerNorm(dim)
        self.fc1 = nn.Linear(dim, 2 * dim)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(2 * dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.fc2(self.act(self.fc1(self.norm2(x))))


class Body(nn.Module):
    """Tokens (B, T) to features (B, T, dim), with learnt positions."""

    def __init__(self, n_tokens: int, length: int, dim: int, depth: int, heads: int, causal: bool):
        super().__init__()
        self.token_embed = nn.Embedding(n_tokens, dim)
        self.pos_embed = nn.Parameter(0.02 * torch.randn(1, length, dim))
        self.blocks = nn.ModuleList([Block(dim, heads, causal) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.token_embed(x) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


class LanguageModel(nn.Module):
    """Tokens (B, length) to logits of each next token (B, length, n_tokens)."""

    def __init__(self, n_tokens: int, length: int = 64, dim: int = 64, depth: int = 2, heads: int = 4):
        super().__init__()
        self.body = Body(n_tokens, length, dim, depth, heads, causal=True)
        self.head = nn.Linear(dim, n_tokens)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x))


class SequenceClassifier(nn.Module):
    """Tokens (B, length) to logits of the sequence's class (B, num_classes)."""

    def __init__(
        self, n_tokens: int, num_classes: int, length: int = 64, dim: int = 64, depth: int = 2, heads: int = 4
    ):
        super().__init__()
        self.body = Body(n_tokens, length, dim, depth, heads, causal=False)
        self.head = nn.Linear(dim, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x).mean(1))
