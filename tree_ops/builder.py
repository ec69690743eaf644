"""The function that every candidate's file ends in: it constructs the rootstock, then applies overrides."""

BUILDER = "build_model"
CONSTRUCT = f"{BUILDER}()"
CANDIDATE = "archgraft_candidate"
"""The module name that a candidate's file runs under."""
CANDIDATE_FILE = f"<{CANDIDATE}>"
ORIGIN_MARK = "# Mined from "
"""Begins the line above each mined class that gives credit."""


def builder_source(expression: str) -> str:
    """A file with nothing but `build_model()`, which gives the value of an expression."""
    return f'''from torch import nn


def {BUILDER}() -> nn.Module:
    """The model, ready to train."""
    model: nn.Module = {expression}
    return model
'''


def split_builder(source: str) -> tuple[str, str]:
    """A candidate's file in two: what stands before `build_model()`, which may be long, and that function."""
    start = source.rfind(f"\ndef {BUILDER}(") + 1
    return source[:start], source[start:]
