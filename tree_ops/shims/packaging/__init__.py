"""Comparing versions. What needs the rest of packaging stays an import."""
