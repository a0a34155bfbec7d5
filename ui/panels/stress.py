"""How far can it be pushed: the score on spoilt rows, and how much has to be known to learn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.domain import Domain
from ui import kinds
from ui.shell import charts, choice, metric_words, on_request
from ui.shell.context import PageContext

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class LearningCurve:
    """How a kind of row speaks of its learning curve, and the function ``draw(context, rows)`` that draws it."""

    title: str
    about: str
    button: str
    label: str
    draw: Callable[[PageContext, Rows], None]


def show(domain: Domain, context: PageContext) -> None:
    """Draw the questions that these data allow, folded; each is answered when it is opened."""
    robustness = kinds.part(context, "stress", "robustness")
    if robustness is not None:
        title = kinds.part(context, "stress", "TITLE")
        folded = st.expander(title, key=f"{context.key}_robust", on_change="rerun")
        if folded.open:
            with folded:
                robustness(context)
    if "learning_curve" not in context.probes:
        return
    curve: LearningCurve = kinds.part(context, "stress", "CURVE", LABELS)
    folded = st.expander(curve.title, key=f"{context.key}_labels", on_change="rerun")
    if folded.open:
        with folded:
            st.caption(curve.about)
            found = on_request.answer(context, "learning_curve", {}, curve.button, key="draw_curve", label=curve.label)
            if found is not None:
                curve.draw(context, found["rows"])


def draw_labels(context: PageContext, rows: Rows) -> None:
    """Draw the score against the number of labels."""
    table = pd.DataFrame(rows)
    series = drawn_lines(context, table.assign(label=table["model"].map(context.label)))
    metric = metric_words.measure(context, table["metric"].iloc[0] if "metric" in table else "auroc").label
    chart = charts.lines(series, "Learning curve", x="Training labels (log scale)", y=metric, height=380)
    chart.update_xaxes(type="log")
    charts.draw(chart, alt=f"{metric} by number of training labels", key="learning_curve")
    st.caption("Lines: mean over draws; bands: minimum to maximum.")


def drawn_lines(
    context: PageContext,
    rows: pd.DataFrame,
    colours: Mapping[str, str] | None = None,
    dashes: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return a line a model over ``labels``: the mean of the draws, with a band from the worst to the best.

    ``colours`` and ``dashes`` are those of models that the page has no own for.
    """
    drawn = rows.groupby(["model", "label", "labels"], sort=False)["value"]
    points = drawn.agg(value="mean", low="min", high="max").reset_index().sort_values("labels", kind="stable")
    colour = {model: (colours or {}).get(model) or context.colour(model) for model in rows["model"].unique()}
    dash = {**dict.fromkeys(colour, "solid"), **(dashes or {})}
    return [
        charts.line(label, own.to_dict("records"), "labels", colour[model], dash=dash[model])
        for (model, label), own in points.groupby(["model", "label"], sort=False)
    ]


def where_least_is_known(lines: Sequence[Mapping[str, Any]]) -> tuple[float, dict[str, float]]:
    """Return at how little the lines begin, and the first value by name of those that begin there."""
    few = min(line["x"][0] for line in lines)
    return few, {line["name"]: line["y"][0] for line in lines if line["x"][0] == few}


def strength_lines(context: PageContext, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a line a model over the ``strength`` of what spoils the rows."""
    by_model = rows.sort_values("strength", kind="stable").groupby("model", sort=False)
    return [
        charts.line(context.label(model), own.to_dict("records"), "strength", context.colour(model))
        for model, own in by_model
    ]


def pick_corruption(context: PageContext, title: str, known: Sequence[str]) -> str:
    """Draw the choice of what spoils the rows; at first the first."""
    names = context.kind.corruptions
    return choice.one_of(
        title, list(known), f"{context.key}_corruption", words=lambda name: names.get(name, name), default=known[0]
    )


LABELS = LearningCurve(
    "Learning curve: metric by number of labels",
    "Retrains the transfer model and the network from scratch on 10, 25, 50 … of your labels, three draws each, "
    "evaluated on the same test set.",
    "Compute the learning curve",
    "Training on subsets of the labels",
    draw_labels,
)
