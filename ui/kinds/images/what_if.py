"""What if, for images: spoil one and see what the models make of it."""

from __future__ import annotations

from typing import Any

import streamlit as st
from PIL import Image

from ui.kinds.images import pictures
from ui.panels import predict
from ui.shell.context import PageContext

PROBE = "what_if_image"
STRENGTHS = (0, 1, 2, 3, 4, 5)


def changes(context: PageContext, row: str) -> dict[str, int]:
    """Draw a slider for each corruption and return the strengths that are not nought."""
    with st.grid(3, min_column_width=150):
        chosen = {
            name: st.select_slider(label, STRENGTHS, 0, key=f"{context.key}_change_{name}", persist_state="session")
            for name, label in context.kind.corruptions.items()
        }
    return {name: strength for name, strength in chosen.items() if strength}


def answer(context: PageContext, result: dict[str, Any], changed: bool) -> None:
    """Draw the image as the models see it, and their scores."""
    one, two = st.columns([1, 2])
    with one:
        picture = pictures.enlarged(Image.fromarray(pictures.image_of(result["image"])), pictures.LEAST)
        st.image(picture, width="stretch", alt="The input image of this case")
        st.caption("Perturbed" if changed else "Original. Move a slider to perturb it.")
    with two:
        predict.moved(context, result)
