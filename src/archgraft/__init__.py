"""archgraft evolves executable PyTorch architectures by tree surgery on real code."""

__version__ = "0.1.0"
