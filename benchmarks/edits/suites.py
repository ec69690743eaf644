"""The hosts that edits are measured on: standing lists, at sizes that a CPU traces in a fraction of a second."""

from dataclasses import dataclass
from pathlib import Path

MODELS = Path(__file__).parent / "models"
TIMM = "pypi:timm==1.0.31"
TORCHVISION = "pypi:torchvision==0.29.2"
VIT_PYTORCH = "pypi:vit-pytorch==1.26.11"
TRANSFORMERS = "pypi:transformers==5.23.0"
X_TRANSFORMERS = "pypi:x-transformers==2.31.10"
SEGMENTATION_MODELS = "pypi:segmentation-models-pytorch==0.6.0"
TORCH_EINOPS_UTILS = "pypi:torch-einops-utils==0.2.0"
MONAI = "pypi:monai==1.6.1"


@dataclass(frozen=True, slots=True)
class Host:
    """A model to edit. `shape` is one sample's; `n_tokens` says that it takes token ids.

    In a language model (`causal`) no output may depend on later positions.
    """

    reference: str
    shape: tuple[int, ...]
    sources: tuple[str, ...] = ()
    n_tokens: int | None = None
    causal: bool = False


CIFAR_RESNET18 = Host(f"{MODELS}/cifar_resnet.py:resnet18(width=32)", (3, 32, 32))
VIT_OF_VIT_PYTORCH = Host(
    "vit_pytorch.vit:ViT(image_size=32, patch_size=8, num_classes=10, dim=64, depth=4, heads=4, mlp_dim=128)",
    (3, 32, 32),
    (VIT_PYTORCH,),
)
VIT_OF_TIMM = Host(
    "timm.models.vision_transformer:VisionTransformer(img_size=32, patch_size=8, num_classes=10, embed_dim=64, "
    "depth=4, num_heads=4)",
    (3, 32, 32),
    (TIMM,),
)
CONVNEXT = Host("timm.models.convnext:convnext_atto()", (3, 64, 64), (TIMM,))
EFFICIENTNET = Host("timm.models.efficientnet:efficientnet_lite0()", (3, 64, 64), (TIMM,))
SWIN = Host(
    "timm.models.swin_transformer:SwinTransformer(img_size=64, patch_size=4, num_classes=10, embed_dim=32, "
    "depths=(2, 2, 2), num_heads=(2, 4, 8), window_size=4)",
    (3, 64, 64),
    (TIMM,),
)
GPT = Host(f"{MODELS}/gpt.py:GPT(GPTConfig())", (16,), n_tokens=128, causal=True)

HOSTS = (CIFAR_RESNET18, VIT_OF_VIT_PYTORCH, VIT_OF_TIMM, CONVNEXT, EFFICIENTNET, SWIN, GPT)
"""Promised: random offspring valid on the first draw."""

THIRTEEN = (
    *HOSTS,
    Host("torchvision.models.resnet:resnet18(num_classes=10)", (3, 64, 64), (TORCHVISION,)),
    Host("torchvision.models.resnet:resnet50(num_classes=10, width_per_group=16)", (3, 64, 64), (TORCHVISION,)),
    Host("timm.models.resnet:resnet10t(num_classes=10)", (3, 64, 64), (TIMM,)),
    Host(f"{MODELS}/bert.py:classifier()", (16,), (TRANSFORMERS,), n_tokens=100),
    Host(f"{MODELS}/unet.py:UNet()", (3, 32, 32)),
    Host("torchvision.models.mobilenetv3:mobilenet_v3_small(num_classes=10)", (3, 64, 64), (TORCHVISION,)),
)
"""Promised: single edits at every open node rebuilt exactly. FINDINGS' list: residual networks in four hands, vision
transformers of timm and vit-pytorch, ConvNeXt, string-built EfficientNet, Swin, BERT, a U-Net, a GPT."""

UNSEEN = (
    Host("timm.models.mobilevit:mobilevit_xxs(num_classes=10)", (3, 64, 64), (TIMM,)),
    Host(
        "timm.models.mlp_mixer:MlpMixer(num_classes=10, img_size=32, patch_size=8, num_blocks=4, embed_dim=64)",
        (3, 32, 32),
        (TIMM,),
    ),
    Host("timm.models.regnet:regnetx_002(num_classes=10)", (3, 64, 64), (TIMM,)),
    Host(
        "timm.models.densenet:DenseNet(growth_rate=8, block_config=(2, 2, 2, 2), num_classes=10)",
        (3, 64, 64),
        (TIMM,),
    ),
    Host("torchvision.models.shufflenetv2:shufflenet_v2_x0_5(num_classes=10)", (3, 64, 64), (TORCHVISION,)),
    Host("torchvision.models.squeezenet:squeezenet1_1(num_classes=10)", (3, 64, 64), (TORCHVISION,)),
    Host(
        "segmentation_models_pytorch.decoders.unet.model:Unet('resnet18', encoder_weights=None)",
        (3, 64, 64),
        (SEGMENTATION_MODELS, TIMM, TORCHVISION),
    ),
    Host(
        "x_transformers.x_transformers:ViTransformerWrapper(image_size=32, patch_size=8, num_classes=10, "
        "attn_layers=Encoder(dim=64, depth=2, heads=4))",
        (3, 32, 32),
        (X_TRANSFORMERS, TORCH_EINOPS_UTILS),
    ),
    Host(
        "monai.networks.nets.basic_unet:BasicUNet(spatial_dims=2, in_channels=1, out_channels=2, "
        "features=(8, 8, 16, 32, 64, 8))",
        (1, 32, 32),
        (MONAI,),
    ),
)
"""Promised: random offspring of hosts that nobody has looked at."""

SUITES: dict[str, tuple[Host, ...]] = {"thirteen": THIRTEEN, "hosts": HOSTS, "unseen": UNSEEN}
