"""Saliency maps as people see them: over the image, with a colour bar, and with their measured faithfulness below."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from dl_core.explain.images.overlay import colour_bar, overlay, read_heat
from ui.kinds.images import pictures
from ui.panels import faithfulness
from ui.shell.words import number

LEAST = 260  # pixels of a picture's shorter side on the page
OUTLINE = (86, 180, 233)  # of a known lesion


def decoded(uri: str) -> bytes:
    """Return the bytes of a data URI."""
    return base64.b64decode(uri.partition(",")[2])


def image_of(uri: str) -> np.ndarray:
    """Return the picture of a data URI, (h, w[, 3]) uint8."""
    import io

    with Image.open(io.BytesIO(decoded(uri))) as picture:
        return np.asarray(picture)


def drawn(image: np.ndarray, heat_uri: str, opacity: float, mask_uri: str | None = None) -> Image.Image:
    """Return a map over its image, enlarged, with the outline of a known mask."""
    base = np.asarray(pictures.enlarged(Image.fromarray(image), LEAST))
    over = overlay(base, np.asarray(_like(read_heat(decoded(heat_uri)), base)), opacity=opacity)
    return outlined(over, mask_uri) if mask_uri else over


def outlined(picture: Image.Image, mask_uri: str) -> Image.Image:
    """Return the picture with the border of a mask drawn on it."""
    mask = Image.fromarray((image_of(mask_uri) > 0).astype(np.uint8) * 255).resize(
        picture.size, Image.Resampling.NEAREST
    )
    inside = np.asarray(mask) > 0
    wide = np.pad(inside, 2)
    eroded = np.logical_and.reduce(
        [
            wide[2 + dy : wide.shape[0] - 2 + dy, 2 + dx : wide.shape[1] - 2 + dx]
            for dy in (-2, 0, 2)
            for dx in (-2, 0, 2)
        ]
    )
    result = picture.convert("RGB")
    points = [(int(x), int(y)) for y, x in zip(*np.nonzero(inside & ~eroded), strict=True)]
    ImageDraw.Draw(result).point(points, fill=OUTLINE)
    return result


def show(image: np.ndarray, one: Mapping[str, Any], title: str, opacity: float, mask_uri: str | None = None) -> None:
    """Draw one map with its title, probability and faithfulness."""
    with st.container(border=True, gap="small"):
        st.markdown(f"**{title}**")
        alt = f"{title}: saliency for {one['target']}"
        st.image(drawn(image, one["heat"], opacity, mask_uri), width="stretch", alt=alt)
        st.caption(f"Saliency for **{one['target']}**, probability {number(one['probability'])}")
        if one.get("faithfulness"):
            faithfulness.show(one["faithfulness"], "the map")


def legend() -> None:
    """Draw the colour bar that all maps share."""
    with st.container(horizontal=True, vertical_alignment="center", width="content"):
        st.caption("low saliency")
        st.image(colour_bar(width=160, height=10), alt="Colour bar from low to high saliency")
        st.caption("high saliency")


def _like(heat: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Return the heat smoothly enlarged to the size of the picture."""
    size = (base.shape[1], base.shape[0])
    return np.asarray(Image.fromarray((heat * 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)) / 255
