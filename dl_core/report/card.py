"""The model card (Mitchell et al. 2019) of one model, as Markdown that travels with it."""

from __future__ import annotations

from pathlib import Path

from dl_core.report import content as parts
from dl_core.report import words
from dl_core.report.content import ReportContent
from dl_core.report.html import written


def write_card(content: ReportContent, model: str, out: Path) -> Path:
    """Write the card of ``model`` into ``out`` and return it.

    It follows the sections of Mitchell et al., "Model Cards for Model Reporting" (2019); ours leaves out the section on
    ethics where nothing was measured, rather than filling it with phrases.
    """
    run = content.run
    table = run.evaluation.metrics
    rows = [
        {
            "metric": parts.metric_label(row.metric, parts.places(content)),
            "value": words.number(row.value),
            "interval": words.interval(row.low, row.high),
            "n": int(row.n),
        }
        for row in table[table["model"] == model].itertuples()
    ]
    groups = [] if content.bias is None or content.bias.model != model else content.bias.groups.to_dict("records")
    return written(
        content,
        "model_card.md.j2",
        out,
        about=content.facts["models"].get(model, {"label": model, "summary": ""}),
        fitted=run.models[model],
        metrics=rows,
        groups=groups,
        warnings=[] if content.bias is None else content.bias.warnings,
    )
