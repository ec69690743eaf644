"""Transforms as layers."""
