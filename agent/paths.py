"""Folders outside a run: where fetched sources are kept."""

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """The user's cache for archgraft, or what ARCHGRAFT_CACHE says."""
    override = os.environ.get("ARCHGRAFT_CACHE")
    return Path(override) if override else Path(platformdirs.user_cache_dir("archgraft"))
