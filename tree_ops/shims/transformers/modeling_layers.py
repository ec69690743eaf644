"""A layer that can recompute its forward during backward to save memory."""

import functools

import torch.utils.checkpoint
from torch import nn


class GradientCheckpointingLayer(nn.Module):
    """A module; while training with `gradient_checkpointing` set, its activations are recomputed in backward."""

    gradient_checkpointing = False

    def __call__(self, *args, **kwargs):
        call = functools.partial(super().__call__, **kwargs)
        if self.gradient_checkpointing and self.training:
            return torch.utils.checkpoint.checkpoint(call, *args, use_reentrant=False)
        return call(*args)
