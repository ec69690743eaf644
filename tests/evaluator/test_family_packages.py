"""Families of real packages' modules agree with what their authors and papers call them."""

from collections.abc import Mapping

import pytest

from archgraft.agent.paths import cache_folder
from archgraft.evaluator.probing import probe_module
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.tree_ops.contract import Contract
from archgraft.tree_ops.fetch import resolve
from archgraft.tree_ops.index import SourceIndex
from archgraft.tree_ops.spec_builder import build_spec

TIMM = {
    "convolution": (
        "models.repghost.RepGhostModule",
        "models.senet.SEResNetBlock",
        "models.metaformer.Stem",
        "models.resnest.ResNestBottleneck",
        "models.sequencer.Downsample2d",
        "models.densenet.DenseTransition",
        "models.iformer.RepCPE",
        "models.convnext.ConvNeXtBlock",
        "layers.std_conv.StdConv2dSame",
    ),
    "attention": (
        "models.tnt.Attention",
        "models.vision_transformer.ResPostBlock",
        "models.hieradet_sam2.MultiScaleAttention",
        "models.davit.ChannelBlock",
        "models.cait.TalkingHeadAttn",
        "models.fastvit.Attention",
        "models.mobilevit.LinearTransformerBlock",
        "layers.lambda_layer.LambdaLayer",
        "layers.attention.Attention",
        "layers.non_local_attn.NonLocalAttn",
    ),
    "recurrent": ("models.sequencer.Sequencer2dBlock",),
    "mlp": ("models.efficientformer.ConvMlpWithNorm", "layers.mlp.SwiGLU", "layers.mlp.Mlp", "layers.mlp.GluMlp"),
    "pooling": ("models.metaformer.Pooling", "layers.pool2d_same.AvgPool2dSame", "layers.blur_pool.BlurPool2d"),
    "normalisation": (
        "models.metaformer.LayerNorm2dNoBias",
        "layers.norm.RmsNorm2d",
        "layers.norm.LayerNorm",
        "layers.grn.GlobalResponseNorm",
    ),
    "activation": ("layers.activations.HardSwish", "layers.activations.GELUTanh", "layers.activations_me.HardSwishMe"),
    "gate": (
        "layers.eca.CecaModule",
        "layers.squeeze_excite.SEModule",
        "layers.cbam.LightChannelAttn",
        "layers.coord_attn.CoordAttn",
        "models.hgnet.EseModule",
    ),
}
VIT_PYTORCH = {
    "convolution": ("sep_vit.PEG", "twins_svt.PatchEmbedding", "regionvit.Downsample"),
    "attention": (
        "vit.Attention",
        "xcit.Attention",
        "sep_vit.DSSA",
        "nest.Attention",
        "cct.TransformerEncoderLayer",
        "vit.Transformer",
    ),
    "mlp": ("vit.FeedForward", "scalable_vit.FeedForward"),
    "normalisation": ("dino.L2Norm", "vit_5.RMSNorm", "regionvit.ChanLayerNorm"),
    "gate": ("max_vit.SqueezeExcitation",),
}


def disagreements(source: str, package: str, labels: Mapping[str, tuple[str, ...]]) -> tuple[dict[str, str], int]:
    """What each wrongly judged class was judged to be, and the number of those judged at all."""
    index = SourceIndex.build([resolve(source, cache_folder())])
    wrong: dict[str, str] = {}
    n_judged = 0
    with LocalSandbox(preload=("archgraft.evaluator.probe",)) as sandbox:
        for label, names in labels.items():
            for name in names:
                found = probe_module(sandbox, build_spec(index, f"{package}.{name}"))
                n_judged += isinstance(found, Contract)
                if isinstance(found, Contract) and found.family != label:
                    wrong[name] = found.family
    return wrong, n_judged


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "package", "labels", "least"),
    [("pypi:timm==1.0.31", "timm", TIMM, 34), ("pypi:vit-pytorch==1.26.11", "vit_pytorch", VIT_PYTORCH, 13)],
)
def test_families_agree_with_the_literature(
    source: str, package: str, labels: Mapping[str, tuple[str, ...]], least: int
) -> None:
    wrong, n_judged = disagreements(source, package, labels)
    assert wrong == {}
    assert n_judged >= least
