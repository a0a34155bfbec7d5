"""Rows that are pictures."""

from __future__ import annotations

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.kinds.base import Kind, Words
from dl_core.schema import Role


def _pictures(dataset: Dataset) -> np.ndarray:
    return dataset.images


KIND = Kind(
    name="images",
    needs=(Role.IMAGE,),
    words=Words(row=("image", "images"), unit=("row", "rows")),
    like="",
    corruptions={
        "noise": "Noise",
        "blur": "Blur",
        "brightness": "Brightness",
        "contrast": "Contrast",
        "rotation": "Rotation",
        "jpeg": "JPEG compression",
    },
    first_methods=3,
    alike=True,
    rows_shown=True,
    pictures=_pictures,
    read_options=("finding", "blank", "frame_time", "window", "frames", "plane"),
)
