"""Checks of installed versions: what is inlined needs none."""


def require_version(requirement, hint=None):
    """Nothing is checked."""


def require_version_core(requirement):
    """Nothing is checked."""
