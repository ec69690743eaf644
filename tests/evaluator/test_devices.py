import pytest

from archgraft.evaluator.devices import DeviceError, devices_meant

TWO_GPUS = ("cuda:0", "cuda:1", "cpu")


@pytest.mark.parametrize(
    ("setting", "present", "meant"),
    [
        ("cpu", TWO_GPUS, ("cpu",)),
        ("cuda", TWO_GPUS, ("cuda:0", "cuda:1")),
        ("cuda:1", TWO_GPUS, ("cuda:1",)),
        ("auto", TWO_GPUS, ("cuda:0", "cuda:1")),
        ("auto", ("mps", "cpu"), ("mps",)),
        ("auto", ("cpu",), ("cpu",)),
        ("mps", ("mps", "cpu"), ("mps",)),
    ],
)
def test_a_setting_means_devices_that_are_there(setting: str, present: tuple[str, ...], meant: tuple[str, ...]) -> None:
    assert devices_meant(setting, present) == meant


@pytest.mark.parametrize("setting", ["cuda", "cuda:2", "mps"])
def test_a_device_that_is_not_there_is_named_with_those_that_are(setting: str) -> None:
    present = ("cpu",) if setting == "cuda" else TWO_GPUS
    with pytest.raises(DeviceError, match=f"no device '{setting}' here, only {', '.join(present)}"):
        devices_meant(setting, present)


@pytest.mark.parametrize("setting", ["gpu", "", "cuda:", "cuda:x", "CPU"])
def test_a_word_that_is_no_device_is_answered_with_those_that_are(setting: str) -> None:
    with pytest.raises(DeviceError, match="a device is cpu, cuda, cuda:N, mps or auto"):
        devices_meant(setting, TWO_GPUS)
