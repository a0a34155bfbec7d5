"""What a report shows of an explained image: the picture, and the map over it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from dl_core.explain.images.overlay import overlay, picture
from dl_core.report.content import ClassExample

SMALLEST = 160  # pixels: smaller pictures are enlarged without smoothing


@dataclass(frozen=True, kw_only=True)
class ImageExample(ClassExample):
    """An image (h, w, c) uint8 with its map."""

    image: np.ndarray

    template: ClassVar[str] = "case_images.html.j2"

    def shown(self) -> dict[str, Any]:
        """Return what the template prints."""
        drawn = overlay(self.image, self.explanation.heat, opacity=0.6)
        return {**super().shown(), "image": _png(picture(self.image)), "map": _png(drawn)}


def _png(drawn: Image.Image) -> str:
    if drawn.width < SMALLEST:
        times = -(-SMALLEST // drawn.width)
        drawn = drawn.resize((drawn.width * times, drawn.height * times), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    drawn.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
