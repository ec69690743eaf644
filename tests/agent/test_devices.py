import threading
from collections import Counter
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest

from archgraft.agent.devices import DevicePool, find_devices, peak_gpu_bytes
from archgraft.agent.errors import UsageError
from archgraft.sandbox.protocol import Limits, Message
from archgraft.sandbox.supervisor import LocalSandbox
from archgraft.sandbox.testing import ScriptedSandbox, succeeded


def test_the_least_busy_device_is_dealt_out() -> None:
    pool = DevicePool(("cuda:0", "cuda:1"), slots=3)
    with ExitStack() as held:
        names = [held.enter_context(pool.lease()).name for _ in range(3)]
    assert names == ["cuda:0", "cuda:1", "cuda:0"]
    with pool.lease() as device:
        assert device.name == "cuda:0"


@pytest.mark.parametrize(("slots", "share"), [(1, 1.0), (2, 1.0), (3, 0.5), (8, 0.25)])
def test_candidates_share_the_memory_of_a_device(slots: int, share: float) -> None:
    with DevicePool(("cuda:0", "cuda:1"), slots).lease() as device:
        assert device.memory_share == share


GIBIBYTE = 2**30
LARGE_AND_SMALL = {"cuda:0": 80 * GIBIBYTE, "cuda:1": 10 * GIBIBYTE}


def test_once_the_rootstock_is_measured_no_gpu_has_more_candidates_than_its_memory_holds() -> None:
    pool = DevicePool(("cuda:0", "cuda:1"), slots=8, free_bytes=LARGE_AND_SMALL)
    assert pool.places() == {"cuda:0": 4, "cuda:1": 4}
    pool.fit(2 * GIBIBYTE)  # granted 4 each, of 72 and 9 that are usable
    assert pool.places() == {"cuda:0": 6, "cuda:1": 2}
    with ExitStack() as held:
        devices = [held.enter_context(pool.lease()) for _ in range(8)]
    assert Counter(device.name for device in devices) == {"cuda:0": 6, "cuda:1": 2}
    assert {(device.name, device.memory_share) for device in devices} == {("cuda:0", 1 / 6), ("cuda:1", 1 / 2)}


def test_a_rootstock_that_fills_a_gpu_has_it_alone_and_the_next_candidate_waits() -> None:
    pool = DevicePool(("cuda:0",), slots=2, free_bytes={"cuda:0": 10 * GIBIBYTE})
    pool.fit(20 * GIBIBYTE)
    order = []

    def train() -> None:
        with pool.lease() as device:
            order.append(device.memory_share)

    with pool.lease() as device:
        waiting = threading.Thread(target=train)
        waiting.start()
        waiting.join(0.05)
        order.append(0.0)  # the other has not begun
    waiting.join(10.0)
    assert (device.memory_share, order) == (1.0, [0.0, 1.0])


@pytest.mark.parametrize("measured", [None, 0])
def test_what_was_not_measured_changes_nothing(measured: int | None) -> None:
    pool = DevicePool(("cuda:0", "cuda:1"), slots=3, free_bytes=LARGE_AND_SMALL)
    pool.fit(measured)
    assert pool.places() == {"cuda:0": 2, "cuda:1": 1}


def test_the_memory_of_gpus_is_heeded_as_the_sandbox_lists_it() -> None:
    listed = Message({"devices": ["cuda:0", "cuda:1", "cpu"], "free_bytes": dict(LARGE_AND_SMALL)})
    pool = find_devices("cuda", 4, ScriptedSandbox([succeeded(listed)]), Limits())
    pool.fit(4 * GIBIBYTE)
    assert pool.places() == {"cuda:0": 3, "cuda:1": 1}


@pytest.mark.parametrize(("peaks", "expected"), [([None, None], None), ([3, 5], 5)])
def test_the_rootstock_s_peak_is_that_of_its_largest_training(peaks: list[int | None], expected: int | None) -> None:
    metrics = [SimpleNamespace(peak_gpu_memory_bytes=peak) for peak in (*peaks, 9)]
    ids = (*[0] * len(peaks), 1)  # the last one's is no rootstock's
    measured = [SimpleNamespace(candidate_id=n, result=SimpleNamespace(metrics=m)) for n, m in zip(ids, metrics)]
    store: Any = SimpleNamespace(measurements=lambda purpose: measured if purpose == "confirmation" else [])
    assert peak_gpu_bytes(store) == expected


def test_the_cpu_is_always_among_the_devices(shared_sandbox: LocalSandbox) -> None:
    pool = find_devices("auto", 2, shared_sandbox, Limits())
    assert pool.names
    assert find_devices("cpu", 2, shared_sandbox, Limits()).names == ("cpu",)


def test_a_device_that_is_not_there_is_the_users_to_mend(shared_sandbox: LocalSandbox) -> None:
    with pytest.raises(UsageError, match=r"sandbox.device: there is no device 'cuda:99' here, only .*cpu.*doctor"):
        find_devices("cuda:99", 2, shared_sandbox, Limits())
