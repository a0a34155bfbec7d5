"""Images in a few words: what transfer brings, and what a saliency map says."""

from __future__ import annotations

import streamlit as st

from dl_core.domain import Domain
from ui.panels.concepts import Idea, folder_of
from ui.shell import charts, folders, theme
from ui.shell.words import estimate

TRANSFER = (
    "A network pretrained on a million everyday photographs (ImageNet) already encodes edges, textures and "
    "shapes. *Frozen features* (linear probing) keep the backbone fixed and train only a linear classifier on "
    "your images: seconds, and enough with about a hundred labels. *Fine-tuning* continues to train the whole "
    "network: minutes, and better with thousands of labels. A network *from scratch* is randomly initialised and "
    "needs the most data.\n\nWhether it was worth it shows only beside a simple baseline on the same test set."
)
SALIENCY = (
    "A saliency map shows which pixels raised a model's score for a class. It does not show why, and a plausible "
    "map can be wrong. So each map is evaluated: *deletion* masks the most salient pixels first (the score should "
    "fall fast), *insertion* reveals them first (it should rise fast), the *model randomisation test* repeats the "
    "map with random weights (it should change), and where a ground-truth mask is known, the *pointing game* "
    "checks whether the peak lies in it.\n\nA random map and a centre map are the baselines of every score: a map "
    "that does not beat them is not faithful."
)


def _transfer(domain: Domain) -> None:
    judged = folders.evaluation(folder_of(domain))
    rows = judged.metrics[judged.metrics["metric"] == domain.primary_metric]
    colours = theme.model_colours(domain.models)
    shown = [
        {**row, "label": domain.models[row["model"]].label, "colour": colours[row["model"]]}
        for row in rows.to_dict("records")
        if row["model"] in domain.models
    ]
    shown.sort(key=lambda row: -row["value"])
    chart = charts.dots(
        shown, "On the sample: transfer learning against the other models", x=domain.primary_metric.upper()
    )
    said = "; ".join(f"{row['label']} {estimate(row['value'], row['low'], row['high'], row['n'])}" for row in shown)
    charts.draw(chart, f"Test score of each model on the sample. {said}.", key="concept_transfer")


def _saliency(domain: Domain | None) -> None:
    st.markdown(
        "| Test | Better | Measures |\n|---|---|---|\n| Deletion | lower | area under the score curve while "
        "masking |\n| Insertion | higher | area under the score curve while revealing |\n| Model randomisation | "
        "near 0 | rank correlation with the map of a random network |\n| Pointing game | hit | whether the peak "
        "lies in the ground-truth mask |"
    )
    st.caption("Petsiuk 2018 (deletion, insertion), Adebayo 2018 (randomisation), Zhang 2018 (pointing game).")


IDEAS = (
    Idea("Transfer learning", TRANSFER, _transfer),
    Idea("Saliency maps and their faithfulness", SALIENCY, _saliency, alone=True),
)
