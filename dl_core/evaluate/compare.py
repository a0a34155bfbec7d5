"""Models side by side on the same rows: paired differences with intervals, a verdict in words, disagreements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from dl_core.errors import OptionError
from dl_core.evaluate.about import Facts
from dl_core.evaluate.choice import Standing, standing
from dl_core.evaluate.evaluate import NO_LABELS, fitting, scored_rows, units_of
from dl_core.evaluate.formulas import decide
from dl_core.evaluate.intervals import Scored, bootstrap
from dl_core.evaluate.metrics import Metric, get_metrics
from dl_core.evaluate.pairs import PAIRS, Judged, check_chosen, many_note, pair_table, pick_by_kind, worth_sentence
from dl_core.evaluate.results import Comparison, Predictions

MOST_ROWS = 100  # disagreements kept of each pair
APART = ["row", "y_true", "a", "b", "pred_a", "pred_b", "score_a", "score_b", "distance"]


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
    chosen = check_chosen(chosen, models, predictions.models)
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
    n = len(rows)
    values = {metric.name: {name: case.value(metric) for name, case in scored.items()} for metric in judged}
    pairs = pd.concat([pair_table(one, values[one.name], n, resampled) for one in judged], ignore_index=True)
    picked = best_by_kind(predictions, chosen, models, primary, facts)
    return Comparison(
        pairs=pairs,
        sentence=worth_sentence(pairs, picked, models, primary),
        disagreements=disagreements(scored, rows, predictions.classes),
        costs=_table(costs),
        note=many_note(pairs, primary),
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

    def stands(name: str) -> Standing:
        """Return where a model stands on validation rows."""
        if name not in known:
            return Standing(float("nan"))
        case, _ = scored_rows(predictions, name, "validation", models[name].threshold, facts)
        return standing(case, metric, models[name].parameters)

    return pick_by_kind(chosen, models, stands)


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
