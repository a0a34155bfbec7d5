"""Pictures of rows: from the data set's arrays, enlarged by whole pixels, and as data URIs."""

from __future__ import annotations

import base64
import io

import numpy as np
import streamlit as st
from PIL import Image

from ui.kinds.images import preview
from ui.shell import folders
from ui.shell.context import PageContext


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
