"""What charts say: which axis is true, which way A − B counts, where axes end and what keeps its room, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dl_core.data.instants import START
from dl_core.domain import get_domain
from dl_core.evaluate.pairs import PAIRS
from dl_core.evaluate.results import Comparison
from ui.panels import compare, curves, predict
from ui.shell import charts

AUROC = ("auroc", "net", "plain", 0.9, 0.8, 0.1, 0.02, 0.15, 50, "better", 0.004, "better")
F1 = ("f1", "net", "plain", 0.6, 0.7, -0.1, -0.3, -0.04, 50, "worse", 0.01, "worse")


@pytest.fixture
def context() -> Any:
    return SimpleNamespace(
        label=str.upper,
        colour={"net": "blue", "plain": "grey"}.get,
        domain=get_domain("medical_imaging"),
        summary={},
        words=SimpleNamespace(unit=("row", "rows")),
        evaluation=lambda: None,
    )


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Charts by key, and the table under "table"."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr(charts, "draw", lambda chart, alt, key: seen.update({key: chart}))
    monkeypatch.setattr("streamlit.dataframe", lambda table, **_: seen.update(table=table))
    return seen


def test_the_confusion_matrix_has_true_classes_downwards_and_predicted_ones_across(context, drawn) -> None:
    # of 4 true "a" one was called b; of 5 true "b" none was called a; both of "c" were called a
    matrix = [[3, 1, 0], [0, 5, 0], [2, 0, 0]]
    evaluation = SimpleNamespace(curves={"net": {"confusion": matrix}}, classes=("a", "b", "c"))
    curves._confusion(context, evaluation, "net")
    chart = drawn["confusion"]
    assert (chart.layout.xaxis.title.text, chart.layout.yaxis.title.text) == ("Predicted class", "True class")
    heat = chart.data[0]
    assert np.array(heat.text).tolist() == matrix  # a row is drawn for each y, a column for each x
    assert np.array(heat.z).tolist() == [[0.75, 0.25, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    assert list(heat.x) == list(heat.y) == ["a", "b", "c"]
    assert chart.layout.yaxis.autorange == "reversed"  # the first class on top
    assert heat.hovertemplate.startswith("true %{y}, predicted %{x}")


@pytest.mark.parametrize(
    ("pair", "value", "arms", "words", "verdicts", "colours", "sides"),
    [
        (
            ("net", "plain"),
            [0.1, -0.1],
            [(0.08, 0.05), (0.2, 0.06)],
            ["[0.02, 0.15]", "[−0.30, −0.04]"],
            ["better", "worse"],
            ["blue", "grey"],
            ["0.9", "0.8"],
        ),
        (
            ("plain", "net"),
            [-0.1, 0.1],
            [(0.05, 0.08), (0.06, 0.2)],
            ["[−0.15, −0.02]", "[0.04, 0.30]"],
            ["worse", "better"],
            ["blue", "grey"],
            ["0.8", "0.9"],
        ),
    ],
)
def test_a_minus_b_and_its_interval_count_from_the_first_model(
    context, drawn, pair, value, arms, words, verdicts, colours, sides
) -> None:
    comparison = Comparison(pd.DataFrame([AUROC, F1], columns=PAIRS), "so it is")
    compare._differences(context, comparison, pair)
    dots = drawn["differences"].data
    assert [dot.x[0] for dot in dots] == pytest.approx(value)
    for dot, (below, above) in zip(dots, arms, strict=True):
        assert (dot.error_x.arrayminus[0], dot.error_x.array[0]) == pytest.approx((below, above))
    assert [dot.marker.color for dot in dots] == colours  # the colour of whichever is better
    table = drawn["table"]
    assert table["A − B, 95 % interval"].str.split(" ", n=1).str[1].tolist() == words
    assert [text[0] for text in table["A − B, 95 % interval"]] == ["+" if one > 0 else "−" for one in value]
    assert table["A is"].tolist() == verdicts
    assert [float(table[side][0]) for side in "AB"] == pytest.approx([float(one) for one in sides])


@pytest.mark.parametrize(
    ("scores", "end"),
    [([(0.004, 0.011, 0.02), (0.002, 0.003, None)], 0.024), ([(0.4, 0.9, 0.3)], 1.0), ([(0.0, 0.0, None)], 1.0)],
)
def test_the_axis_of_what_if_ends_a_fifth_beyond_its_values_and_the_threshold(context, drawn, scores, end) -> None:
    lines = [
        {"model": ("net", "plain")[at], "before": before, "after": after, "cut": cut}
        for at, (before, after, cut) in enumerate(scores)
    ]
    predict.moved(context, {"target": "fraud", "scores": lines})
    chart = drawn["what_if"]
    assert chart.layout.xaxis.range == pytest.approx((-0.03 * end, 1.03 * end))
    assert {float(one.x[0]) for one in chart.data if len(one.x) == 1} == {cut for *_, cut in scores if cut is not None}


def test_what_stands_above_a_chart_keeps_its_room_when_the_title_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr("streamlit.plotly_chart", lambda chart, **_: seen.append(chart))
    dots = [{"label": "net", "value": 1.0, "low": 0.9, "high": 1.0, "colour": "#0072b2"}]
    for bound in (None, 1.0):
        chart = charts.dots(dots, "Savings", x="Savings")
        if bound is not None:
            compare._bound(chart, bound)
        charts.draw(chart, "Savings")
    assert [chart.layout.margin.t for chart in seen] == [8, 28]  # a line of text is 20 pixels high
    assert seen[1].layout.annotations[0].text == "a perfect model: 1.00"


@pytest.mark.parametrize(("days", "ticks"), [(2, [0, 1, 2]), (31, [0, 10, 20, 30])])
def test_an_axis_of_times_since_a_start_counts_days(days: int, ticks: list[int]) -> None:
    ends = [(START + pd.Timedelta(days=day, hours=1)).isoformat() for day in (0, days)]
    chart = charts.time_axis(charts.figure("Rows"), *ends)
    assert list(chart.layout.xaxis.ticktext) == [f"day {tick}" for tick in ticks]
    assert charts.time_axis(charts.figure("Rows"), "1970-01-01", "1970-02-01").layout.xaxis.ticktext is None
