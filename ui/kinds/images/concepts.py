"""Images in a few words: what transfer brings, and what a saliency map says."""

from __future__ import annotations

import streamlit as st

from dl_core.domain import Domain
from ui.panels.concepts import Idea, folder_of
from ui.shell import charts, folders, theme
from ui.shell.words import estimate

TRANSFER = (
    "A network that has learned to see on a million everyday photographs already knows edges, textures and shapes. "
    "*Frozen features* keep it as it is and train only one last linear layer on your images: seconds, and enough with "
    "about a hundred labels. *Fine-tuning* goes on training the whole network: minutes, and better when there are "
    "thousands. A network *from scratch* starts with nothing and needs the most data.\n\n"
    "Whether it was worth it shows only beside a simple baseline on the same test rows."
)
SALIENCY = (
    "A saliency map colours the parts of an image that raised a model's score for a class. It does not say why, and a "
    "pretty map can be wrong. So each map is tested: *deletion* blanks the brightest parts first (the score should "
    "fall fast), *insertion* shows them first (it should rise fast), *randomisation* repeats the map with random "
    "weights (it should change), and where the true place is known, the *pointing game* asks whether the peak lies in "
    "it.\n\n"
    "A random map and a map of the image's centre stand beside every score: a map that does not beat them says nothing."
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
    chart = charts.dots(shown, "On the sample: transfer against the rest", x=domain.primary_metric.upper())
    said = "; ".join(f"{row['label']} {estimate(row['value'], row['low'], row['high'], row['n'])}" for row in shown)
    charts.draw(chart, f"Test score of each model on the sample. {said}.", key="concept_transfer")


def _saliency(domain: Domain | None) -> None:
    st.markdown(
        "| Test | Good is | What it measures |\n|---|---|---|\n"
        "| Deletion | low | area under the falling score |\n"
        "| Insertion | high | area under the rising score |\n"
        "| Randomisation | near 0 | rank correlation with the map of a random network |\n"
        "| Pointing | a hit | whether the peak lies in the known mask |"
    )
    st.caption("Petsiuk 2018 (deletion, insertion), Adebayo 2018 (randomisation), Zhang 2018 (pointing game).")


IDEAS = (
    Idea("Transfer learning", TRANSFER, _transfer),
    Idea("Saliency, and whether to believe it", SALIENCY, _saliency, alone=True),
)
