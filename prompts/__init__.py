"""Prompt templates and answer schemas."""
