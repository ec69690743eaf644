"""A task from one numpy archive: `x_train`, `y_train`, `x_test`, `y_test`, and optionally a validation part.

What is learnt follows from the arrays: integer y (N,) is classification, float y is regression, integer y (N, T) beside
integer x (N, T) is a token per position. Pictures are uint8 (N, H, W) or (N, H, W, C) and become standardised float32
(N, C, H, W); integer x of two axes are tokens; float x are taken as they are.
"""

import zipfile
from pathlib import Path

import numpy as np

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification, regression, token_prediction
from archgraft.evaluator.tasks.protocol import Split, Splits, TaskError
from archgraft.evaluator.tasks.splitting import standardised, stratified_split, take

WANTED = ("x_train", "y_train", "x_test", "y_test")
OPTIONAL = ("x_validation", "y_validation")
VALIDATION_SHARE = 0.2
RECIPE = Recipe()


def npz_task(path: Path, seed: int = 0) -> ArrayTask:
    """The task in a file. The validation part is cut off the training part. Raises `TaskError`."""
    arrays = read_arrays(path)
    for part in ("train", "validation", "test"):
        if f"x_{part}" in arrays:
            _check_lengths(path, part, arrays)
    parts = _inputs(path, _cut(path, arrays, np.random.default_rng(seed)))
    splits = Splits(*parts)
    target = splits.train.targets
    if target.dtype.kind == "f":
        return regression(path.stem, splits, RECIPE)
    if target.ndim == 1:
        return classification(path.stem, splits, RECIPE)
    if target.ndim == 2 and splits.train.inputs.shape == target.shape and splits.train.inputs.dtype == np.int64:
        return token_prediction(path.stem, splits, RECIPE)
    raise TaskError(
        f"{path}: integer y_train of shape {target.shape} fits no kind of task; give (N,) classes, float targets for a "
        f"regression, or (N, T) tokens beside integer x_train of the same shape (x_train is {arrays['x_train'].shape})"
    )


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The file's arrays, never unpickled. Raises `TaskError`."""
    if not path.is_file():
        raise TaskError(f"{path}: no such file")
    try:
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.lib.npyio.NpzFile):
            raise TaskError(f"{path}: holds one bare array; save an archive with numpy.savez(file, x_train=..., ...)")
        with loaded as archive:
            found = sorted(archive.files)
            missing = [key for key in WANTED if key not in found]
            if missing or len(set(OPTIONAL) & set(found)) == 1:
                wanted = f"{', '.join(WANTED)} (and, both or none, {', '.join(OPTIONAL)})"
                raise TaskError(f"{path}: found the keys {', '.join(found) or 'none'}; wanted {wanted}")
            return {key: _numeric(path, key, archive[key]) for key in (*WANTED, *OPTIONAL) if key in found}
    except TaskError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        reason = _reason(error)
        raise TaskError(f"{path}: can't be read as a numpy archive: {reason}") from error


def _reason(error: Exception) -> str:
    """numpy's reason in our words: it takes any file that is no archive for a pickle."""
    if "Object arrays" in str(error):
        return "holds Python objects, which are never loaded"
    return "it is some other kind of file" if "allow_pickle" in str(error) else str(error)


def _numeric(path: Path, key: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.kind not in "iufb":
        raise TaskError(f"{path}: {key} has dtype {array.dtype}; wanted integers or floats")
    if array.ndim == 0 or array.size == 0:
        raise TaskError(f"{path}: {key} is empty, shape {array.shape}")
    if array.dtype.kind == "f":
        return array.astype(np.float32)
    return array.astype(np.int64) if key.startswith("y_") or array.dtype == np.bool_ else array


def _check_lengths(path: Path, part: str, arrays: dict[str, np.ndarray]) -> None:
    n_inputs, n_targets = len(arrays[f"x_{part}"]), len(arrays[f"y_{part}"])
    if n_inputs != n_targets:
        raise TaskError(f"{path}: x_{part} has {n_inputs} rows but y_{part} has {n_targets}")


def _cut(path: Path, arrays: dict[str, np.ndarray], generator: np.random.Generator) -> tuple[Split, Split, Split]:
    """Train, validation and test with raw inputs."""
    train, test = (Split(arrays[f"x_{part}"], arrays[f"y_{part}"]) for part in ("train", "test"))
    if "x_validation" in arrays:
        return train, Split(arrays["x_validation"], arrays["y_validation"]), test
    if len(train) < 10:
        raise TaskError(f"{path}: x_train has {len(train)} rows; at least 10 are needed to cut a validation part off")
    n_held = max(1, round(len(train) * VALIDATION_SHARE))
    if train.targets.ndim == 2 and train.targets.dtype.kind == "i":
        # Neighbouring windows of a text may overlap: a random cut would leak, the tail does not.
        kept, held = np.arange(len(train) - n_held), np.arange(len(train) - n_held, len(train))
    else:
        is_class = train.targets.ndim == 1 and train.targets.dtype.kind == "i"
        kept, held = stratified_split(train.targets if is_class else np.zeros(len(train), int), n_held, generator)
    return take(train, kept), take(train, held), test


def _inputs(path: Path, parts: tuple[Split, Split, Split]) -> list[Split]:
    """The parts with inputs in the dtype and layout that models take."""
    first = parts[0].inputs
    arrays = [part.inputs for part in parts]
    if len({(array.shape[1:], array.dtype) for array in arrays}) > 1:
        shapes = ", ".join(f"{array.dtype} {array.shape}" for array in arrays)
        raise TaskError(f"{path}: the inputs of train, validation and test must be alike, but are {shapes}")
    if first.dtype == np.uint8 and first.ndim in (3, 4):
        arrays = standardised([_channels_first(array) for array in arrays], axes=(0, 2, 3))
    elif first.dtype.kind in "iu":
        if first.ndim != 2:
            raise TaskError(
                f"{path}: x_train is {first.dtype} {first.shape}; integers must be tokens (N, T) or uint8 pictures "
                "(N, H, W) or (N, H, W, C); save anything else as float32"
            )
        arrays = [array.astype(np.int64) for array in arrays]
    return [Split(array, part.targets) for array, part in zip(arrays, parts)]


def _channels_first(pictures: np.ndarray) -> np.ndarray:
    """(N, H, W) or (N, H, W, C) to (N, C, H, W); what has its channels first already is kept."""
    if pictures.ndim == 3:
        return pictures[:, None]
    if pictures.shape[-1] not in (1, 2, 3, 4) and pictures.shape[1] in (1, 2, 3, 4):
        return pictures
    return np.moveaxis(pictures, -1, 1)
