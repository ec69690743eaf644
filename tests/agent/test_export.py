import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from archgraft.agent.errors import UsageError
from archgraft.agent.export import export
from archgraft.agent.exported_source import exported_source, mined_parts
from archgraft.agent.store.opening import open_run
from archgraft.agent.store.reader import load_run
from tests.agent.synthetic import run_info, source_of, weights_of, write_run

TORCH_ALONE = (
    "torch",
    "torchgen",
    "functorch",
    "typing_extensions.py",
    "filelock",
    "fsspec",
    "jinja2",
    "markupsafe",
    "mpmath",
    "networkx",
    "sympy",
)

USE = """
import sys
sys.path[:0] = sys.argv[1:3]
import torch
try:
    import numpy
except ImportError:
    pass
else:
    raise SystemExit("numpy can be imported: this is not torch alone")
import best
model = best.load_model()
with torch.no_grad():
    output = model(torch.ones(2, 8))
weights = {name: tensor.tolist() for name, tensor in model.state_dict().items()}
import json
print(json.dumps({"shape": list(output.shape), "training": model.training, "weights": weights}))
"""


def torch_alone(folder: Path) -> Path:
    """A folder to import from that holds torch with what torch needs, and nothing else."""
    folder.mkdir()
    for name in TORCH_ALONE:
        target = Path(sysconfig.get_paths()["purelib"]) / name
        if target.exists():
            (folder / name).symlink_to(target)
    return folder


def test_the_exported_file_runs_with_torch_alone_and_loads_its_weights(tmp_path: Path) -> None:
    exported = export(write_run(tmp_path / "run", 12), tmp_path / "out" / "best.py")
    packages = torch_alone(tmp_path / "packages")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-W", "ignore", "-c", USE, str(packages), str(tmp_path / "out")],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["shape"] == [2, 3]
    assert told["training"] is False
    wanted = weights_of(exported.candidate_id)
    assert {name: np.asarray(values, np.float32).tolist() for name, values in told["weights"].items()} == {
        name: array.tolist() for name, array in wanted.items()
    }


def test_the_header_credits_each_mined_part_and_tells_the_scores(tmp_path: Path) -> None:
    exported = export(write_run(tmp_path, 12), tmp_path / "best.py")
    header = exported.source.read_text().split("\nimport torch")[0]
    assert "Mined from timm 1.0.31, timm/layers/mlp.py:12 (Apache-2.0)" in header
    assert "test accuracy: 9" in header
    assert "3 seeds" in header
    assert "from best import load_model" in header
    assert all(line.startswith("#") or not line for line in header.splitlines())


def test_the_card_holds_what_was_measured(tmp_path: Path) -> None:
    exported = export(write_run(tmp_path, 12), tmp_path / "best.py")
    card = json.loads(exported.card.read_text())
    with load_run(tmp_path) as run:
        tests = {
            str(item.result.seed): item.result.metrics.score
            for item in run.measurements("finalist", "test")
            if item.candidate_id == exported.candidate_id and item.result.metrics
        }
    assert card["best"]["scores_by_split_and_seed"]["test"] == tests
    assert card["weights"]["scores"]["test"] == tests[str(exported.weights_seed)]
    assert card["mined_parts"] == [
        "Mined from timm 1.0.31, timm/layers/mlp.py:12 (Apache-2.0), module 0123456789abcdef."
    ]
    assert card["run"]["settings"] == dict(run_info().settings)


def test_without_finals_the_source_goes_out_without_weights(tmp_path: Path) -> None:
    run = write_run(tmp_path, 5, finals=False)
    (tmp_path / "best.safetensors").write_bytes(b"of an earlier export")
    exported = export(run, tmp_path / "best.py")
    assert exported.weights is None
    assert not (tmp_path / "best.safetensors").exists()
    assert "weights: none" in exported.source.read_text()


def test_names_that_the_model_uses_are_left_to_it() -> None:
    source = "def load_model(depth):\n    return depth\n\n\ndef build_model(depth):\n    return load_model(depth)"
    text = exported_source(source, "build_model(3)", [], "best", "best.safetensors")
    module: dict[str, object] = {"__file__": "best.py"}
    exec(text, module)
    assert "from best import load_model_" in text
    assert module["build_model_"]() == 3  # type: ignore[operator]  # defined by the text


def test_credits_come_once_each() -> None:
    assert len(mined_parts(source_of([]) * 2)) == 1


def test_every_number_type_is_read_back(tmp_path: Path) -> None:
    import torch

    kinds = {
        "F64": "f8",
        "F32": "f4",
        "F16": "f2",
        "I64": "i8",
        "I32": "i4",
        "I16": "i2",
        "I8": "i1",
        "U8": "u1",
        "BOOL": "?",
    }
    arrays = {name: np.arange(6).reshape(2, 3).astype(kind) for name, kind in kinds.items()}
    arrays |= {"empty": np.zeros((0, 4), np.float32), "scalar": np.asarray(7, np.int64)}
    (tmp_path / "all.safetensors").write_bytes(save(arrays))
    module: dict[str, object] = {}
    exec(exported_source("x = 1", "build_model()", [], "best", "best.safetensors"), module)
    read = module["read_safetensors"]
    assert callable(read)
    tensors = read(tmp_path / "all.safetensors")
    assert tensors.keys() == arrays.keys()
    for name, array in arrays.items():
        assert torch.equal(tensors[name], torch.from_numpy(array))
        assert tensors[name].dtype == torch.from_numpy(array).dtype


@pytest.mark.parametrize("name", ["best", "my-model.py", "1.py"])
def test_a_name_that_cannot_be_imported_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="can be imported"):
        export(tmp_path, tmp_path / name)


def test_nothing_to_export_and_nowhere_to_write_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run here"):
        export(tmp_path, tmp_path / "best.py")
    open_run(tmp_path / "begun", run_info()).close()
    with pytest.raises(UsageError, match="nothing to export"):
        export(tmp_path / "begun", tmp_path / "best.py")
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="can't be written"):
        export(write_run(tmp_path / "run", 2, finals=False), tmp_path / "file" / "best.py")
