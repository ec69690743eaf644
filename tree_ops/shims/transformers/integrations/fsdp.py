"""Sharding is not in use."""


def is_fsdp_enabled():
    return False


def is_fsdp_managed_module(module):
    return False
