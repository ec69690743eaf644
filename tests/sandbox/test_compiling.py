from pathlib import Path

import numpy as np
import pytest

from archgraft.sandbox.canaries import COMPILING
from archgraft.sandbox.conformance import answer, run
from archgraft.sandbox.layers import compile_refusals, compiling
from archgraft.sandbox.protocol import Job, Limits, SandboxError
from archgraft.sandbox.supervisor import LocalSandbox

REPOSITORY = Path(__file__).parents[2].resolve()


@pytest.mark.slow
def test_torch_compiles_for_the_cpu_and_gives_the_same_numbers(sandbox: LocalSandbox) -> None:
    row = next(row for row in sandbox.canaries if row.layer == "compiling")
    if not row.held:
        pytest.skip(row.mend)
    job = Job("tests.sandbox.compiling_job:run", readable=(REPOSITORY,), compiles=True)
    message = answer(sandbox.run(job, Limits(wall_seconds=300.0, cpu_seconds=300.0)))
    assert isinstance(message.header["n_libraries"], int)
    assert message.header["n_libraries"] > 0
    np.testing.assert_allclose(message.arrays["compiled"], message.arrays["plain"], rtol=1e-5, atol=1e-6)


def test_without_the_other_layers_a_job_that_may_compile_is_refused_with_the_reason(weak_sandbox: LocalSandbox) -> None:
    job = Job("archgraft.sandbox.conformance_jobs:echo", label="first candidate", compiles=True)
    with pytest.raises(
        SandboxError, match=f"first candidate may start a compiler, which {compile_refusals.NOT_CONFINED[:16]}"
    ):
        weak_sandbox.run(job, Limits())
    row = next(row for row in weak_sandbox.canaries if row.layer == "compiling")
    assert row.mend == f"{COMPILING} {compile_refusals.NOT_CONFINED}"
    answer(run(weak_sandbox, "echo"))


def test_a_compiler_outside_of_the_systems_folders_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not compiling.has_compiler()
    (tmp_path / compile_refusals.COMPILER).touch(mode=0o755)
    assert not compiling.has_compiler()
    monkeypatch.setattr(compiling, "PROGRAMS", (str(tmp_path),))
    assert compiling.has_compiler()
