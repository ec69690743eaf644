"""The written-down attributes are those of the installed torch."""

from torch import nn

from archgraft.tree_ops.layer_attributes import is_layer_attribute
from archgraft.tree_ops.torch_names import MODULE_NAMES

LAYERS = [
    nn.Conv2d(2, 2, 1),
    nn.ConvTranspose1d(2, 2, 1),
    nn.BatchNorm2d(2),
    nn.InstanceNorm1d(2),
    nn.GroupNorm(1, 2),
    nn.LayerNorm(2),
    nn.RMSNorm(2),
    nn.Linear(2, 2),
    nn.Bilinear(2, 2, 2),
    nn.Embedding(2, 2),
    nn.MultiheadAttention(2, 1),
    nn.TransformerEncoderLayer(2, 1),
    nn.LSTM(2, 2),
    nn.GRUCell(2, 2),
    nn.MaxPool2d(2),
    nn.AdaptiveAvgPool2d(1),
    nn.Dropout(),
    nn.GELU(),
    nn.PReLU(),
    nn.Softmax(dim=1),
    nn.Upsample(2),
    nn.Unfold(1),
    nn.CrossEntropyLoss(),
]


def test_all_that_layers_keep_on_themselves_is_listed() -> None:
    inherited = set(nn.Module().__dict__) | MODULE_NAMES
    for layer in LAYERS:
        kept = {*layer.__dict__, *layer._parameters, *layer._buffers, *layer._modules}
        missing = {name for name in kept - inherited if not is_layer_attribute(name)}
        assert not missing, f"{type(layer).__name__} keeps {sorted(missing)}"
