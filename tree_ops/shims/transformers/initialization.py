"""Torch's own initialisers; parameters are not marked as initialised."""

import torch
from torch.nn import init

constant_ = init.constant_
dirac_ = init.dirac_
eye_ = init.eye_
kaiming_normal_ = init.kaiming_normal_
kaiming_uniform_ = init.kaiming_uniform_
normal_ = init.normal_
ones_ = init.ones_
orthogonal_ = init.orthogonal_
sparse_ = init.sparse_
trunc_normal_ = init.trunc_normal_
uniform_ = init.uniform_
xavier_normal_ = init.xavier_normal_
xavier_uniform_ = init.xavier_uniform_
zeros_ = init.zeros_


def copy_(tensor, other):
    with torch.no_grad():
        return tensor.copy_(other)
