"""Short explanations of the ideas behind the pages; the charts are drawn from the sample's prepared run."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dl_core.domain import Domain, domains
from dl_core.evaluate import leading
from dl_core.evaluate.results import Evaluation
from dl_core.kinds import kinds
from ui.shell import charts, first_paint, folders, metric_words, samples, theme
from ui.shell.words import estimate, number

HIGH, LOW = 356, 204  # pixels that a chart takes up with its title; one with two groups
Z = 1.959964  # 97.5 % point of the normal distribution


class Idea(NamedTuple):
    """One idea: a title, a text, and the function that draws the right half from a domain's prepared run.

    ``alone`` tells that it can be drawn without a run, from None; ``height`` is what it takes up, in pixels.
    """

    title: str
    text: str
    draw: Callable[..., None]
    alone: bool = False
    height: int = HIGH


def show() -> None:
    """Draw the page: the ideas that hold for every kind of row, then those of each."""
    st.title("Concepts", anchor=False)
    st.caption("The main terms of these pages, with their limits.")
    known = [domain for domain in domains().values() if folder_of(domain) is not None]
    ideas = [(idea, next(iter(known), None)) for idea in IDEAS]
    for kind in kinds().values():
        body = kind.room("ui.kinds", "concepts")
        example = next((domain for domain in known if domain.kind is kind), None)
        ideas += [(idea, example) for idea in getattr(body, "IDEAS", ())]
    later = []
    for idea, example in ideas:
        with st.container(border=True):
            left, right = st.columns([1, 1], gap="large", vertical_alignment="center")
            with left:
                st.subheader(idea.title, anchor=False)
                st.markdown(idea.text)
            with right:
                if example is not None or idea.alone:
                    later.append((idea, example, _place(idea.height)))
    first_paint.pause(first_paint.FRAME)
    for idea, example, slot in later:
        with slot.container():
            idea.draw(example)
        first_paint.pause()


CALIBRATION = (
    "A model is calibrated if, among all cases with predicted probability 80 %, four in five are of that class. "
    "Networks are often overconfident. *Temperature scaling* divides their logits by one number, fitted on the "
    "validation set; the ranking stays the same, the probabilities become calibrated.\n\nIn the *reliability "
    "diagram*, the closer the points to the diagonal, the better the calibration."
)
INTERVALS = (
    "A metric on 100 test images is an estimate for all future ones. The 95 % *confidence interval* shows its "
    "sampling uncertainty. It shrinks with the square root of n: four times as many test rows halve it.\n\nTwo "
    "models are compared *paired*, on the same rows: if the interval of their difference contains 0, it is a tie, "
    "and the simpler model will do."
)
BIAS = (
    "A good overall metric can hide a group for which the model fails. So each metric is disaggregated by group, "
    "with interval and n. A small group has a wide interval: that is not evidence of fairness, only a lack of "
    "data. *Mitigation* by reweighing or per-group thresholds can reduce a disparity and usually costs "
    "performance elsewhere; both are shown."
)


def _place(height: int) -> DeltaGenerator:
    """Return the place of a chart; while the page arrives its height is kept free, so that the words do not move."""
    place = st.empty()
    if first_paint.arriving():
        place.skeleton(height=height)
    return place


def folder_of(domain: Domain) -> Path | None:
    """Return the folder of the run that ships with a domain's sample, once it is there."""
    folder = samples.prepared_run(domain)
    return folder if folder and folders.run_summary(folder) else None


def judged_of(domain: Domain | None) -> Evaluation | None:
    """Return the evaluation of the run that ships with a domain's sample, once it is there."""
    folder = None if domain is None else folder_of(domain)
    return None if folder is None else folders.evaluation(folder)


def leaderboard(
    domain: Domain, judged: Evaluation, title: str, x: str, key: str, metric: str, line: float | None = None
) -> None:
    """Draw every model's value of a metric on the sample, the best first."""
    rows = judged.metrics[(judged.metrics["metric"] == metric) & judged.metrics["value"].notna()]
    colours = theme.model_colours(domain.models)
    dots = [
        {**row, "label": domain.models[row["model"]].label, "colour": colours[row["model"]]}
        for row in leading.ranked(metric_words.metric(metric), rows).to_dict("records")
        if row["model"] in domain.models
    ]
    said = "; ".join(f"{row['label']} {estimate(row['value'], row['low'], row['high'], row['n'])}" for row in dots)
    charts.draw(charts.dots(dots, title, x=x, line=line), f"{x}, each model on the sample. {said}.", key=key)


def _calibration(domain: Domain) -> None:
    judged = judged_of(domain)
    if judged is None:
        return
    deep = [name for name in judged.curves if name in domain.models and domain.models[name].kind == "deep"]
    name = next((name for name in deep if judged.curves[name].get("calibration")), None)
    if name is None:
        return
    curve = judged.curves[name]["calibration"]
    colour = theme.model_colours(domain.models)[name]
    series = [
        {"name": "perfect", "x": [0, 1], "y": [0, 1], "colour": theme.GREYS[0], "dash": "dot"},
        {"name": "sample", "x": curve["predicted"], "y": curve["observed"], "colour": colour},
    ]
    title = f"{domain.models[name].label}, on the sample"
    chart = charts.lines(series, title, x="Predicted probability", y="Observed frequency")
    pairs = zip(curve["predicted"], curve["observed"], strict=True)
    said = "; ".join(f"predicted {number(given)}, observed {number(true)}" for given, true in pairs)
    charts.draw(chart, f"Calibration of {domain.models[name].label}: {said}.", key="concept_calibration")


def wilson(hits: float, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share by Wilson's formula (1927)."""
    share = hits / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return middle - half, middle + half


def _intervals(domain: Domain | None) -> None:
    sizes = [25, 50, 100, 200, 400, 800, 1600]
    ends = [wilson(0.9 * n, n) for n in sizes]
    band = {"low": [low for low, _ in ends], "high": [high for _, high in ends]}
    series = [{"name": "0.90", "x": sizes, "y": [0.9] * len(sizes), "colour": theme.DEEP[0], **band}]
    title = "95 % interval of an accuracy of 0.90 by test-set size"
    chart = charts.lines(series, title, x="Test rows (n), on a log scale", y="Accuracy")
    chart.update_layout(showlegend=False)
    chart.update_xaxes(type="log", tickvals=sizes)
    said = "; ".join(f"n = {n}: {number(low)} to {number(high)}" for n, (low, high) in zip(sizes, ends, strict=True))
    charts.draw(chart, f"95 % interval of an accuracy of 0.90. {said}.", key="concept_intervals")


def _bias(domain: Domain) -> None:
    folder, data = folder_of(domain), samples.folder(domain)
    summary = None if folder is None else folders.run_summary(folder)
    if folder is None or summary is None:
        return
    table = folders.table(data) if data else None
    columns = summary["dataset"]["roles"].get("group", ())
    column = next((name for name in columns if table is not None and 2 <= table[name].nunique() <= 6), None)
    predictions = folders.predictions(folder)
    deep = [name for name in summary["models"] if summary["models"][name]["kind"] == "deep"]
    if table is None or column is None or predictions is None or not deep:
        return
    mine = predictions[(predictions["model"] == deep[0]) & (predictions["split"] == "test")].set_index("row")
    right = (mine["y_true"] == mine["y_pred"]).groupby(table[column].reindex(mine.index).astype(str))
    rows = []
    for group, hits in right:
        low, high = wilson(float(hits.sum()), len(hits))
        value = float(hits.mean())
        rows.append({"label": group, "value": value, "low": low, "high": high, "n": len(hits), "colour": theme.DEEP[0]})
    overall = float((mine["y_true"] == mine["y_pred"]).mean())
    chart = charts.dots(rows, f"Accuracy by {column} on the sample", x="Accuracy", line=overall)
    said = "; ".join(f"{row['label']} {estimate(row['value'], row['low'], row['high'], row['n'])}" for row in rows)
    charts.draw(chart, f"Accuracy by {column}: {said}. Overall {number(overall)}.", key="concept_bias")


IDEAS = (
    Idea("Calibration", CALIBRATION, _calibration),
    Idea("Confidence intervals", INTERVALS, _intervals, alone=True),
    Idea("Bias and fairness", BIAS, _bias, height=LOW),
)
