"""The report: one self-contained HTML file that needs neither script nor network."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from dl_core.report import content as parts
from dl_core.report import words
from dl_core.report.content import ReportContent
from dl_core.report.interactions.section import ranking_charts
from dl_core.report.series.section import series_charts


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


def written(content: ReportContent, template: str, out: Path, **more: Any) -> Path:
    """Write what a template makes of a run and ``more`` into ``out``, whose folder is made, and return it."""
    run, made = content.run, environment(parts.places(content)).get_template(template)
    known = {"facts": content.facts, "run": run, "dataset": run.dataset, "source": run.dataset["source"]}
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(made.render(**known, counts=run.splits.counts(), **more), encoding="utf-8")
    return out


def write_report(content: ReportContent, out: Path) -> Path:
    """Write the report into ``out`` and return it."""
    run = content.run
    return written(
        content,
        "report.html.j2",
        out,
        class_counts=content.class_counts,
        classes=run.evaluation.classes,
        labels=parts.labels(content),
        leaderboard=parts.leaderboard(content),
        metrics=list(dict.fromkeys(run.evaluation.metrics["metric"])),
        board_chart=Markup(parts.leaderboard_chart(content)),
        curves=[Markup(chart) for chart in _charts(content)],
        comparison=content.comparison,
        pairs=parts.pair_rows(content),
        examples=[example.shown() for example in content.examples],
        wide=any(example.wide for example in content.examples),
        bias=content.bias,
        bias_charts=[Markup(chart) for chart in parts.bias_charts(content)],
        confusion=run.evaluation.curves.get(run.best, {}).get("confusion"),
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def _charts(content: ReportContent) -> list[str]:
    return [*parts.curve_charts(content), *ranking_charts(content), *series_charts(content)]
