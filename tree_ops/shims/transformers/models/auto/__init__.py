"""Choosing a class by the type of a configuration."""

from .configuration_auto import CONFIG_MAPPING, AutoConfig
from .modeling_auto import (
    AutoBackbone,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoModelForKeypointDetection,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTextEncoding,
    AutoModelForTokenClassification,
)
