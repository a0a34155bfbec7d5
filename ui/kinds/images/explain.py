"""The Explain tab's body for images: maps over the image, and what the layers see."""

from __future__ import annotations

from typing import Any

import streamlit as st
from PIL import Image

from ui.kinds.images import pictures
from ui.panels import cases
from ui.shell import method_words
from ui.shell.context import PageContext

LABEL = "Computing saliency maps and faithfulness"


def usual_target(context: PageContext) -> str:
    """Return what is explained unless a class is chosen."""
    return "the predicted class"


def controls(context: PageContext) -> float:
    """Draw what only maps need and return it: the opacity."""
    return st.slider("Opacity", 0.0, 1.0, 0.6, 0.05, key=f"{context.key}_opacity", persist_state="session", width=180)


def case(context: PageContext, case: dict[str, Any], view: str, opacity: float) -> None:
    """Draw the image and the maps beside it."""
    image = pictures.image_of(case["image"])
    st.markdown(cases.sentence(context, case["maps"][0]["model"], case["row"]))
    with st.grid(4, min_column_width=220):
        with st.container(border=True, gap="small"):
            st.markdown("**Input image**")
            plain = pictures.enlarged(Image.fromarray(image), pictures.LEAST)
            shown = pictures.outlined(plain, case["mask"]) if case.get("mask") else plain
            st.image(shown, width="stretch", alt=f"Image {case['row']}")
            if case.get("mask"):
                st.caption("Outlined: the simulated lesion (ground-truth mask).")
            pictures.legend()
        for one in case["maps"]:
            by_method = view == "methods"
            title = method_words.label(one["method"], context.kind) if by_method else context.label(one["model"])
            pictures.show(image, one, title, opacity, case.get("mask"))
    with st.expander("How to read the faithfulness scores"):
        st.markdown(
            "**Deletion** masks the most salient pixels first and measures the area under the probability curve: "
            "lower is better. **Insertion** reveals them on a blurred image: higher is better. A faithful map "
            "beats both **random** maps and a **centre** map (a radial gradient). The **model randomisation "
            "test** is the rank correlation with the map of the same network with random weights: near 0 is good, "
            "near 1 means the map does not depend on what the model learned."
        )


def more(context: PageContext, model: str, row: str) -> None:
    """Draw what the layers see, when it is opened."""
    body = st.expander("Feature maps, from early to deep layers", key=f"{context.key}_layers", on_change="rerun")
    if not body.open:
        return
    with body:
        result = context.probe("feature_maps", {"model": model, "row": row}, label="Computing the feature maps")
        if result is None:
            return
        if not result["layers"]:
            st.caption(f"{context.label(model)} has no layers. Choose a deep model.")
            return
        st.caption(
            "Each tile is one channel's activation for this image, highest variance first. Early layers respond "
            "to edges and texture at high resolution; deep layers to larger, more abstract patterns on a coarse "
            "grid."
        )
        for layer in result["layers"]:
            height, width, channels = layer["shape"]
            st.markdown(f"**{layer['name']}** · {height} × {width} positions, {channels} channels")
            tiles = [pictures.enlarged(Image.fromarray(pictures.image_of(tile)), 110) for tile in layer["tiles"]]
            st.image(tiles, width=110, alt=[f"Feature map {i + 1} of {layer['name']}" for i in range(len(tiles))])
