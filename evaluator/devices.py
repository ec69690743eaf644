"""Where a model is trained: which devices a setting means among those that are there. Nothing here imports torch."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

DEVICES_ENTRY = "archgraft.evaluator.device_list:run"
SETTING = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


class DeviceError(ValueError):
    """A setting that means no device, or one that isn't there: the message says which there are."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device as torch names it, and the share of its memory that one candidate may use (GPUs only)."""

    name: str = "cpu"
    memory_share: float = 1.0

    @property
    def is_gpu(self) -> bool:
        """Whether time on it is GPU time."""
        return self.name != "cpu"


CPU = Device()


def devices_meant(setting: str, present: Sequence[str]) -> tuple[str, ...]:
    """The devices that candidates are dealt to: `cuda` means every GPU, `auto` the best kind that is present.

    `present` are names as `evaluator/device_list.py` gives them. Raises `DeviceError`.
    """
    if SETTING.fullmatch(setting) is None:
        raise DeviceError(f"a device is cpu, cuda, cuda:N, mps or auto, but got {setting!r}")
    gpus = tuple(name for name in present if name.startswith("cuda:"))
    if setting == "auto":
        return gpus or (("mps",) if "mps" in present else ("cpu",))
    found = gpus if setting == "cuda" else tuple(name for name in present if name == setting)
    if not found:
        raise DeviceError(f"there is no device {setting!r} here, only {', '.join(present)}")
    return found
