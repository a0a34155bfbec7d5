"""Which model leads by a metric, in words: higher, lower, or closest to what is promised."""

from __future__ import annotations

import pandas as pd

from dl_core.evaluate import leading
from ui.shell import metric_words
from ui.shell.context import PageContext
from ui.shell.words import estimate, number

WIDTH = "width_"  # metrics that say how wide intervals are, which alone is neither good nor bad


def units(context: PageContext) -> str:
    """Return what n counts in the test: users, rows, series, or the windows of too few series to draw from."""
    return _counted(context) or context.words.unit[1]


def _counted(context: PageContext) -> str:
    """Return what the evaluation itself says that it counted, or an empty text."""
    evaluation = context.evaluation()
    counted = {curves["unit"] for curves in evaluation.curves.values() if curves.get("unit")} if evaluation else set()
    return counted.pop() if len(counted) == 1 else ""


def lone(context: PageContext) -> bool:
    """Return whether one series alone was judged, which leaves none to choose from and no groups to compare."""
    evaluation = context.evaluation()
    judged = [about.get("series", 0) for about in evaluation.curves.values()] if evaluation is not None else []
    return bool(judged) and max(judged) == 1


def target(context: PageContext, metric: str) -> float | None:
    """Return the value that is best where neither more nor less is better, such as the promised coverage."""
    return metric_words.measure(context, metric).target


def ranked(metric: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return a metric's lines (column ``value``), the best first."""
    return leading.ranked(metric_words.metric(metric), rows)


def title(context: PageContext, metric: str, best: dict) -> str:
    """Return who is best by a metric: ``model``, ``value``, ``low``, ``high`` and ``n`` of the first line."""
    label, name = metric_words.measure(context, metric).label, context.label(best["model"])
    aim = target(context, metric)
    counted = _counted(context)
    value = f"{estimate(best['value'], best['low'], best['high'], best['n'])}{f' {counted}' if counted else ''}"
    if aim is not None:
        return f"{label}: {name} is closest to {number(aim, 2)}: {value}"
    if metric.startswith(WIDTH):
        return f"{label}: {name} is the sharpest: {value}"
    return f"{name} has the best {label}: {value}"


def axis(context: PageContext, metric: str) -> str:
    """Return the words of a metric's axis, with what is good on it."""
    about, aim = metric_words.measure(context, metric), target(context, metric)
    if aim is not None:
        return f"{about.label}; best at {number(aim, 2)}, dotted"
    if metric.startswith(WIDTH):
        return f"{about.label}; narrower is better at equal coverage"
    return f"{about.label}, {'higher' if about.higher_is_better else 'lower'} is better"
