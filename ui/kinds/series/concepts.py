"""Forecasting in a few words: how it is tested, what an interval says, what an error means, and how tests deceive."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from dl_core.domain import Domain
from ui.kinds.series import forecast_charts, preview
from ui.panels.concepts import Idea, judged_of, leaderboard
from ui.shell import charts, theme
from ui.shell.words import number, percent

WINDOWS, AHEAD, KNOWN = 3, 6, 18  # of the drawing of rolling origins: windows, steps ahead, steps before the first
SEASON = 12
COVER = 0.8  # coverage that the drawings ask for

ORIGINS = (
    "Forecasts are evaluated on later observations, never on randomly chosen steps (*backtesting*, or time series "
    "cross-validation). The last steps of each series are held out, and forecasts are made from several *rolling "
    "origins*: at each one a model sees the data up to the origin and forecasts the next steps, the *horizon*. "
    "Earlier windows (validation) select settings and ensemble members; the last windows (test) only "
    "evaluate.\n\nHorizon and number of test windows can be set on the Data tab."
)
QUANTILES = (
    "A point forecast says nothing about its uncertainty. Each model forecasts *quantiles*: the 0.9 quantile "
    "should be exceeded once in ten times. Two quantiles bound a *prediction interval*, and *coverage* is the "
    "share of actual values inside. A calibrated 80 % interval covers 80 of 100: fewer is overconfident, more is "
    "underconfident.\n\nAmong calibrated intervals the narrower (*sharper*) ones are better; the *quantile loss* "
    "(pinball loss) measures both at once."
)
NAIVE = (
    "The *seasonal naive* forecast repeats the value of one season ago. *MASE* (mean absolute scaled error) "
    "divides a model's mean absolute error by the naive forecast's in-sample MAE, one season ahead. It has no "
    "unit, so large and small series count equally. Errors grow with the horizon, so compare a model's MASE with "
    "that of the seasonal naive on the same windows: a model that is not below it has no skill.\n\n*OWA* (overall "
    "weighted average), the M4 competition's metric, averages MASE and sMAPE, each relative to Naive2."
)
CONFORMAL = (
    "Prediction intervals are often overconfident. *Split-conformal calibration* uses held-out windows: the "
    "*conformity score* is the distance of each actual value from the forecast, in half-widths of the interval. "
    "The interval is then scaled by the quantile of these scores that gives the nominal coverage.\n\nThe "
    "guarantee holds as long as the errors stay exchangeable with those of the calibration windows, that is, "
    "while volatility does not change. The median does not move."
)
SHUFFLED = (
    "With a random split, each test step has its neighbours in time in the training set: the model only "
    "interpolates. Scores look excellent and say nothing about forecasting, where the future is unknown "
    "(*temporal leakage*). The same happens with a covariate that is only known afterwards.\n\nThat is why splits "
    "here are temporal, and why covariates are marked as *known in the future* or *past only*."
)


def _origins(domain: Domain | None) -> None:
    title = "Three rolling-origin windows: history and forecast"
    chart = charts.figure(title, x="Step of a series", height=230)
    for window in range(WINDOWS):
        end = KNOWN + window * AHEAD
        for name, start, stop, colour in (
            ("known", 1, end, theme.GREYS[1]),
            ("forecast, then evaluated", end + 1, end + AHEAD, theme.DEEP[2]),
        ):
            chart.add_scatter(
                x=list(range(start, stop + 1)),
                y=[f"Window {window + 1}"] * (stop - start + 1),
                mode="markers",
                name=name,
                showlegend=window == 0,
                marker={"size": 8, "color": colour, "symbol": "circle" if colour == theme.GREYS[1] else "diamond"},
                hovertemplate=f"step %{{x}}: {name}<extra></extra>",
            )
    chart.update_yaxes(type="category", autorange="reversed", showgrid=False)
    chart.update_layout(showlegend=True)
    charts.draw(chart, f"{title}. Each origin is {AHEAD} steps later than the one before.", key="concept_origins")


@cache
def made_up() -> dict[str, Any]:
    """Return a history with a season and a fan ahead of it, in the form of the kept forecasts, drawn from a seed."""
    rng = np.random.default_rng(4)
    step = np.arange(4 * SEASON + SEASON)
    course = 100 + 0.4 * step + 18 * np.sin(2 * np.pi * step / SEASON)
    values = course + rng.normal(0, 4, len(step))
    ahead = slice(4 * SEASON, None)
    spread = 5 * np.sqrt(1 + 0.12 * np.arange(SEASON))
    bands = {"lower_95": -1.96, "lower_80": -1.28, "middle": 0.0, "upper_80": 1.28, "upper_95": 1.96}
    fan = {name: (course[ahead] + times * spread).tolist() for name, times in bands.items()}
    return {
        "history": {"time": step[: 4 * SEASON].tolist(), "value": values[: 4 * SEASON].tolist()},
        "truth": {"time": step[ahead].tolist(), "value": values[ahead].tolist()},
        "models": {"example": {"time": step[ahead].tolist(), **fan}},
        "best": "example",
        "series": "a simulated series",
    }


def _fan(domain: Domain | None) -> None:
    found = preview.forecast(domain) if domain is not None else None
    label = domain.models[found["best"]].label if domain is not None and found else "Median"
    found = found or made_up()
    fan, truth = found["models"][found["best"]], found["truth"]["value"]
    pairs = zip(truth, fan["lower_80"], fan["upper_80"], strict=True)
    inside = [low <= value <= high for value, low, high in pairs if value is not None]
    title = f"{sum(inside)} of {len(inside)} actual values lie in the 80 % interval"
    shown = [{"name": label, "colour": theme.DEEP[0], "fan": fan}]
    chart = forecast_charts.figure(found["history"], shown, title, truth=found["truth"], height=300)
    charts.draw(chart, f"{title}, the darker band. {forecast_charts.said(shown)}.", key="concept_fan")


def _naive(domain: Domain | None) -> None:
    """Draw the sample's leaderboard, or the naive forecast of a made-up series."""
    judged = judged_of(domain)
    if domain is None or judged is None:
        _naive_line()
        return
    title = "On the sample: deep models in colour"
    leaderboard(domain, judged, title, "MASE, lower is better", "concept_mase", "mase", line=1.0)


def _naive_line() -> None:
    found = made_up()
    values, fan = found["history"]["value"], found["models"]["example"]
    naive = values[-SEASON:]
    scale = float(np.mean(np.abs(np.subtract(values[SEASON:], values[:-SEASON]))))
    truth = found["truth"]["value"]
    mase = {name: float(np.mean(np.abs(np.subtract(truth, one)))) / scale for name, one in _two(naive, fan).items()}
    series = [
        {"name": f"{name}, MASE {number(mase[name], 2)}", "x": fan["time"], "y": one, "colour": colour}
        for (name, one), colour in zip(_two(naive, fan).items(), (theme.GREYS[0], theme.DEEP[0]), strict=True)
    ]
    series.append({"name": "actual", "x": fan["time"], "y": truth, "colour": forecast_charts.TRUTH, "dash": "dot"})
    title = "Seasonal naive and a model"
    chart = charts.lines(series, title, x="Step", y="Value", height=300)
    charts.draw(chart, f"{title}: {'; '.join(one['name'] for one in series)}.", key="concept_mase")


def _two(naive: list[float], fan: dict[str, list[float]]) -> dict[str, list[float]]:
    return {"seasonal naive": naive, "model": fan["middle"]}


@cache
def _ratios() -> np.ndarray:
    """Return how far 60 true values lay from the forecast, in half widths of an interval that is too narrow, sorted."""
    return np.sort(np.abs(np.random.default_rng(2).normal(0, 1.15, 60)))


def _conformal(domain: Domain | None) -> None:
    ratios = _ratios()
    place = int(np.ceil(COVER * (len(ratios) + 1))) - 1
    stretch, before = float(ratios[place]), float((ratios <= 1).mean())
    title = f"Coverage {percent(before)}; scaled by {number(stretch, 2)}: {percent(COVER)}"
    chart = charts.figure(
        title,
        x="Actual values of held-out windows, sorted by score",
        y="Conformity score (interval half-widths)",
        height=280,
    )
    held = ratios <= stretch
    for inside, colour, name in ((True, theme.DEEP[0], "covered after scaling"), (False, theme.FAINT, "outside")):
        at = np.flatnonzero(held == inside)
        chart.add_scatter(
            x=(at + 1).tolist(),
            y=ratios[at].tolist(),
            mode="markers",
            name=name,
            marker={"size": 7, "color": colour, "symbol": "circle" if inside else "x"},
            hovertemplate="conformity score %{y:.2f}<extra></extra>",
        )
    for value, dash in ((1.0, "dot"), (stretch, "solid")):
        chart.add_hline(y=value, line={"dash": dash, "width": 1.5, "color": theme.GREYS[0]})
    chart.update_layout(showlegend=True)
    charts.draw(chart, f"{title}. Dotted: original interval; line: scaled.", key="concept_conformal")


@cache
def shuffled_errors() -> tuple[float, float]:
    """Return the mean error of a straight line between neighbours on shuffled steps, and of the last value by time."""
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(0, 1, 600))
    step = np.arange(len(values))
    held = np.sort(rng.choice(step[1:-1], 120, replace=False))
    known = np.setdiff1d(step, held)
    between = float(np.abs(np.interp(held, known, values[known]) - values[held]).mean())
    return between, float(np.abs(values[-120:] - values[-121]).mean())


def _shuffled(domain: Domain | None) -> None:
    between, ahead = shuffled_errors()
    title = f"Same series: the random split understates the error {number(ahead / between, 2)} times"
    chart = charts.bars(
        ["Random split", "Temporal split"],
        [between, ahead],
        title,
        x="Mean absolute error",
        colours=[theme.FAINT, theme.DEEP[0]],
        notes=[number(between, 2), number(ahead, 2)],
    )
    charts.draw(chart, f"{title}. Random walk, 120 of 600 steps held out.", key="concept_shuffled")


IDEAS = (
    Idea("Rolling origins", ORIGINS, _origins, alone=True),
    Idea("Quantiles and coverage", QUANTILES, _fan, alone=True),
    Idea("MASE and the seasonal naive", NAIVE, _naive, alone=True),
    Idea("Conformal intervals", CONFORMAL, _conformal, alone=True),
    Idea("Why splits are temporal, not random", SHUFFLED, _shuffled, alone=True),
)
