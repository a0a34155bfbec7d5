"""The report: one self-contained HTML file that needs neither script nor network."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from PIL import Image

from dl_core.explain.images.overlay import overlay, picture
from dl_core.report import content as parts
from dl_core.report import words
from dl_core.report.content import Example, ReportContent
from dl_core.report.interactions.section import list_charts
from dl_core.report.series.section import covariates, series_charts

SMALLEST = 160  # pixels: smaller pictures are enlarged without smoothing


def environment(k: int = 10) -> Environment:
    """Return the template environment; everything a user named is escaped, and a missing value is an error.

    ``k`` is the length of the lists that some metrics judge.
    """
    env = Environment(
        loader=PackageLoader("dl_core.report"),
        autoescape=select_autoescape(["html.j2"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        number=words.number, seconds=words.seconds, size=words.size, metric=partial(parts.metric_label, k=k)
    )
    return env


def write_report(content: ReportContent, out: Path) -> Path:
    """Write the report into ``out`` and return it."""
    run = content.run
    html = (
        environment(parts.places(content))
        .get_template("report.html.j2")
        .render(
            facts=content.facts,
            run=run,
            dataset=run.dataset,
            source=run.dataset["source"],
            counts=run.splits.counts(),
            class_counts=content.class_counts,
            classes=run.evaluation.classes,
            labels=parts.labels(content),
            leaderboard=parts.leaderboard(content),
            metrics=list(dict.fromkeys(run.evaluation.metrics["metric"])),
            board_chart=Markup(parts.leaderboard_chart(content)),
            curves=[Markup(chart) for chart in _charts(content)],
            comparison=content.comparison,
            pairs=parts.pair_rows(content),
            examples=[_example(example) for example in content.examples],
            bias=content.bias,
            bias_charts=[Markup(chart) for chart in parts.bias_charts(content)],
            confusion=run.evaluation.curves.get(run.best, {}).get("confusion"),
            made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        )
    )
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html, encoding="utf-8")
    return out


def _charts(content: ReportContent) -> list[str]:
    return [*parts.curve_charts(content), *list_charts(content), *series_charts(content)]


def _example(example: Example) -> dict[str, Any]:
    about = example.explanation
    shown: dict[str, Any] = {"image": None, "map": None}
    if example.image is not None:
        drawn = overlay(example.image, about.heat, opacity=0.6)
        shown = {"image": _png(picture(example.image)), "map": _png(drawn)}
    known = {**example.values, **dict(zip(about.features, about.values, strict=False))}
    features = about.strongest() if not about.forecast else covariates(about)
    return {
        **shown,
        "row": about.row,
        "chart": Markup(example.chart),
        "features": [(name, known.get(name, ""), weight) for name, weight in features],
        "truth": example.truth,
        "predicted": example.predicted,
        "target": about.target,
        "method": about.method,
        "confidence": example.confidence,
        "probability": about.probability,
        "faithfulness": about.faithfulness,
        "history": about.history,
    }


def _png(picture: Image.Image) -> str:
    if picture.width < SMALLEST:
        times = -(-SMALLEST // picture.width)
        picture = picture.resize((picture.width * times, picture.height * times), Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
