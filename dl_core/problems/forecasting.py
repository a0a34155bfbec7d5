"""Forecasting: every series gets the quantiles of its next steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.series.ends import to_common_end
from dl_core.data.series.origins import horizon_of, rolling_origins, stride_of
from dl_core.data.series.panel import AHEAD, SERIES, TIME, Panel, panel_facts, zone_of
from dl_core.data.splits import Splits
from dl_core.evaluate.results import Comparison, Evaluation
from dl_core.evaluate.series.forecasts import LEVELS, Cases, Forecasts, forecast_rows
from dl_core.problems.base import Judging, Problem, known_rows
from dl_core.schema import Role

if TYPE_CHECKING:
    from dl_core.bias.report import BiasReport
    from dl_core.evaluate.series.facts import SeriesFacts
    from dl_core.explain.explanation import Explanation
    from dl_core.models.series.base import Forecaster
    from dl_core.report.content import Example
    from dl_core.train.run import FittedModel, Run
    from dl_core.train.scoring import ModelSource
    from dl_core.train.series.answers import ForecastAnswers

RECONCILE, HIERARCHY = "reconcile", "hierarchy"  # options of `score_new`


class Forecasting(Problem[Forecasts, "Forecaster"]):
    """Forecast the next steps of every series by what it did before."""

    name = "forecasting"
    noun = Forecasts
    judged = ("window", "windows")

    def settle_options(self, options: Mapping[str, Any], dataset: Dataset) -> dict[str, Any]:
        """Return the options with horizon, season and frequency as they were found."""
        panel = Panel.of(dataset)
        found = panel_facts(dataset)
        return {
            **options,
            "horizon": horizon_of(options, panel),
            "season": ",".join(map(str, found.get("seasons", ()))) or "1",
            "frequency": found.get("frequency", ""),
            "scale_season": found.get("scale_season", 1),
            "opened": found.get("opened", ""),
            "zone": zone_of(dataset),
        }

    def answers(self, judging: Judging) -> ForecastAnswers:
        """Return answers as quantiles of windows."""
        from dl_core.train.series.answers import ForecastAnswers

        return ForecastAnswers(judging.primary_metric, judging.options, judging.seed)

    def evaluate(
        self, said: Forecasts, models: Mapping[str, FittedModel], dataset: Dataset, splits: Splits, judging: Judging
    ) -> Evaluation:
        """Return metrics over the test windows."""
        known, held = before_test(dataset, splits), Panel.of(dataset.subset(splits.test))
        return self._evaluate(said, splits.protocol, known, held, judging)

    def _evaluate(self, said: Forecasts, protocol: str, known: Panel, held: Panel, judging: Judging) -> Evaluation:
        from dl_core.evaluate.series.evaluate import evaluate_forecasts
        from dl_core.evaluate.series.facts import SeriesFacts

        return evaluate_forecasts(
            said,
            protocol,
            facts=SeriesFacts.of(known),
            reference=naive2_cases(known, held, said.horizon, judging.options),
            metrics=judging.metrics,
            seed=judging.seed,
        )

    def compare(self, run: Run, chosen: Sequence[str], dataset: Dataset, judging: Judging) -> Comparison:
        """Return paired differences over windows."""
        from dl_core.evaluate.series.compare import compare_forecasts
        from dl_core.evaluate.series.facts import SeriesFacts

        known, held = before_test(dataset, run.splits), Panel.of(dataset.subset(run.splits.test))
        facts, reference = SeriesFacts.of(known), naive2_cases(known, held, self.said(run).horizon, judging.options)
        return compare_forecasts(self.said(run), self.chosen(run, chosen, judging), facts=facts, reference=reference)

    def check_bias(
        self,
        run: Run,
        model: str,
        groups: pd.DataFrame,
        dataset: Dataset,
        judging: Judging,
        said: Forecasts | None = None,
    ) -> BiasReport:
        """Return metrics by group of series."""
        from dl_core.bias.series.check import check_bias_forecasts

        return check_bias_forecasts(
            said or self.said(run),
            model,
            groups,
            metrics=judging.group_metrics,
            facts=self.facts(dataset, run.splits),
            seed=judging.seed,
        )

    def facts(self, dataset: Dataset, splits: Splits) -> SeriesFacts:
        """Return what is known of each series before the test."""
        from dl_core.evaluate.series.facts import SeriesFacts

        return SeriesFacts.of(before_test(dataset, splits))

    def test_windows(self, run: Run, most: int) -> tuple[Panel, np.ndarray, np.ndarray]:
        """Return at most ``most`` test windows, drawn at random: histories, truths (m, h) and scales (m,)."""
        dataset, horizon = run.load_dataset(), self.said(run).horizon
        known, held = before_test(dataset, run.splits), Panel.of(dataset.subset(run.splits.test))
        origins = rolling_origins(known, held, horizon, stride_of(run.spec.options, horizon))
        drawn = np.arange(len(origins))
        if len(drawn) > most:
            drawn = np.sort(np.random.default_rng(run.spec.seed).choice(drawn, most, replace=False))
        at, ends, both = origins.at[drawn], origins.ends[drawn], known.append(held)
        return both.until(at, ends, horizon), both.truth(at, ends, horizon), known.scales()[at]

    def grouped(self, run: Run, model: str, dataset: Dataset, judging: Judging) -> dict[str, Any]:
        """Return how one model is judged by group: what was known of each series, and the seed."""
        return {"facts": self.facts(dataset, run.splits), "seed": judging.seed}

    def score_new(
        self,
        source: ModelSource,
        name: str,
        fitted: Forecaster,
        data: Dataset,
        features: np.ndarray | None,
        judging: Judging,
    ) -> pd.DataFrame:
        """Return `Forecasts`' lines of the steps after the end of each series of ``data``.

        With the option ``reconcile`` the sums of the hierarchy are forecast too, and all are made to add up.
        """
        from dl_core.train.series.answers import new_rows

        panel, about = Panel.of(data), source.models[name]
        method = judging.options.get(RECONCILE) or "none"
        if method == "none":
            return new_rows(about, fitted, panel, judging.options)
        from dl_core.data.series.hierarchy import hierarchy_of

        panel = to_common_end(panel)
        hierarchy = hierarchy_of(panel, str(judging.options.get(HIERARCHY) or "auto"))
        nodes = hierarchy.add_sums(panel)
        lines = new_rows(about, fitted, nodes, judging.options)
        residuals = last_errors(fitted, nodes, judging.options) if method == "mint" else None
        return reconciled(lines, hierarchy, method, residuals)

    def score_known(
        self, source: ModelSource, name: str, fitted: Forecaster, data: Dataset, judging: Judging
    ) -> pd.DataFrame:
        """Return forecasts of the last windows of each series of ``data``, with what came."""
        from dl_core.train.series.answers import calibrated, window_answer

        known, held = last_windows(Panel.of(data), fitted.horizon, judging.options)
        answer = window_answer(fitted, known, held, stride_of(judging.options, fitted.horizon))
        return forecast_rows(name, "test", calibrated(source.models[name], answer))

    def evaluate_elsewhere(self, said: Forecasts, run: Run, dataset: Dataset, judging: Judging) -> Evaluation:
        """Return metrics over the last windows of the series of another data set."""
        known, held = last_windows(Panel.of(dataset), said.horizon, judging.options)
        protocol = f"the last windows of {len(known)} series of {dataset.name}; trained elsewhere"
        return self._evaluate(said, protocol, known, held, judging)

    def pick_examples(self, run: Run, count: int) -> tuple[str | None, list[str]]:
        """Return series that the best deep model forecasts typically, best and worst."""
        from dl_core.report.series.section import pick_series

        return pick_series(run, count)

    def cases(self, run: Run, dataset: Dataset, rows: Sequence[str]) -> Dataset:
        """Return what was known of some series before the test, in the order of ``rows``."""
        known = known_rows(dataset, run.splits)
        names = known.require(Role.SERIES).astype(str)
        found = known.subset([row for name in rows for row in names.index[(names == name).to_numpy()]])
        return replace(found, side={**found.side, AHEAD: _told_ahead(dataset.subset(run.splits.test))})

    def beside(self, run: Run, dataset: Dataset) -> None:
        """Return nothing: a forecast goes on from the series itself."""

    def as_examples(self, run: Run, dataset: Dataset, explanations: Sequence[Explanation]) -> list[Example]:
        """Return series with their forecast and what drove it."""
        from dl_core.report.series.section import as_examples

        return as_examples(run, dataset, explanations)

    def gather(self, table: pd.DataFrame, run: Run) -> Forecasts:
        """Return the forecasts of several models."""
        return Forecasts(table)


def _told_ahead(rows: Dataset) -> pd.DataFrame:
    """Return what was known ahead of held-out steps, as reading leaves it beside a data set."""
    columns = {
        SERIES: rows.require(Role.SERIES).astype(str).to_numpy(dtype=object),
        TIME: rows.require(Role.TIME).to_numpy(),
        **{name: rows.table[name].to_numpy() for name in rows.roles.get(Role.FUTURE, ())},
    }
    return pd.DataFrame(columns, index=pd.Index([str(at) for at in range(len(rows))], name="id"))


def before_test(dataset: Dataset, splits: Splits) -> Panel:
    """Return the series as they were known before the test."""
    return Panel.of(known_rows(dataset, splits))


def last_windows(panel: Panel, horizon: int, options: Mapping[str, Any]) -> tuple[Panel, Panel]:
    """Return each series before its last windows, and these; series that are too short stand in neither."""
    stride = stride_of(options, horizon)
    room = (panel.lengths - 2 * horizon) // stride + 1
    windows = np.minimum(int(options.get("windows") or 3), room)
    at = np.flatnonzero(windows > 0)
    steps = horizon + (windows[at] - 1) * stride
    ends = panel.lengths[at] - steps
    known = panel.until(at, ends)
    held = panel.take(at)
    spans = [np.arange(a + n, b) for a, n, b in zip(held.starts[:-1], ends, held.starts[1:], strict=True)]
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *spans]).astype(np.int64)
    return known, held.rows(rows, steps)


def naive2_cases(known: Panel, held: Panel, horizon: int, options: Mapping[str, Any]) -> Cases:
    """Return what Naive2 says of the test windows: the forecast that OWA is relative to."""
    from dl_core.models.series.naive import naive2_ahead

    origins = rolling_origins(known, held, horizon, stride_of(options, horizon))
    both = known.append(held)
    history = both.until(origins.at, origins.ends).filled()
    middle = naive2_ahead(history, horizon) if len(origins) else np.zeros((0, horizon))
    return Cases(
        known.series[origins.at],
        origins.window.astype(np.int32),
        history.times_ahead(horizon),
        both.truth(origins.at, origins.ends, horizon),
        np.repeat(middle[:, :, None], len(LEVELS), axis=2),
    )


def last_errors(fitted: Forecaster, nodes: Panel, options: Mapping[str, Any]) -> np.ndarray | None:
    """Return the errors of central forecasts on the last windows of each node, (n_nodes, steps), for MinT.

    The model may have learned from these steps, so its errors are smaller than new ones; only their sizes and ways of
    going together count here. None where the nodes are too short for a window.
    """
    from dl_core.train.series.answers import cases_of, window_answer

    known, held = last_windows(nodes, fitted.horizon, options)
    if len(known) < len(nodes):
        return None
    cases = cases_of(window_answer(fitted, known, held, stride_of(options, fitted.horizon)))
    place = pd.Index(nodes.series).get_indexer(pd.Index(cases.series))
    errors = np.full((len(nodes), cases.windows.max() + 1, cases.truth.shape[1]), np.nan)
    errors[place, cases.windows] = cases.truth - cases.middle
    return errors.reshape(len(nodes), -1)


def reconciled(lines: pd.DataFrame, hierarchy: Any, method: str, residuals: np.ndarray | None) -> pd.DataFrame:
    """Return forecasts of all nodes of a hierarchy, made to add up."""
    from dl_core.evaluate.series.reconcile import central, reconcile

    cases = Forecasts(lines).cases(lines["model"].iloc[0], "new")
    means = lines["mean"].to_numpy(dtype=float).reshape(cases.truth.shape) if "mean" in lines else None
    found = reconcile(cases.quantiles, hierarchy, method, residuals, means)
    done = Cases(cases.series, cases.windows, cases.times, cases.truth, found)
    rows = forecast_rows(lines["model"].iloc[0], "new", done)
    return rows if means is None else rows.assign(mean=central(means, hierarchy, method, residuals).reshape(-1))


FORECASTING = Forecasting()
