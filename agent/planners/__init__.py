"""Planners: where and how to change which parent."""
