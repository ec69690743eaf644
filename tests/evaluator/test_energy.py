from pathlib import Path

import pytest

from archgraft.evaluator.energy import joules_so_far, used


def test_energy_is_summed_over_packages_and_none_without_a_sensor(tmp_path: Path) -> None:
    assert joules_so_far(tmp_path) is None
    for number, microjoules in enumerate((1_500_000, 2_500_000)):
        (tmp_path / f"intel-rapl:{number}").mkdir()
        (tmp_path / f"intel-rapl:{number}" / "energy_uj").write_text(f"{microjoules}\n")
    assert joules_so_far(tmp_path) == 4.0


@pytest.mark.parametrize(("before", "after", "joules"), [(1.0, 4.0, 3.0), (None, 4.0, None), (4.0, 1.0, None)])
def test_energy_between_two_readings(before: float | None, after: float | None, joules: float | None) -> None:
    assert used(before, after) == joules
