"""Pictures of any size as arrays of one size. Needs Pillow."""

from pathlib import Path
from typing import IO, Any

import numpy as np

from archgraft.evaluator.tasks.protocol import TaskError

MAX_BYTES = 4 * 2**30


def room_for(where: object, n_pictures: int, n_channels: int, size: int) -> np.ndarray:
    """An empty array (N, C, size, size) uint8. Raises `TaskError` when it would be too large as float32."""
    if (n_bytes := 4 * n_pictures * n_channels * size**2) > MAX_BYTES:
        raise TaskError(
            f"{where}: {n_pictures:,} pictures of {size} x {size} take {n_bytes:,} bytes; give a smaller ?size="
        )
    return np.empty((n_pictures, n_channels, size, size), np.uint8)


def read_picture(file: Path | IO[bytes], size: int, mode: str) -> np.ndarray:
    """One picture (C, size, size) uint8, cut to a square in the middle; mode `RGB` or `L`. Raises `TaskError`."""
    image, errors = _pillow()
    try:
        with image.open(file) as picture:
            return as_array(picture, size, mode)
    except errors as error:
        raise TaskError(f"{file}: can't be read as a picture: {error}") from error


def as_array(picture: Any, size: int, mode: str) -> np.ndarray:
    """A picture of Pillow's as `read_picture` gives it."""
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(picture).convert(mode)
    cut = np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.BILINEAR))
    return cut[None] if mode == "L" else np.moveaxis(cut, -1, 0)


def _pillow() -> tuple[Any, tuple[type[Exception], ...]]:
    try:
        from PIL import Image
    except ImportError:
        raise TaskError("pictures in files need Pillow: pip install 'archgraft[images]'") from None
    return Image, (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
