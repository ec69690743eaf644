from contextlib import ExitStack

import pytest

from archgraft.agent.devices import DevicePool, find_devices
from archgraft.agent.errors import UsageError
from archgraft.sandbox.protocol import Limits
from archgraft.sandbox.supervisor import LocalSandbox


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


def test_the_cpu_is_always_among_the_devices(shared_sandbox: LocalSandbox) -> None:
    pool = find_devices("auto", 2, shared_sandbox, Limits())
    assert pool.names
    assert find_devices("cpu", 2, shared_sandbox, Limits()).names == ("cpu",)


def test_a_device_that_is_not_there_is_the_users_to_mend(shared_sandbox: LocalSandbox) -> None:
    with pytest.raises(UsageError, match=r"sandbox.device: there is no device 'cuda:99' here, only .*cpu.*doctor"):
        find_devices("cuda:99", 2, shared_sandbox, Limits())
