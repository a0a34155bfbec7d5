"""Forecasts of several models side by side: paired differences, a verdict in words, the cases they part on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd

from dl_core.errors import OptionError
from dl_core.evaluate import pairs as paired
from dl_core.evaluate.compare import MOST_ROWS
from dl_core.evaluate.pairs import PAIRS, check_chosen, many_note, pick_by_kind, verdict, worth_sentence
from dl_core.evaluate.results import Comparison
from dl_core.evaluate.series.diebold_mariano import diebold_mariano
from dl_core.evaluate.series.draws import (
    Judged,
    bootstrap_parts,
    keys_of,
    pseudo_steps,
    take_cases,
    value_of,
)
from dl_core.evaluate.series.evaluate import NO_TRUTH, forecast_standing
from dl_core.evaluate.series.facts import SeriesFacts
from dl_core.evaluate.series.forecasts import Cases, Forecasts
from dl_core.evaluate.series.metrics import PRIMARY, SeriesMetric, get_series_metrics, series_metric

FEWEST = 5  # series; of fewer a bootstrap over series says little, and the Diebold-Mariano test decides
APART = ["row", "window", "a", "b", "difference", "error_a", "error_b"]
FEW_WINDOWS = "So few windows of so few series cannot tell models apart: keep more windows for the test."
BY_TEST = (
    "There are fewer than five series, so differences are judged over time: by the Diebold-Mariano test with the "
    "correction of Harvey, Leybourne and Newbold."
)


@dataclass(frozen=True)
class _Gap:
    """A metric as pairs need it, with values turned by `SeriesMetric.gap` before."""

    name: str
    label: str
    sign: int = 1


def compare_forecasts(
    forecasts: Forecasts,
    chosen: Sequence[str],
    *,
    models: Mapping[str, paired.Judged],
    facts: SeriesFacts,
    reference: Cases | None = None,
    metrics: Sequence[str | SeriesMetric] | None = None,
    primary_metric: str | SeriesMetric = PRIMARY,
    costs: pd.DataFrame | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare the forecasts of ``chosen`` models pair by pair on the test cases that all of them have.

    Differences are paired: every resample draws the same series and windows for all models (`draws`). With fewer than
    five series the Diebold-Mariano test decides instead (`diebold_mariano`), over the mean of the series at each time;
    of one window it can tell nothing, and calls all a tie. Coverage is compared by its distance from the nominal level.

    Parameters
    ----------
    forecasts : Forecasts
        Test forecasts to judge, and validation forecasts by which the best model of each kind is picked.
    chosen : sequence of str
    models : mapping
        Label, kind and number of learned numbers of each.
    facts : SeriesFacts
    reference : Cases or None
        Naive2's forecasts of the test cases, for OWA.
    metrics, primary_metric
        Names or `SeriesMetric` objects; the sentence speaks of the primary one.
    costs : pandas.DataFrame or None
    seed : int

    Returns
    -------
    Comparison
        ``disagreements`` has the columns ``row`` (series id), ``window``, ``a``, ``b``, ``difference`` (mean distance
        of the two forecasts in units of the series' scale), ``error_a`` and ``error_b`` (each one's MASE there), the
        furthest apart first. ``n`` counts series, or windows where there is one series. Without any truth its tables
        are empty and its sentence says so.

    Raises
    ------
    OptionError
        If fewer than two models are left, a name is unknown, or they share no case.
    """
    chosen = check_chosen(chosen, models, forecasts.models)
    primary = get_series_metrics([primary_metric])[0]
    wanted = get_series_metrics([*get_series_metrics(metrics), primary], reference is not None or primary.kind == "owa")
    judged = shared_cases(forecasts, chosen, facts, reference)
    paid = costs if costs is not None else pd.DataFrame()
    first = judged[chosen[0]]
    if not len(first.cases):
        return Comparison(pd.DataFrame(columns=PAIRS), NO_TRUTH, pd.DataFrame(columns=APART), paid)
    few = first.code.max() + 1 < FEWEST
    tables = _tested(judged, wanted) if few else _bootstrapped(judged, wanted, seed)
    pairs = pd.concat(tables, ignore_index=True)
    silent = bool(pairs.loc[pairs["metric"] == primary.name, "low"].isna().all())
    picked = pick_by_kind(chosen, models, lambda name: _stand(forecasts, name, primary, facts, models[name].parameters))
    note = " ".join(part for part in (BY_TEST if few else "", many_note(pairs, primary)) if part)
    return Comparison(
        pairs=pairs,
        sentence=FEW_WINDOWS if few and silent else worth_sentence(pairs, picked, models, primary, first.unit),
        disagreements=forecast_disagreements(judged, facts),
        costs=paid,
        note=note,
    )


def shared_cases(
    forecasts: Forecasts,
    models: Sequence[str],
    facts: SeriesFacts,
    reference: Cases | None = None,
    split: str = "test",
) -> dict[str, Judged]:
    """Return what can be judged of each model, for the cases that all of them have, in the same order.

    Raises
    ------
    OptionError
        If they share no case.
    """
    found = {model: forecasts.cases(model, split) for model in models}
    common = keys_of(next(iter(found.values())))
    for cases in found.values():
        common = common[common.isin(keys_of(cases))]
    if not len(common):
        raise OptionError(f"these models share no {split} window", expected="models of one run")
    same = {model: take_cases(cases, keys_of(cases).get_indexer(common)) for model, cases in found.items()}
    return {model: Judged.of(cases, facts, reference) for model, cases in same.items()}


def _stand(forecasts: Forecasts, model: str, metric: SeriesMetric, facts: SeriesFacts, size: int):
    """Return where a model stands on validation; OWA needs Naive2 there, so MASE stands in.

    Series differ far more than two models do on one series, so no standard error makes room for simpler models.
    """
    judge = series_metric(PRIMARY) if metric.kind == "owa" else metric
    return replace(forecast_standing(forecasts, model, judge, facts, size=size), error=0.0)


def _bootstrapped(judged: Mapping[str, Judged], metrics: Sequence[SeriesMetric], seed: int) -> list[pd.DataFrame]:
    """Return each metric's table of pairs by the two-level bootstrap."""
    parts = {(model, metric.name): one.parts(metric) for model, one in judged.items() for metric in metrics}
    first = next(iter(judged.values()))
    drawn = bootstrap_parts(parts, first.draws(seed))
    tables = []
    for metric in metrics:
        value = {model: value_of(parts[model, metric.name]) for model in judged}
        turned = {model: float(metric.gap(value[model])) for model in judged}
        draws = {(model, metric.name): metric.gap(drawn[model, metric.name]) for model in judged}
        n = first.count(parts[next(iter(judged)), metric.name][0])
        table = paired.pair_table(_Gap(metric.name, metric.label), turned, n, draws)
        tables.append(_as_they_are(table, value))
    return tables


def _tested(judged: Mapping[str, Judged], metrics: Sequence[SeriesMetric]) -> list[pd.DataFrame]:
    """Return each metric's table of pairs by the Diebold-Mariano test."""
    first = next(iter(judged.values()))
    related = first.lag if first.lag > 1 else first.cases.truth.shape[1]
    tables = []
    for metric in metrics:
        parts = {model: one.parts(metric) for model, one in judged.items()}
        value = {model: value_of(found) for model, found in parts.items()}
        turned = {model: float(metric.gap(value[model])) for model in judged}
        losses = {model: _turned(metric, pseudo_steps(metric, one), value[model]) for model, one in judged.items()}
        lines = []
        for a, b in combinations(judged, 2):
            steps = over_time(losses[a] - losses[b], first.cases, first.lag > 1)
            test = diebold_mariano(steps, related, mean=turned[a] - turned[b])
            found = verdict(test.low, test.high)
            n = first.count(parts[a][0])
            lines.append((metric.name, a, b, value[a], value[b], test.mean, test.low, test.high, n, found, test.p))
        table = pd.DataFrame(lines, columns=PAIRS[:-1])
        tables.append(table.assign(holm=table["verdict"].where(paired.holm(table["p"].to_numpy()), "tie")))
    return tables


def _turned(metric: SeriesMetric, steps: np.ndarray, value: float) -> np.ndarray:
    """Return values step by step turned so that higher is better; a distance is made linear about ``value``."""
    if metric.target is None:
        return metric.sign * steps
    return -np.sign(value - metric.target) * (steps - metric.target)


def over_time(steps: np.ndarray, cases: Cases, overlap: bool = False) -> np.ndarray:
    """Return values (m, h) as one sequence in order of time: by window, then step, each the mean over series.

    Of windows that ``overlap`` the means. NaN where there is no value.
    """
    found = []
    for window in np.unique(cases.windows):
        inside = steps[cases.windows == window]
        inside = inside.reshape(-1, 1) if overlap else inside
        known = ~np.isnan(inside)
        total, count = np.where(known, inside, 0.0).sum(axis=0), known.sum(axis=0)
        found.append(np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0))
    return np.concatenate(found) if found else np.zeros(0)


def _as_they_are(table: pd.DataFrame, value: Mapping[str, float]) -> pd.DataFrame:
    """Return a table of pairs with the values themselves rather than turned ones."""
    return table.assign(value_a=table["a"].map(value), value_b=table["b"].map(value))


def forecast_disagreements(judged: Mapping[str, Judged], facts: SeriesFacts) -> pd.DataFrame:
    """Return the cases on which two models' forecasts are furthest apart, at most `MOST_ROWS` a pair."""
    errors = {model: series_metric(PRIMARY).by_case(one.cases, facts) for model, one in judged.items()}
    tables = []
    for a, b in combinations(judged, 2):
        one, two = judged[a].cases, judged[b].cases
        distance = np.nanmean(np.abs(one.middle - two.middle), axis=1) / facts.scales_of(one.series)
        apart = np.argsort(-distance, kind="stable")[:MOST_ROWS]
        apart = apart[distance[apart] > 0]
        columns = {
            "row": one.series[apart],
            "window": one.windows[apart],
            "a": a,
            "b": b,
            "difference": distance[apart],
            "error_a": errors[a][apart],
            "error_b": errors[b][apart],
        }
        tables.append(pd.DataFrame(columns, index=range(len(apart)), columns=APART))
    return pd.concat(tables, ignore_index=True).sort_values(
        "difference", ascending=False, kind="stable", ignore_index=True
    )
