"""Generating text is left out."""

from .utils import GenerationMixin
