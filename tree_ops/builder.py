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
