"""CIFAR-10 and CIFAR-100 as their author publishes them (Krizhevsky 2009): `cifar:FOLDER`, the unpacked archive.

The files are pickles of Python 2. They are read by an unpickler that knows arrays, lists and texts and nothing else: a
pickle that asks for any other function is refused before that is looked up.
"""

import pickle  # noqa: TID251 - its unpickler is narrowed to arrays, lists and texts
from pathlib import Path
from typing import Any

import numpy as np

from archgraft.evaluator.recipe import Recipe
from archgraft.evaluator.tasks.array import ArrayTask
from archgraft.evaluator.tasks.kinds import classification
from archgraft.evaluator.tasks.options import Options
from archgraft.evaluator.tasks.protocol import Split, Splits, TaskError
from archgraft.evaluator.tasks.splitting import standardised, stratified_split

OPTIONS = ("validation", "train")
N_VALIDATION = 5000
SHAPE = (3, 32, 32)
FILES = {
    b"labels": (tuple(f"data_batch_{number}" for number in range(1, 6)), ("test_batch",)),
    b"fine_labels": (("train",), ("test",)),
}
"""By the key that holds the labels: the training files and the test file of CIFAR-10, and of CIFAR-100."""
RECIPE = Recipe(epochs=10, batch_size=128, learning_rate=2e-3, crop_padding=4, horizontal_flip=True)


def cifar_task(reference: str) -> ArrayTask:
    """Pictures (N, 3, 32, 32) standardised by channel. Options: `validation`, `train` (samples). Raises `TaskError`."""
    place, options = Options.parse(reference, OPTIONS)
    folder = Path(place)
    for key, (train_names, test_names) in FILES.items():
        if (folder / train_names[0]).is_file():
            train, test = (_read(folder, names, key) for names in (train_names, test_names))
            break
    else:
        raise TaskError(f"{folder}: holds neither data_batch_1 (CIFAR-10) nor train (CIFAR-100); unpack the archive")
    n_held = options.whole("validation", min(N_VALIDATION, len(train) // 5), at_least=1)
    n_train = options.whole("train", max(1, len(train) - n_held), at_least=1)
    if n_held + n_train > len(train):
        raise TaskError(f"{reference}: validation and train ask for {n_held + n_train:,} of {len(train):,} pictures")
    kept, held = stratified_split(train.targets, n_held, np.random.default_rng(0))
    parts = [(train, kept[:n_train]), (train, held), (test, np.arange(len(test)))]
    inputs = standardised([part.inputs[rows] for part, rows in parts], axes=(0, 2, 3))
    splits = Splits(*(Split(x, part.targets[rows]) for x, (part, rows) in zip(inputs, parts)))
    return classification(folder.name, splits, RECIPE)


def _read(folder: Path, names: tuple[str, ...], key: bytes) -> Split:
    batches = [_batch(folder / name, key) for name in names]
    pictures = np.concatenate([pictures for pictures, _ in batches])
    return Split(pictures.reshape(-1, *SHAPE), np.concatenate([labels for _, labels in batches]))


def _batch(path: Path, key: bytes) -> tuple[np.ndarray, np.ndarray]:
    content = read_plain(path)
    if not isinstance(content, dict) or not {b"data", key} <= content.keys():
        raise TaskError(f"{path}: holds no batch of pictures: wanted the entries data and {key.decode()}")
    pictures, labels = np.asarray(content[b"data"]), np.asarray(content[key], np.int64)
    if pictures.dtype != np.uint8 or pictures.shape != (len(labels), int(np.prod(SHAPE))):
        raise TaskError(f"{path}: wanted a row of 3072 bytes for each label, got {pictures.dtype} {pictures.shape}")
    return pictures, labels


def read_plain(path: Path) -> Any:
    """What a pickle of arrays, lists, dictionaries, numbers and texts holds. Raises `TaskError` for any other."""
    if not path.is_file():
        raise TaskError(f"{path}: no such file")
    try:
        with path.open("rb") as file:
            return _PlainUnpickler(file, encoding="bytes").load()
    except TaskError:
        raise
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
        raise TaskError(f"{path}: can't be read as a batch of CIFAR: {error}") from error


class _PlainUnpickler(pickle.Unpickler):
    """Looks up what numpy arrays are made with, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        array_parts = {
            ("numpy.core.multiarray", "_reconstruct"): _empty_array,
            ("numpy._core.multiarray", "_reconstruct"): _empty_array,
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): _number_type,
            ("_codecs", "encode"): _as_bytes,  # how Python 3 writes bytes in the protocols of Python 2
        }
        if (module, name) not in array_parts:
            raise TaskError(f"the pickle asks for {module}.{name}: only arrays, lists and texts are ever read")
        return array_parts[module, name]


def _empty_array(_kind: type, _shape: tuple[int, ...], _dtype: bytes) -> np.ndarray:
    return np.ndarray((0,), np.uint8)


def _number_type(code: Any, *_flags: Any) -> np.dtype[Any]:
    found = np.dtype(code.decode() if isinstance(code, bytes) else code)
    if found.kind not in "uif":
        raise TaskError(f"the pickle holds an array of {found}: only numbers are read")
    return found


def _as_bytes(text: str, encoding: str) -> bytes:
    return text.encode("latin-1" if encoding in ("latin1", b"latin1") else "ascii")
