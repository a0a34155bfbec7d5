"""Colours and the look of charts: a colour-blind-safe palette; a model keeps its colour everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Badge = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray"]

# Okabe and Ito, Color Universal Design (2008)
OKABE_ITO = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
}
DEEP = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # deep models, in the domain's order
# further deep models, after Tol's muted scheme (2021), each readable on white and on black
MORE_DEEP = ("#7C6BD6", "#8C8A1F", "#C2456B", "#2E9E93", "#A0622D")
GREYS = ("#7A7F87", "#9BA1A9", "#5F646B", "#8C7B6E", "#A8B0A0", "#A39A8E")  # baselines, in the domain's order
TOWARDS, AWAY = OKABE_ITO["vermillion"], OKABE_ITO["blue"]  # what speaks for something, and against it
FAINT = "#B4B9C0"  # what is left out, or too little to judge
PARTS = {"train": "Train", "validation": "Validation", "test": "Test"}  # of a split, in words
PART_COLOURS = {"Train": DEEP[0], "Validation": DEEP[4], "Test": DEEP[2]}
LEVELS: dict[str, Badge] = {"info": "blue", "warning": "orange", "error": "red"}  # badge colours; the text says it too


def model_colours(offers: Mapping[str, Any]) -> dict[str, str]:
    """Return one colour a model: deep models in colours, baselines in greys, by their place in the domain."""
    colours: dict[str, str] = {}
    palette = DEEP + MORE_DEEP
    deep = grey = 0
    for name, offer in offers.items():
        if offer.kind == "deep":
            colours[name] = palette[deep % len(palette)]
            deep += 1
        else:
            colours[name] = GREYS[grey % len(GREYS)]
            grey += 1
    return colours


def layout() -> dict[str, Any]:
    """Return the layout that all charts share: few grid lines, no frame, room for direct labels.

    Text and grid take their colours from the page's theme in the browser, so that a chart follows a switch to dark.
    """
    axis = {"zeroline": False, "ticks": "", "automargin": True, "title": {"font": {"size": 13}}}
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "title": {"x": 0, "xanchor": "left", "xref": "container", "font": {"size": 15}},
        "margin": {"l": 8, "r": 16, "t": 44, "b": 8},
        "xaxis": axis,
        "yaxis": {**axis},
        "legend": {"orientation": "h", "yanchor": "bottom", "y": 1.0, "x": 0, "title": {"text": ""}},
    }
