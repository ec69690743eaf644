"""BERT as a text classifier, after Devlin et al. 2018 (arXiv 1810.04805): transformers' own layers, one tensor out."""

import torch
from torch import nn
from transformers.models.bert.configuration_bert import BertConfig
from transformers.models.bert.modeling_bert import BertModel


class Classifier(nn.Module):
    """Tokens (B, T) to logits (B, n_classes)."""

    def __init__(self, config: BertConfig, n_classes: int):
        super().__init__()
        self.bert = BertModel(config)
        self.head = nn.Linear(config.hidden_size, n_classes)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.bert(tokens).pooler_output)


def classifier() -> Classifier:
    """Two layers of width 64."""
    sizes = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    return Classifier(BertConfig(vocab_size=100, max_position_embeddings=32, **sizes), n_classes=10)
