"""Images as data URIs, so that a result is one JSON and a table can show them."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from dl_core.data.dataset import Dataset
from dl_core.errors import OptionError
from dl_core.schema import Role

SMALLEST = 96  # pixels; smaller images are enlarged without smoothing, so that they look as they are


def thumbnail(image: np.ndarray, enlarge: bool = True) -> str:
    """Return a working image (height, width, channels) uint8 as a PNG data URI."""
    grey = image.ndim == 2 or image.shape[-1] == 1
    picture = Image.fromarray(np.ascontiguousarray(image.reshape(image.shape[:2]) if grey else image))
    if enlarge and picture.width < SMALLEST:
        times = -(-SMALLEST // picture.width)
        picture = picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)
    return data_uri(picture)


def thumbnails(data: Dataset, enlarge: bool = True) -> list[str | None]:
    """Return a picture of every row, or None for each where rows are no images."""
    if Role.IMAGE not in data.roles:
        return [None] * len(data)
    return [thumbnail(np.asarray(image), enlarge) for image in data.images]


def check_images(data: Dataset) -> None:
    """Raise `OptionError` where rows are no images."""
    if Role.IMAGE not in data.roles:
        raise OptionError("this is for images only", where=data.name)


def data_uri(picture: Image.Image) -> str:
    """Return a picture as a PNG data URI."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
