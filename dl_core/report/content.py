"""What a report shows: the run's nouns, gathered by the pipeline, turned into what the template prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from dl_core.bias.report import BiasReport
from dl_core.evaluate.registry import ALL_METRICS
from dl_core.evaluate.results import Comparison
from dl_core.explain.explanation import Explanation
from dl_core.report import svg, words
from dl_core.train.run import Run


@dataclass(frozen=True, kw_only=True)
class Example:
    """One case with its explanation: what it is and what the model said. Each kind of row has a form of its own."""

    explanation: Explanation
    truth: str
    predicted: str

    template: ClassVar[str] = ""  # that prints `shown`
    wide: ClassVar[bool] = False  # whether a case takes the whole width of the page

    def shown(self) -> dict[str, Any]:
        """Return what the template prints."""
        about = self.explanation
        return {
            "template": self.template,
            "truth": self.truth,
            "predicted": self.predicted,
            "target": about.target,
            "method": about.method,
            "faithfulness": about.faithfulness,
        }


@dataclass(frozen=True, kw_only=True)
class ClassExample(Example):
    """A case that was given a class; ``confidence`` is the calibrated probability of the class ``predicted``."""

    confidence: float

    def shown(self) -> dict[str, Any]:
        """Return what the template prints: the probability of the target too, which may be another class."""
        return {**super().shown(), "confidence": self.confidence, "probability": self.explanation.score}


@dataclass(frozen=True)
class ReportContent:
    """Everything that a report of one run is made from.

    ``facts`` holds what the domain says of itself: ``title, purpose, notice, limits, primary_metric, models``, and as
    ``judged`` what a test case is called.
    """

    run: Run
    facts: dict[str, Any]
    comparison: Comparison | None = None
    bias: BiasReport | None = None
    examples: Sequence[Example] = field(default_factory=tuple)
    class_counts: dict[str, dict[str, int]] = field(default_factory=dict)  # part -> class -> rows


def metric_label(name: str, k: int = 10) -> str:
    """Return a metric's name for people; ``k`` is the length of the lists that some of them judge."""
    known = ALL_METRICS.get(name)
    return name if known is None else known.label.format(k=k)


def rises(name: str) -> bool:
    """Return whether more of a metric is better."""
    known = ALL_METRICS.get(name)
    return known is None or known.higher_is_better


def places(content: ReportContent) -> int:
    """Return the length of the lists that the run judges."""
    return int(content.run.spec.options.get("k") or 10)


def labels(content: ReportContent) -> dict[str, str]:
    """Return the models' names for people."""
    known = content.facts["models"]
    return {name: known.get(name, {}).get("label", name) for name in content.run.models}


def leaderboard(content: ReportContent) -> list[dict[str, Any]]:
    """Return a row for each trained model: its metrics as text, times and size; best primary metric first."""
    run, primary = content.run, content.facts["primary_metric"]
    table = run.evaluation.metrics
    rows, sign = [], 1 if rises(primary) else -1
    worst = -np.inf  # a model without a value stands last
    for name in sorted(
        run.trained, key=lambda name: -np.nan_to_num(sign * run.evaluation.value(name, primary), nan=worst)
    ):
        fitted = run.models[name]
        of_model = table[table["model"] == name].set_index("metric")
        rows.append(
            {
                "label": labels(content)[name],
                "kind": "deep" if fitted.kind == "deep" else "baseline",
                "metrics": {
                    metric: (words.number(row["value"]), words.interval(row["low"], row["high"]))
                    for metric, row in of_model.iterrows()
                },
                "fit": words.seconds(fitted.fit_seconds),
                "predict": f"{words.number(fitted.predict_ms)} ms",
                "size": words.size(fitted.size_bytes),
            }
        )
    return rows


def leaderboard_chart(content: ReportContent) -> str:
    """Return the primary metric of every model as dots with intervals."""
    run, primary = content.run, content.facts["primary_metric"]
    palette = svg.colours({name: model.kind for name, model in run.models.items()})
    table = run.evaluation.metrics
    table = table[(table["metric"] == primary) & table["value"].notna()]
    table = table.sort_values("value", ascending=not rises(primary))
    rows = [
        svg.Dot(
            labels(content)[row.model], row.value, row.low, row.high, palette[row.model], f"{words.number(row.value)}"
        )
        for row in table.itertuples()
    ]
    n = int(table["n"].max()) if len(table) else 0
    label = metric_label(primary, places(content))
    unit = run.evaluation.curves.get(run.best, {}).get("unit")  # forecasts of windows are counted by their series
    what = f"{n} {unit}" if unit else f"{n} test {content.facts['judged'][1]}"
    return svg.dots(rows, f"{label} on {what}, with 95 % intervals", label)


def curve_charts(content: ReportContent) -> list[str]:
    """Return ROC, precision-recall and calibration of all models."""
    run = content.run
    palette = svg.colours({name: model.kind for name, model in run.models.items()})
    names = labels(content)
    wanted = (
        ("roc", "fpr", "tpr", "ROC curve", "false positive rate", "true positive rate", True),
        ("pr", "recall", "precision", "Precision-recall curve", "recall", "precision", False),
        (
            "calibration",
            "predicted",
            "observed",
            "Calibration (reliability diagram)",
            "predicted probability",
            "observed frequency",
            True,
        ),
    )
    charts = []
    for key, x, y, title, x_axis, y_axis, diagonal in wanted:
        curves = []
        for name in run.trained:
            curve = run.evaluation.curves.get(name, {}).get(key) or {}
            points = [
                (a, b)
                for a, b in zip(curve.get(x, ()), curve.get(y, ()), strict=False)
                if a is not None and b is not None
            ]
            if len(points) > 1:
                xs, ys = zip(*points, strict=True)
                curves.append(svg.Line(names[name], xs, ys, palette[name]))
        if curves:
            charts.append(svg.lines(curves, title, x_axis, y_axis, diagonal))
    return charts


def bias_charts(content: ReportContent, most: int = 4) -> list[str]:
    """Return dots by group around the overall line, for the first columns and the primary group metric."""
    report = content.bias
    if report is None or report.groups.empty:
        return []
    metric = report.groups["metric"].iloc[0]
    overall = report.overall.set_index("metric")["value"].get(metric)
    charts = []
    for column, rows in list(report.groups[report.groups["metric"] == metric].groupby("column", sort=False))[:most]:
        found = [
            svg.Dot(
                f"{row.group} (n = {row.n})",
                row.value,
                row.low,
                row.high,
                svg.DEEP[0] if row.enough else svg.PLAIN[2],
                words.number(row.value) if row.enough else "too few",
            )
            for row in rows.itertuples()
        ]
        label = metric_label(metric, places(content))
        charts.append(svg.dots(found, f"{label} by {column}; dashed: all", label, overall))
    return charts


def pair_rows(content: ReportContent) -> list[dict[str, str]]:
    """Return the paired differences of the primary metric as text."""
    if content.comparison is None:
        return []
    names = labels(content)
    pairs: pd.DataFrame = content.comparison.pairs
    return [
        {
            "a": names.get(row.a, row.a),
            "b": names.get(row.b, row.b),
            "difference": words.number(row.difference),
            "interval": words.interval(row.low, row.high),
            "n": str(row.n),
            "verdict": row.verdict,
        }
        for row in pairs[pairs["metric"] == content.facts["primary_metric"]].itertuples()
    ]
