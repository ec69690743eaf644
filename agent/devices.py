"""The devices of a search: found once in the sandbox, then dealt out to candidates."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from archgraft.agent.errors import UsageError
from archgraft.agent.store.reader import RunReader
from archgraft.evaluator.devices import CPU, DEVICES_ENTRY, Device, DeviceError, devices_meant
from archgraft.sandbox.protocol import Job, Limits, Sandbox

ROOM = 2.0
"""How much more memory than the rootstock a candidate is granted: what the default caps on its size allow."""
USABLE_SHARE = 0.9
"""Of the memory that was free on a GPU; the rest is for what each process keeps there besides its tensors."""


@dataclass
class DevicePool:
    """Deals out devices, the least busy one first. With more slots than devices, candidates share their memory.

    How many share a GPU follows `search.slots` at first. Once the rootstock has been measured (`fit`), it is no more
    than its memory holds, and further candidates wait for a place.
    """

    names: tuple[str, ...] = (CPU.name,)
    slots: int = 1
    free_bytes: Mapping[str, int] = field(default_factory=dict)
    """Memory of each GPU that nobody used when the search began."""
    _room: dict[str, int] = field(default_factory=dict)
    """Candidates that each GPU's memory holds, where that is known."""
    _in_use: Counter[str] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def fit(self, rootstock_bytes: int | None) -> None:
        """Learn what the rootstock's training takes on a GPU; None when it was not measured there."""
        if not rootstock_bytes:
            return
        with self._changed:
            needed = ROOM * rootstock_bytes
            self._room = {name: max(1, int(USABLE_SHARE * free / needed)) for name, free in self.free_bytes.items()}
            self._changed.notify_all()

    def places(self) -> dict[str, int]:
        """How many candidates each device is for: the slots, dealt out evenly as far as memory goes; at least one."""
        dealt = dict.fromkeys(self.names, 0)
        for _ in range(self.slots):
            open_ = [name for name in self.names if dealt[name] < self._room.get(name, self.slots)]
            if not open_:
                break
            dealt[min(open_, key=lambda name: dealt[name])] += 1
        return {name: max(1, n) for name, n in dealt.items()}

    @contextmanager
    def lease(self) -> Iterator[Device]:
        """A device for one candidate's training; waits while the memory of all is taken."""
        with self._changed:
            self._changed.wait_for(self._open)
            name = min(self._open(), key=lambda one: self._in_use[one])
            share = 1 / self.places()[name]
            self._in_use[name] += 1
        try:
            yield Device(name, share)
        finally:
            with self._changed:
                self._in_use[name] -= 1
                self._changed.notify_all()

    def _open(self) -> list[str]:
        """The devices that can take one more."""
        places = self.places()
        return [name for name in self.names if name not in self._room or self._in_use[name] < places[name]]


def find_devices(setting: str, slots: int, sandbox: Sandbox, limits: Limits) -> DevicePool:
    """The devices that the setting means. Raises `UsageError` when there is none such."""
    if setting == CPU.name:
        return DevicePool(slots=slots)
    outcome = sandbox.run(Job(DEVICES_ENTRY, label="devices"), limits)
    if outcome.message is None:
        raise UsageError(f"setting sandbox.device={setting}: torch can't list its devices: {outcome.reason}")
    try:
        header = outcome.message.header
        return DevicePool(devices_meant(setting, _names(header["devices"])), slots, _sizes(header["free_bytes"]))
    except DeviceError as error:
        advice = "choose one of these, or run `archgraft doctor` to see why one is missing"
        raise UsageError(f"setting sandbox.device: {error}; {advice}") from None


def _names(listed: object) -> list[str]:
    return [str(name) for name in listed] if isinstance(listed, list) else []


def _sizes(listed: object) -> dict[str, int]:
    found = listed.items() if isinstance(listed, dict) else ()
    return {name: n_bytes for name, n_bytes in found if isinstance(n_bytes, int) and n_bytes > 0}


def peak_gpu_bytes(store: RunReader) -> int | None:
    """What a training of the rootstock allocated on a GPU at most; None where it was not trained on one."""
    measured = [each.result.metrics for each in store.measurements("confirmation") if each.candidate_id == 0]
    peaks = [metrics.peak_gpu_memory_bytes for metrics in measured if metrics is not None]
    return max((peak for peak in peaks if peak is not None), default=None)
