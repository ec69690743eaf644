"""The base classes that models and blocks are built on. Everything else of transformers stays its own."""

from .configuration_utils import PreTrainedConfig, PretrainedConfig
from .generation import GenerationMixin
from .modeling_layers import GradientCheckpointingLayer
from .modeling_utils import PreTrainedModel
from .models.auto import AutoConfig, AutoModel
