"""Generating text is left out."""


class GenerationMixin:
    """A mark of models that can generate; `generate` itself is left out."""

    @classmethod
    def can_generate(cls):
        return True
