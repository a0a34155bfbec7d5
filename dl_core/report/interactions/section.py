"""What a report shows of rankings: quality by activity and by popularity, and reasons for some users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.catalogue import ITEMS, TITLE
from dl_core.evaluate.choice import best_model
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.explain.explanation import Explanation
from dl_core.explain.interactions.plain import ItemContributions
from dl_core.report import svg, words
from dl_core.report.content import Example, labels, metric_label, places

if TYPE_CHECKING:
    from dl_core.report.content import ReportContent
    from dl_core.train.run import Run

BANDS = {"head": "head", "middle": "middle", "tail": "tail", "new": "new"}


def ranking_charts(content: ReportContent) -> list[str]:
    """Return the primary metric of the best model by activity, and what it finds by popularity; nothing for classes."""
    run = content.run
    if not isinstance(run.predictions, Rankings):
        return []
    k, primary, name = places(content), content.facts["primary_metric"], run.best
    curves, label = run.evaluation.curves.get(name, {}), metric_label(content.facts["primary_metric"], k)
    who = labels(content)[name]
    by_activity = [line for line in curves.get("by_activity", ()) if line["metric"] == primary]
    by_band = curves.get("by_popularity", ())
    charts = [
        svg.dots(
            [_dot(f"{line['group']} (n = {line['n']})", line) for line in by_activity],
            f"{who}: {label} by history length",
            label,
            run.evaluation.value(name, primary),
        ),
        svg.dots(
            [_dot(f"{BANDS.get(line['band'], line['band'])} (n = {line['n']})", line) for line in by_band],
            f"{who}: recall@{k} by item popularity",
            f"recall@{k}",
        ),
    ]
    return [chart for chart in charts if chart]


def _dot(label: str, line: Mapping[str, Any]) -> svg.Dot:
    value, low, high = (float("nan") if line[key] is None else line[key] for key in ("value", "low", "high"))
    return svg.Dot(label, value, low, high, svg.DEEP[0], words.number(value))


def pick_users(run: Run, count: int) -> tuple[str | None, list[str]]:
    """Return the best deep model and ``count`` test users: half of whom took the first recommendation, half did not.

    Without a deep model, or with a ``count`` of 0, there are none.
    """
    name = best_model(run.models, "deep")
    if name is None or not count or not len(run.predictions.table):
        return None, []
    first = run.predictions.of(name)
    first = first[first["rank"] == 1].sort_values("score", ascending=False, kind="stable")
    hits, misses = first.index[first["hit"]], first.index[~first["hit"]]
    some = hits[: count // 2]
    return name, [*some, *misses[: count - len(some)]]


@dataclass(frozen=True, kw_only=True)
class ItemExample(Example):
    """A recommendation with the items of the history that speak most for it."""

    explanation: ItemContributions

    template: ClassVar[str] = "case_interactions.html.j2"

    def shown(self) -> dict[str, Any]:
        """Return what the template prints."""
        titles = dict(zip(self.explanation.features, self.explanation.titles, strict=False))
        because = [(titles.get(item) or item, weight) for item, weight in self.explanation.strongest()]
        return {**super().shown(), "because": because}


def as_examples(run: Run, dataset: Dataset, explanations: Sequence[Explanation]) -> list[Example]:
    """Return explained first recommendations, by title; no user is named."""
    titles = dataset.side[ITEMS][TITLE] if ITEMS in dataset.side and TITLE in dataset.side[ITEMS] else pd.Series()
    examples: list[Example] = []
    for one in explanations:
        if not isinstance(one, ItemContributions):
            continue
        said = run.predictions.of(one.model).loc[[one.row]]
        hit = bool(said.loc[said["item"] == one.target, "hit"].any())
        title = titles.get(one.target)
        shown = one.target if title is None or pd.isna(title) else str(title)
        truth = "a hit (held-out interaction)" if hit else "no hit"
        examples.append(ItemExample(explanation=one, truth=truth, predicted=shown))
    return examples
