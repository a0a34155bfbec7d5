"""Numbers and charts of the report against values worked by hand."""

from __future__ import annotations

import re

import pytest

from dl_core.report import svg, words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.12345, "0.123"), (0.9996, "1.000"), (12.345, "12.3"), (123.4, "123"), (12345.6, "12 346"), (-0.5, "-0.500")],
)
def test_numbers_have_three_digits(value, text):
    assert words.number(value) == text


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_no_number_is_a_dash(value):
    assert words.number(value) == "–"


def test_intervals():
    assert words.interval(0.1, 0.25) == "[0.100, 0.250]"
    assert words.interval(None, 0.25) == "" and words.interval(0.1, float("nan")) == ""


@pytest.mark.parametrize(("value", "text"), [(0.0421, "42 ms"), (1.4, "1 s"), (119.4, "119 s"), (150.0, "2 min")])
def test_durations(value, text):
    assert words.seconds(value) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 KB"), (5_000_000_000_000, "5000.0 GB")]
)
def test_sizes(count, text):
    assert words.size(count) == text


def test_deep_models_have_colours_and_baselines_greys():
    found = svg.colours({"a": "baseline", "b": "deep", "c": "deep"})
    assert found == {"b": svg.DEEP[0], "c": svg.DEEP[1], "a": svg.PLAIN[0]}


def test_dots_lie_where_their_values_are():
    chart = svg.dots([svg.Dot("one", 0.0, -0.5, 0.5), svg.Dot("two", 1.0, 0.5, 1.5)], "title", "axis", reference=0.5)
    x = [float(at) for at in re.findall(r'<circle cx="([\d.]+)"', chart)]
    # from -0.5 to 1.5 with 8 % of 2 on both sides: 2.32 on 440 pixels from 230
    assert x == pytest.approx([230 + 440 * 0.66 / 2.32, 230 + 440 * 1.66 / 2.32], abs=0.1)
    reference = float(re.search(r'<line x1="([\d.]+)" x2="[\d.]+" y1="6" y2="\d+" class="ref"', chart)[1])
    assert reference == pytest.approx(sum(x) / 2, abs=0.1)


def test_values_that_are_not_known_are_left_out():
    assert svg.dots([svg.Dot("none", float("nan"), 0, 1)], "title", "axis") == ""
    one = svg.dots([svg.Dot("a", 0.5, float("nan"), float("nan")), svg.Dot("b", float("nan"), 0, 1)], "t", "x")
    assert one.count("<circle") == 1 and 'stroke-width="2"' not in one


def test_curves_run_through_their_points():
    chart = svg.lines([svg.Line("roc", (0, 0.5, 1), (0, 1, 1))], "title", "x", "y", diagonal=True)
    assert '<polyline points="52.0,310.0 202.0,10.0 352.0,10.0"' in chart
    assert chart.count('class="ref"') == 1


def test_labels_are_escaped_everywhere():
    evil = "<script>alert(1)</script>"
    charts = svg.dots([svg.Dot(evil, 0.5, 0.4, 0.6, note=evil)], evil, evil)
    charts += svg.lines([svg.Line(evil, (0, 1), (0, 1))], evil, evil, evil)
    assert "<script" not in charts and charts.count("&lt;script&gt;") >= 8
