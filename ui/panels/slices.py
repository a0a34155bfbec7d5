"""What charts of slices share: a metric along steps or places, or by group, a colour a model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dl_core.evaluate.results import Evaluation
from ui.shell import charts, choice, metric_words
from ui.shell.context import PageContext
from ui.shell.words import estimate, number

Pair = tuple[str, str] | None
Line = Mapping[str, Any]  # {value, low, high, n, …} of one slice
Forms = Mapping[str, tuple[str, Callable[[PageContext, Evaluation, Pair], None]]]


def show(context: PageContext, evaluation: Evaluation, pair: Pair, forms: Forms) -> None:
    """Let the user choose one of ``forms`` (words and what draws it), and draw it."""
    words = {name: form[0] for name, form in forms.items()}
    form = choice.one_of("Slices", words, f"{context.key}_slices", hidden=True)
    forms[form][1](context, evaluation, pair)


def lines_of(context: PageContext, evaluation: Evaluation, name: str) -> dict[str, list[Line]]:
    """Return the lines of one kind of slice by model, in the run's order; models without any are left out."""
    found = {model: evaluation.curves.get(model, {}).get(name) or [] for model in context.models}
    return {model: lines for model, lines in found.items() if lines}


def pick_metric(context: PageContext, lines: Mapping[str, list[Line]], key: str) -> str:
    """Let the user choose a metric of these lines, at first the primary one."""
    there = {line["metric"] for of_model in lines.values() for line in of_model}
    known = [name for name in context.domain.metrics if name in there] or sorted(there)
    words, first = {name: metric_words.measure(context, name).label for name in known}, context.domain.primary_metric
    return choice.in_box("Metric", words, f"{context.key}_{key}_metric", default=first, width=260)


def of_metric(lines: Mapping[str, list[Line]], metric: str) -> dict[str, list[Line]]:
    """Return the lines of one metric that have a value; models without any are left out."""
    found = {
        model: [line for line in of_model if line["metric"] == metric and line["value"] is not None]
        for model, of_model in lines.items()
    }
    return {model: rows for model, rows in found.items() if rows}


def curve(context: PageContext, model: str, rows: Sequence[Line], x: str, pair: Pair) -> dict[str, Any]:
    """Return one model's line along ``x`` as `charts.lines` takes it; one of the pair has a band."""
    return charts.line(context.label(model), rows, x, context.colour(model), banded=model in (pair or ()))


def by_group(
    context: PageContext, lines: Mapping[str, list[Line]], key: str, names: Mapping[str, str], pair: Pair
) -> Any:
    """Return dots beside each other by group, a colour a model; whiskers for the two compared models.

    ``names`` holds the words of each group (``key`` of a line), in their order.
    """
    chart = charts.figure("", height=420)
    for model, rows in lines.items():
        rows = [row for row in rows if row["value"] is not None]
        chart.add_scatter(
            x=[names.get(row[key], row[key]) for row in rows],
            y=[row["value"] for row in rows],
            mode="markers+lines",
            name=context.label(model),
            marker={"size": 9, "color": context.colour(model)},
            line={"color": context.colour(model), "width": 1, "dash": "dot"},
            customdata=[estimate(row["value"], row["low"], row["high"], row["n"]) for row in rows],
            hovertemplate=f"{context.label(model)}, %{{x}}: %{{customdata}}<extra></extra>",
            **({"error_y": whiskers(rows)} if pair is None or model in pair else {}),
        )
    chart.update_xaxes(type="category", categoryorder="array", categoryarray=list(names.values()))
    return chart.update_layout(showlegend=True, margin_t=64 + 20 * (len(lines) // 3))


def draw_groups(
    context: PageContext,
    lines: Mapping[str, list[Line]],
    key: str,
    names: Mapping[str, str],
    pair: Pair,
    title: str,
    *,
    x: str,
    y: str,
    name: str,
    **axis: Any,
) -> None:
    """Draw `by_group` with its title, the names of its axes, and the values in words; ``name`` is the chart's key."""
    chart = by_group(context, lines, key, names, pair)
    chart.update_layout(title_text=title).update_xaxes(title_text=x).update_yaxes(title_text=y, **axis)
    charts.draw(chart, f"{title}. {said(context, lines, key)}", key=name)


def whiskers(rows: Sequence[Line]) -> dict[str, Any]:
    """Return the intervals of a line's points as a chart takes them; none where there is none."""
    high = [(row["high"] if row["high"] is not None else row["value"]) - row["value"] for row in rows]
    low = [row["value"] - (row["low"] if row["low"] is not None else row["value"]) for row in rows]
    return {"type": "data", "symmetric": False, "array": high, "arrayminus": low, "thickness": 1.5, "width": 0}


def said(context: PageContext, lines: Mapping[str, list[Line]], key: str) -> str:
    """Return the values of every model in words."""
    parts = []
    for model, rows in lines.items():
        values = ", ".join(f"{row[key]} {number(row['value'])}" for row in rows)
        parts.append(f"{context.label(model)}: {values}")
    return "; ".join(parts)
