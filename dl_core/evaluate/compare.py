"""Models side by side on the same rows: paired differences with intervals, a verdict in words, disagreements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Protocol

import numpy as np
import pandas as pd

from dl_core.errors import OptionError
from dl_core.evaluate.about import Facts
from dl_core.evaluate.choice import Standing, choose, standing
from dl_core.evaluate.evaluate import NO_LABELS, fitting, scored_rows, units_of
from dl_core.evaluate.formulas import decide
from dl_core.evaluate.intervals import Scored, bootstrap, percentile
from dl_core.evaluate.metrics import Metric, get_metrics
from dl_core.evaluate.results import Comparison, Predictions

FEW_PAIRS = 3  # up to here no word about many comparisons
MOST_ROWS = 100  # disagreements kept of each pair
ALPHA = 0.05
PAIRS = ["metric", "a", "b", "value_a", "value_b", "difference", "low", "high", "n", "verdict", "p", "holm"]
APART = ["row", "y_true", "a", "b", "pred_a", "pred_b", "score_a", "score_b", "distance"]


class Judged(Protocol):
    """What a comparison needs to know of a model; a run's fitted models have it."""

    parameters: int  # learned numbers
    label: str
    kind: str  # "deep" or "baseline"
    threshold: float | None


def compare(
    predictions: Predictions,
    chosen: Sequence[str],
    *,
    models: Mapping[str, Judged],
    metrics: Sequence[str | Metric] | None = None,
    primary_metric: str | Metric | None = None,
    costs: pd.DataFrame | None = None,
    units: pd.Series | None = None,
    about: pd.DataFrame | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare ``chosen`` models pair by pair on the labelled test rows that all of them have.

    Parameters
    ----------
    predictions : Predictions
        Test rows to judge on, and validation rows by which the best model of each kind is picked.
    chosen : sequence of str
    models : mapping
        Label, kind and operating point of each.
    metrics, primary_metric
        Names or `Metric` objects; the sentence speaks of the primary one, by default the first.
    costs : pandas.DataFrame or None
    units : pandas.Series or None
        Unit (patient, account) by row id; rows of a unit are resampled together.
    about : pandas.DataFrame or None
        Facts by row id, as in `evaluate.evaluate`; metrics that lack one are left out, and where the primary metric
        does, the sentence speaks of the first that is left.
    seed : int

    Returns
    -------
    Comparison
        Without any labelled row its tables are empty and its sentence says so.

    Raises
    ------
    OptionError
        If fewer than two models are left, a name is unknown or they share no labelled row.
    """
    chosen = list(dict.fromkeys(chosen))
    missing = [name for name in chosen if name not in models or name not in predictions.models]
    if missing or len(chosen) < 2:
        problem = f"there is no model {missing[0]!r}" if missing else "one model cannot be compared"
        raise OptionError(problem, expected="two or more of " + ", ".join(predictions.models))
    n_classes = len(predictions.classes)
    wanted = get_metrics(metrics, n_classes)
    primary = get_metrics([primary_metric], n_classes)[0] if primary_metric is not None else wanted[0]
    judged = get_metrics([*wanted, primary], n_classes)
    facts = Facts(about)
    if not _labelled(predictions, chosen):
        return Comparison(pd.DataFrame(columns=PAIRS), NO_LABELS, pd.DataFrame(columns=APART), _table(costs))
    scored, rows = aligned(predictions, chosen, {name: models[name].threshold for name in chosen}, facts=facts)
    judged = fitting(judged, scored[chosen[0]].about)
    primary = primary if primary in judged else next(iter(judged), primary)
    resampled = bootstrap(scored, judged, units=units_of(rows, units), seed=seed)
    pairs = pd.concat([_pairs(metric, scored, resampled) for metric in judged], ignore_index=True)
    picked = best_by_kind(predictions, chosen, models, primary, facts)
    return Comparison(
        pairs=pairs,
        sentence=_sentence(pairs, picked, models, primary),
        disagreements=disagreements(scored, rows, predictions.classes),
        costs=_table(costs),
        note=_note(pairs, primary),
    )


def _table(costs: pd.DataFrame | None) -> pd.DataFrame:
    return costs if costs is not None else pd.DataFrame()


def _labelled(predictions: Predictions, models: Sequence[str]) -> bool:
    """Return whether any test row of these models has a label."""
    table = predictions.table
    return bool((table["y_true"].notna() & (table["split"] == "test") & table["model"].isin(models)).any())


def aligned(
    predictions: Predictions,
    models: Sequence[str],
    thresholds: Mapping[str, float | None],
    split: str = "test",
    facts: Facts | None = None,
) -> tuple[dict[str, Scored], pd.Index]:
    """Return the scores of each model on the labelled rows that all have, in the same order, and the row ids.

    Raises
    ------
    OptionError
        If there is no such row.
    """
    all_rows = {model: scored_rows(predictions, model, split, thresholds.get(model), facts) for model in models}
    indexes = [rows for _, rows in all_rows.values()]
    common = indexes[0]
    for rows in indexes[1:]:
        common = common[common.isin(rows)]
    if not len(common):
        raise OptionError(f"these models share no labelled {split} row", expected="models of one run")
    scored = {}
    for model, (case, rows) in all_rows.items():
        scored[model] = case if rows.equals(common) else case.take(rows.get_indexer(common))
    return scored, common


def _pairs(metric: Metric, scored: Mapping[str, Scored], resampled: Mapping) -> pd.DataFrame:
    """Return one metric's paired differences over all pairs."""
    value = {name: case.value(metric) for name, case in scored.items()}
    n = len(next(iter(scored.values())).y_true)
    lines = []
    for a, b in combinations(scored, 2):
        draws = metric.sign * (resampled[a, metric.name] - resampled[b, metric.name])
        low, high = percentile(draws)
        difference = metric.sign * (value[a] - value[b])
        lines.append(
            (metric.name, a, b, value[a], value[b], difference, low, high, n, verdict(low, high), p_value(draws))
        )
    table = pd.DataFrame(lines, columns=PAIRS[:-1])
    return table.assign(holm=table["verdict"].where(holm(table["p"].to_numpy()), "tie"))


def verdict(low: float, high: float) -> str:
    """Return ``"better"`` or ``"worse"`` where an interval of differences leaves out 0, else ``"tie"``."""
    return "better" if low > 0 else "worse" if high < 0 else "tie"


def p_value(draws: np.ndarray) -> float:
    """Return the two-sided bootstrap p-value that a difference is 0; it cannot fall under 2 / (draws + 1)."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return 1.0
    tail = min((known <= 0).sum(), (known >= 0).sum())
    return float(min(1.0, 2 * (tail + 1) / (len(known) + 1)))


def holm(p: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """Return which hypotheses are rejected when all are tested together (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    passed = np.cumprod(p[order] <= alpha / np.arange(len(p), 0, -1)).astype(bool)
    rejected = np.zeros(len(p), dtype=bool)
    rejected[order] = passed
    return rejected


def best_by_kind(
    predictions: Predictions,
    chosen: Sequence[str],
    models: Mapping[str, Judged],
    metric: Metric,
    facts: Facts | None = None,
) -> dict[str, str]:
    """Return the model of each kind that is best on validation rows (`choice.choose`); the first one without such rows.

    Test rows only judge: picking on them would flatter the kind with more models.
    """
    table = predictions.table
    known = set(table.loc[(table["split"] == "validation") & table["y_true"].notna(), "model"])
    kinds: dict[str, dict[str, Standing]] = {}
    for name in chosen:
        found = Standing(float("nan"))
        if name in known:
            case, _ = scored_rows(predictions, name, "validation", models[name].threshold, facts)
            found = standing(case, metric, models[name].parameters)
        kinds.setdefault(models[name].kind, {})[name] = found
    return {kind: name for kind, found in kinds.items() if (name := choose(found)) is not None}


def _sentence(pairs: pd.DataFrame, picked: Mapping[str, str], models: Mapping[str, Judged], metric: Metric) -> str:
    """Return the answer to "is deep learning worth it here?"."""
    absent = [kind for kind in ("deep", "baseline") if kind not in picked]
    if absent:
        what = "deep model" if absent[0] == "deep" else "baseline"
        return f"There is no {what} among these models, so nothing tells whether deep learning is worth it here."
    deep, plain = picked["deep"], picked["baseline"]
    these = pairs[(pairs["metric"] == metric.name) & pairs["a"].isin([deep, plain]) & pairs["b"].isin([deep, plain])]
    row = these.iloc[0]
    turn = 1 if row["a"] == deep else -1
    gain = turn * row["difference"]
    low, high = (row["low"], row["high"]) if turn == 1 else (-row["high"], -row["low"])
    names = models[deep].label, models[plain].label
    if np.isnan(low):
        what = f"{metric.label} is not defined on these {row['n']} test rows"
        return f"{names[0]} and {names[1]} cannot be told apart: {what}."
    found = verdict(low, high)
    if found == "tie":
        size = f"{number(gain, sign=True)} {metric.label} [{number(low)}, {number(high)}], n = {row['n']}"
        return f"A tie between {names[0]} and {names[1]}: {size}. The simpler model will do."
    bounds = (low, high) if found == "better" else (-high, -low)
    size = f"by {number(abs(gain))} {metric.label} [{number(bounds[0])}, {number(bounds[1])}], n = {row['n']}"
    if found == "better":
        return f"Deep learning is worth it here: {names[0]} is better than {names[1]} {size}."
    return f"Deep learning is not worth it here: {names[0]} is worse than {names[1]} {size}."


def number(value: float, sign: bool = False) -> str:
    """Return a number with three decimals and a true minus sign."""
    return f"{value:{'+' if sign else ''}.3f}".replace("-", "−")


def _note(pairs: pd.DataFrame, metric: Metric) -> str:
    """Return a warning about many comparisons, where there are more than a few pairs."""
    these = pairs[pairs["metric"] == metric.name]
    if len(these) <= FEW_PAIRS:
        return ""
    told = int((these["verdict"] != "tie").sum())
    stand = int((these["holm"] != "tie").sum())
    return (
        f"{len(these)} pairs were compared, and of so many about one in twenty would differ by chance alone. "
        f"By {metric.label}, {told} differ; {stand} still do after Holm's correction."
    )


def disagreements(scored: Mapping[str, Scored], rows: pd.Index, classes: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows on which two models predict different classes, those furthest apart first."""
    names = np.array(classes, dtype=object)
    tables = []
    for a, b in combinations(scored, 2):
        one, two = scored[a], scored[b]
        pred_a, pred_b = decide(one.y_score, one.threshold), decide(two.y_score, two.threshold)
        distance = np.abs(one.y_score - two.y_score).sum(axis=1) / 2  # total variation
        apart = np.flatnonzero(pred_a != pred_b)
        apart = apart[np.argsort(-distance[apart], kind="stable")][:MOST_ROWS]
        columns = {
            "row": rows[apart],
            "y_true": names[one.y_true[apart]],
            "a": a,
            "b": b,
            "pred_a": names[pred_a[apart]],
            "pred_b": names[pred_b[apart]],
            "score_a": one.y_score[apart, pred_a[apart]],
            "score_b": two.y_score[apart, pred_b[apart]],
            "distance": distance[apart],
        }
        tables.append(pd.DataFrame(columns, index=range(len(apart))))
    table = pd.concat(tables, ignore_index=True)
    return table.sort_values("distance", ascending=False, kind="stable", ignore_index=True)
