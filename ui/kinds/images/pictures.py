"""Pictures of rows, enlarged by whole pixels, and saliency maps over them, with their measured faithfulness below."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from dl_core.explain.images.overlay import colour_bar, overlay, read_heat
from ui.kinds.images import preview
from ui.panels import faithfulness
from ui.shell import folders
from ui.shell.context import PageContext
from ui.shell.words import number


def picture_of(context: PageContext, row: str) -> np.ndarray | None:
    """Return the image of a row, (h, w[, 3]) uint8, or None where the data are not at hand."""
    table = context.table()
    key = preview.image_key(context.about)
    folder = context.dataset_folder
    if table is None or folder is None or key is None or row not in table.index:
        return None
    return folders.image(folder, key, int(table.index.get_loc(row)))


def picture(context: PageContext, row: str, alt: str) -> None:
    """Draw a row's image, small images enlarged without smoothing."""
    image = picture_of(context, row)
    if image is None:
        st.caption(row)
        return
    st.image(enlarged(Image.fromarray(image), 200), width="stretch", alt=alt)


def enlarged(image: Image.Image, least: int) -> Image.Image:
    """Return the image with its shorter side at least ``least`` pixels, by whole steps, so that pixels stay pixels."""
    times = max(1, -(-least // min(image.size)))
    return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)


def uri(image: Image.Image) -> str:
    """Return a PNG data URI."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


LEAST = 260  # pixels of a picture's shorter side on the page
OUTLINE = (86, 180, 233)  # of a known lesion


def decoded(uri: str) -> bytes:
    """Return the bytes of a data URI."""
    return base64.b64decode(uri.partition(",")[2])


def image_of(uri: str) -> np.ndarray:
    """Return the picture of a data URI, (h, w[, 3]) uint8."""
    with Image.open(io.BytesIO(decoded(uri))) as picture:
        return np.asarray(picture)


def drawn(image: np.ndarray, heat_uri: str, opacity: float, mask_uri: str | None = None) -> Image.Image:
    """Return a map over its image, enlarged, with the outline of a known mask."""
    base = np.asarray(enlarged(Image.fromarray(image), LEAST))
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
