"""Faster kernels and other runtimes: models use their own torch code."""

from .accelerate import force_accelerate_hooks
from .deepspeed import is_deepspeed_available, is_deepspeed_zero3_enabled
from .fsdp import is_fsdp_enabled, is_fsdp_managed_module
from .hub_kernels import (
    lazy_load_kernel,
    use_kernel_forward_from_hub,
    use_kernel_func_from_hub,
    use_kernel_func_from_hub_with_fallback,
    use_kernelized_func,
)
from .moe import use_experts_implementation
