"""The Explain tab: pick a case, see where a model looked, and how far that picture can be trusted."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from dl_core.explain.registry import EXPLAINERS
from ui import cases, maps, states
from ui.context import PageContext
from ui.words import number

VIEWS = {"methods": "Methods side by side", "models": "Models side by side"}
FIRST_METHODS = 3  # of the domain's methods, shown at first
PREDICTED = "the predicted class"


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    if context.dataset_folder is None:
        states.empty("image_not_supported", "The images of this run are not kept beside it.", key="no_images")
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Pick a case", anchor=False)
        model = _pick_model(context)
        row = cases.pick(context, model, f"{context.key}_explain")
    if row is None:
        return
    with right:
        asked, view, opacity = _choices(domain, context, model)
    if not asked["methods"]:
        st.caption("Choose a method.")
        return
    result = context.ask("explain", {**asked, "rows": [row]}, label="Drawing the maps and measuring them")
    if result is not None:
        _case(context, result["cases"][0], view, opacity)
    _layers(context, model, row)


def _pick_model(context: PageContext) -> str:
    names = list(context.models)
    first = best_model(context.models, "deep") or names[0]
    return st.selectbox(
        "Model",
        names,
        names.index(first),
        format_func=context.label,
        key=f"{context.key}_explain_model",
        persist_state="session",
    )


def _choices(domain: Domain, context: PageContext, model: str) -> tuple[dict[str, Any], str, float]:
    """Draw the controls and return what to ask for, the kind of view and the opacity."""
    st.subheader("What to show", anchor=False)
    view = st.segmented_control(
        "Compare",
        list(VIEWS),
        default="methods",
        format_func=VIEWS.get,
        required=True,
        key=f"{context.key}_explain_view",
        persist_state="session",
        label_visibility="collapsed",
    )
    if view == "methods":
        asked: dict[str, Any] = {"models": [model], "methods": _pick_methods(domain, context)}
    else:
        asked = {"models": _two_models(context, model), "methods": [_pick_method(domain, context)]}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target = st.selectbox(
            "Evidence for",
            [PREDICTED, *context.classes],
            key=f"{context.key}_explain_target",
            persist_state="session",
            width=220,
        )
        opacity = st.slider(
            "Opacity", 0.0, 1.0, 0.6, 0.05, key=f"{context.key}_opacity", persist_state="session", width=180
        )
    return {**asked, "target": None if target == PREDICTED else target}, view, opacity


def _case(context: PageContext, case: dict[str, Any], view: str, opacity: float) -> None:
    image = maps.image_of(case["image"])
    said = cases.said_of(context, case["maps"][0]["model"]).loc[case["row"]]
    right = said["y_true"] == said["y_pred"]
    st.markdown(
        f"**{case['row']}** is truly **{said['y_true']}** and was called **{said['y_pred']}** "
        f"({number(said['confidence'])}): {'right' if right else 'wrong'}."
    )
    with st.grid(4, min_column_width=220):
        with st.container(border=True, gap="small"):
            st.markdown("**The image**")
            plain = cases.enlarged(_picture(image), maps.LEAST)
            shown = maps.outlined(plain, case["mask"]) if case.get("mask") else plain
            st.image(shown, width="stretch", alt=f"Image {case['row']}")
            if case.get("mask"):
                st.caption("Outlined: the simulated lesion, known exactly.")
            maps.legend()
        for one in case["maps"]:
            by_method = view == "methods"
            title = maps.method_label(one["method"]) if by_method else context.label(one["model"])
            sure = _calibrated(context, one["model"], case["row"], one["target"])
            maps.show(image, {**one, "probability": sure}, title, opacity, case.get("mask"))
    with st.expander("How to read the scores"):
        st.markdown(
            "**Deletion** covers the hottest places first: the faster the probability falls, the lower the score, and "
            "the better the map. **Insertion** uncovers them on a blurred image: higher is better. A map earns trust "
            "by beating a **random** map and a simple bump in the **centre**. The comparison with **random weights** "
            "tells whether the map depends on what the model learned at all: near 0 is good, near 1 means the map "
            "ignores the model."
        )


def _calibrated(context: PageContext, model: str, row: str, target: str) -> float:
    """Return the calibrated probability, the one that every other tab shows."""
    rows = context.predictions()
    return float(rows[(rows["model"] == model) & (rows["row"] == row)][f"score_{target}"].iloc[0])


def _picture(image: Any) -> Any:
    from PIL import Image

    return Image.fromarray(image)


def _pick_methods(domain: Domain, context: PageContext) -> list[str]:
    return st.pills(
        "Methods",
        list(domain.explainers),
        selection_mode="multi",
        default=list(domain.explainers[:FIRST_METHODS]),
        format_func=maps.method_label,
        key=f"{context.key}_methods",
        persist_state="session",
        help=_help(domain),
    )


def _pick_method(domain: Domain, context: PageContext) -> str:
    return st.segmented_control(
        "Method",
        list(domain.explainers),
        default=domain.explainers[0],
        format_func=maps.method_label,
        required=True,
        key=f"{context.key}_method",
        persist_state="session",
        help=_help(domain),
    )


def _help(domain: Domain) -> str:
    lines = [
        f"**{EXPLAINERS[name].label}** ({EXPLAINERS[name].paper}): {EXPLAINERS[name].help}"
        for name in domain.explainers
    ]
    return "\n\n".join(lines)


def _two_models(context: PageContext, model: str) -> list[str]:
    others = [name for name in context.models if name != model]
    if not others:
        return [model]
    deep = [name for name in others if context.models[name]["kind"] == "deep"]
    second = st.selectbox(
        "Second model",
        others,
        others.index(deep[0]) if deep else 0,
        format_func=context.label,
        key=f"{context.key}_second_{model}",
        help="A model without gradients, such as boosted trees, is explained by occlusion.",
    )
    return [model, second]


def _layers(context: PageContext, model: str, row: str) -> None:
    """Draw what the layers see, when it is opened."""
    body = st.expander("What the layers see, from early to deep", key=f"{context.key}_layers", on_change="rerun")
    if not body.open:
        return
    with body:
        result = context.ask("layers", {"model": model, "row": row}, label="Running the image through the network")
        if result is None:
            return
        if not result["layers"]:
            st.caption(f"{context.label(model)} has no layers to look into. Choose a deep model.")
            return
        st.caption(
            "Each tile is one feature map of that layer for this image, the most varied ones first. Early layers see "
            "edges and texture at full detail; deep ones see large, abstract pieces on a coarse grid."
        )
        for layer in result["layers"]:
            height, width, channels = layer["shape"]
            st.markdown(f"**{layer['name']}** · {height} × {width} places, {channels} maps")
            tiles = [cases.enlarged(_picture(maps.image_of(tile)), 110) for tile in layer["tiles"]]
            st.image(tiles, width=110, alt=[f"Feature map {i + 1} of {layer['name']}" for i in range(len(tiles))])
