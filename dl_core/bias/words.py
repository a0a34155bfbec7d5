"""What a bias check found, in sentences that say what it means for the decision at hand."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from dl_core.bias.groups import NOT_STATED
from dl_core.evaluate.metric import ClassMetric
from dl_core.evaluate.registry import ALL_METRICS

MOST_NAMED = 4  # small groups named in one sentence
TOPICS = {  # metrics that tell one finding, which is told once
    **dict.fromkeys(("specificity", "false_positive_rate"), "false positives"),
    **dict.fromkeys(("ndcg", "recall", "precision", "map", "map_all", "mrr", "hit_rate"), "hits"),
}


def warnings_of(
    table: pd.DataFrame,
    disparities: pd.DataFrame,
    classes: tuple[str, ...],
    labels: Mapping[str, str] | None = None,
    unit: str = "rows",
) -> tuple[str, ...]:
    """Return sentences: differences that chance hardly explains, groups too small, groupings with nothing to compare.

    Parameters
    ----------
    table, disparities : pandas.DataFrame
        ``groups`` and ``disparities`` of a `BiasReport`.
    classes : tuple of str
    labels : mapping or None
        Words for metrics that speak of something besides, such as their number of places, by name.
    unit : str
        What ``n`` counts.
    """
    labels = {name: metric.label for name, metric in ALL_METRICS.items()} | dict(labels or {})
    positive = classes[-1] if len(classes) == 2 else ""
    lines = []
    for column, here in table.groupby("column", sort=False):
        found = disparities[(disparities["column"] == column) & (disparities["kind"] == "difference")]
        told = set()
        for row in found.itertuples():
            topic = TOPICS.get(row.metric, row.metric)
            if row.low > 0 and topic not in told and row.metric != "equalised_odds":
                told.add(topic)
                lines.append(_difference(row, here, positive, labels))
        lines.extend(_small(str(column), here, unit))
        if found.empty:
            lines.append(f"{column}: fewer than two groups are large enough to compare.")
    return tuple(lines)


def _difference(row, here: pd.DataFrame, positive: str, labels: Mapping[str, str]) -> str:
    """Return one disparity as a sentence."""
    value = here[here["metric"] == row.metric].set_index("group")["value"]
    worst, best = float(value[row.worst]), float(value[row.best])
    size = f"(difference {row.value:.2f} [{row.low:.2f}, {row.high:.2f}])"
    each = f"{100 * worst:.0f} % for {row.worst}, {100 * best:.0f} % for {row.best} {size}"
    if row.metric == "sensitivity" and positive:
        return f"{row.column}: sensitivity for {positive} is {each}; more false negatives for {row.worst}."
    if row.metric == "specificity" and positive:
        return f"{row.column}: specificity for {positive} is {each}; more false positives."
    if row.metric == "false_positive_rate" and positive:
        return f"{row.column}: false positive rate for {positive} is {each}; more false positives."
    if row.metric == "selection_rate" and positive:
        shares = here[here["metric"] == row.metric].set_index("group")
        worse, better = (
            shares.loc[[row.worst, row.best], "positives"] / shares.loc[[row.worst, row.best], "n"]
        ).astype(float)
        real = f"the prevalence of {positive} is {100 * worse:.0f} % and {100 * better:.0f} %"
        part = ", so part of this is a difference in base rates" if better - worse > 0.05 else ""
        return f"{row.column}: selection rate for {positive} is {each}; {real}{part}."
    if row.metric == "money_lost":
        spread = f"(difference {row.value:,.2f} [{row.low:,.2f}, {row.high:,.2f}])"
        each = f"{worst:,.2f} for {row.worst} and {best:,.2f} for {row.best} {spread}"
        return f"{row.column}: cost of missed {positive} and reviews per 1,000 cases is {each}."
    if row.metric in ("accuracy", "balanced_accuracy"):
        return f"{row.column}: {labels.get(row.metric, row.metric).lower()} is {each}."
    if row.metric == "hit_rate":
        return f"{row.column}: hit rate is {each}."
    label = labels.get(row.metric, row.metric)
    if isinstance(ALL_METRICS.get(row.metric), ClassMetric):
        return f"{row.column}: {label} is {worst:.2f} for {row.worst} and {best:.2f} for {row.best} {size}."
    size = f"(difference {row.value:.3f} [{row.low:.3f}, {row.high:.3f}])"  # metrics of lists are small numbers
    return f"{row.column}: {label} is {worst:.3f} for {row.worst} and {best:.3f} for {row.best} {size}."


def _small(column: str, here: pd.DataFrame, unit: str) -> list[str]:
    """Return a sentence about groups that are too small for at least one metric."""
    here = here[here["group"] != NOT_STATED]
    counts = here.groupby("group", sort=False).agg(
        n=("n", "first"), positives=("positives", "first"), enough=("enough", "all"), some=("enough", "any")
    )
    lines = []
    for some, what in ((False, "too few to evaluate"), (True, "too few for some metrics, which are omitted")):
        small = counts[~counts["enough"] & (counts["some"] == some)]
        if small.empty:
            continue
        names = [
            f"{group} ({row.n} {unit if row.n != 1 else unit.removesuffix('s')}"
            + (f", {row.positives:.0f} positive)" if pd.notna(row.positives) else ")")
            for group, row in zip(small.index[:MOST_NAMED], small.itertuples(), strict=False)
        ]
        more = f" and {len(small) - MOST_NAMED} more" if len(small) > MOST_NAMED else ""
        lines.append(f"{column}: {', '.join(names)}{more}: {what}.")
    return lines
