"""The map of an image: as a picture over the image, and as plain JSON."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from dl_core.data.dataset import Dataset
from dl_core.explain.explanation import Explanation
from dl_core.explain.images.overlay import heat_png, overlay, picture

LEAST = 256  # pixels of an overlay's longer side


@dataclass(frozen=True)
class ImageMap(Explanation):
    """A map (height, width) aligned with the image; larger is more evidence for the target, a class."""

    case: ClassVar[str] = "file"

    def picture(self, data: Dataset) -> Image.Image:
        """Return the image and, beside it, the map over it."""
        image = np.asarray(data.images[data.ids.get_loc(self.row)])
        over = overlay(image, self.heat, size=max(LEAST, *image.shape[:2]))
        both = Image.new("RGB", (2 * over.width, over.height))
        both.paste(picture(image).resize(over.size, Image.Resampling.BICUBIC), (0, 0))
        both.paste(over, (over.width, 0))
        return both

    def as_json(self) -> dict[str, Any]:
        """Return the map as plain JSON; ``heat`` is the data URI of an 8-bit grey PNG scaled to its own range."""
        low, high = float(self.heat.min()), float(self.heat.max())
        scaled = np.zeros_like(self.heat) if high <= low else (self.heat - low) / (high - low)
        png = base64.b64encode(heat_png(scaled)).decode("ascii")
        return {**super().as_json(), "heat": f"data:image/png;base64,{png}"}
