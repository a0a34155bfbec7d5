"""Images in a few words: what transfer brings, and what a saliency map says."""

from __future__ import annotations

import streamlit as st

from dl_core.domain import Domain
from ui.panels.concepts import Idea, judged_of, leaderboard

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
    judged, metric = judged_of(domain), domain.primary_metric
    if judged is not None:
        title = "On the sample: transfer learning against the other models"
        leaderboard(domain, judged, title, metric.upper(), "concept_transfer", metric)


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
