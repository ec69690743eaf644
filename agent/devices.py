"""The devices of a search: found once in the sandbox, then dealt out to candidates."""

import math
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from archgraft.agent.errors import UsageError
from archgraft.evaluator.devices import CPU, DEVICES_ENTRY, Device, DeviceError, devices_meant
from archgraft.sandbox.protocol import Job, Limits, Sandbox


@dataclass
class DevicePool:
    """Deals out devices, the least busy one first. With more slots than devices, candidates share their memory."""

    names: tuple[str, ...] = (CPU.name,)
    slots: int = 1
    _in_use: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def lease(self) -> Iterator[Device]:
        """A device for one candidate's training."""
        with self._lock:
            name = min(self.names, key=lambda one: self._in_use[one])
            self._in_use[name] += 1
        try:
            yield Device(name, 1 / math.ceil(self.slots / len(self.names)))
        finally:
            with self._lock:
                self._in_use[name] -= 1


def find_devices(setting: str, slots: int, sandbox: Sandbox, limits: Limits) -> DevicePool:
    """The devices that the setting means. Raises `UsageError` when there is none such."""
    if setting == CPU.name:
        return DevicePool(slots=slots)
    outcome = sandbox.run(Job(DEVICES_ENTRY, label="devices"), limits)
    if outcome.message is None:
        raise UsageError(f"setting sandbox.device={setting}: torch can't list its devices: {outcome.reason}")
    try:
        return DevicePool(devices_meant(setting, _names(outcome.message.header["devices"])), slots)
    except DeviceError as error:
        advice = "choose one of these, or run `archgraft doctor` to see why one is missing"
        raise UsageError(f"setting sandbox.device: {error}; {advice}") from None


def _names(listed: object) -> list[str]:
    return [str(name) for name in listed] if isinstance(listed, list) else []
