"""What code that also takes pictures asks of Pillow while it is given tensors."""

__version__ = "12.0.0"
