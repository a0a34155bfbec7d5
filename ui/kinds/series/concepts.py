"""Forecasting in a few words: how it is tested, what an interval says, what an error means, and how tests deceive."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from dl_core.domain import Domain
from ui.kinds.series import forecast_charts, preview
from ui.panels.concepts import Idea
from ui.shell import charts, folders, samples, theme
from ui.shell.words import number, percent

WINDOWS, AHEAD, KNOWN = 3, 6, 18  # of the drawing of rolling origins: windows, steps ahead, steps before the first
SEASON = 12
COVER = 0.8  # coverage that the drawings ask for

ORIGINS = (
    "A forecast is judged on what came later, never on steps drawn at random. So the last steps of each series are "
    "held out, and forecasts are made from several *origins* that roll through them: at each one a model sees what "
    "had happened until then, and says the next steps. The windows before these choose settings and members; the "
    "last ones only judge.\n\n"
    "How many windows, and how many steps ahead, is yours to say on the Data tab."
)
QUANTILES = (
    "A single line is always wrong; the question is by how much. Each model gives *quantiles*: the 90 % quantile is "
    "the value that should be passed once in ten times. Two of them make an interval, and *coverage* is the share of "
    "true values inside. An honest 80 % interval holds 80 of 100: fewer is too sure, more is too shy.\n\n"
    "Among honest intervals the narrow ones are worth more; the *quantile loss* judges both at once."
)
NAIVE = (
    "The *seasonal naive* forecast says: as a season ago. *MASE* divides a model's mean error by what this naive one "
    "errs by on the history, one season ahead. It has no unit, so that large and small series count alike. Further "
    "ahead every forecast errs more, so hold a model's MASE beside the naive's own on the same windows: a model "
    "that is not under it is not worth having.\n\n"
    "*OWA*, the M4 competition's measure, averages MASE and a percentage error, both as shares of Naive2's."
)
CONFORMAL = (
    "Models are often too sure of their intervals. *Split-conformal calibration* looks at windows that trained "
    "nothing: how far did each true value lie from the forecast, in units of the interval? The interval is then "
    "stretched, or shrunk, until it holds the share that it promises.\n\n"
    "That works as long as the future is about as wild as those windows were. The median stays as it is."
)
SHUFFLED = (
    "Shuffle the steps before you split, and each test step has its neighbours of yesterday and tomorrow in the "
    "training: a model only has to draw a line between them. Scores look splendid, and say nothing of forecasting, "
    "where tomorrow is not there. The same happens when a covariate is used that is known only afterwards.\n\n"
    "That is why splits here go by time, and why it matters what is *known ahead*."
)


def _origins(domain: Domain | None) -> None:
    title = "Three windows: what is known, and what is forecast"
    chart = charts.figure(title, x="Step of a series", height=230)
    for window in range(WINDOWS):
        end = KNOWN + window * AHEAD
        for name, start, stop, colour in (
            ("known", 1, end, theme.GREYS[1]),
            ("forecast, then judged", end + 1, end + AHEAD, theme.DEEP[2]),
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
    charts.draw(chart, f"{title}. Each window knows {AHEAD} steps more than the one before.", key="concept_origins")


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
        "series": "a made-up series",
    }


def _fan(domain: Domain | None) -> None:
    found = preview.forecast(domain) if domain is not None else None
    label = domain.models[found["best"]].label if found else "Median"
    found = found or made_up()
    fan, truth = found["models"][found["best"]], found["truth"]["value"]
    pairs = zip(truth, fan["lower_80"], fan["upper_80"], strict=True)
    inside = [low <= value <= high for value, low, high in pairs if value is not None]
    title = f"{sum(inside)} of {len(inside)} true values lie in the 80 % interval"
    shown = [{"name": label, "colour": theme.DEEP[0], "fan": fan}]
    chart = forecast_charts.figure(found["history"], shown, title, truth=found["truth"], height=300)
    charts.draw(chart, f"{title}, the darker band. {forecast_charts.said(shown)}.", key="concept_fan")


def _naive(domain: Domain | None) -> None:
    """Draw the sample's leaderboard, or the naive forecast of a made-up series."""
    folder = samples.prepared_run(domain) if domain is not None else None
    judged = folders.evaluation(folder) if folder is not None else None
    if judged is None:
        _naive_line()
        return
    rows = judged.metrics[(judged.metrics["metric"] == "mase") & judged.metrics["value"].notna()]
    colours = theme.model_colours(domain.models)
    dots = [
        {**row, "label": domain.models[row["model"]].label, "colour": colours[row["model"]]}
        for row in rows.to_dict("records")
        if row["model"] in domain.models
    ]
    dots.sort(key=lambda row: row["value"])
    said = "; ".join(f"{row['label']} {number(row['value'])}" for row in dots)
    chart = charts.dots(dots, "On the sample: deep models in colour", x="MASE, lower is better", line=1.0)
    charts.draw(chart, f"MASE of each model on the sample. {said}.", key="concept_mase")


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
    series.append({"name": "what came", "x": fan["time"], "y": truth, "colour": forecast_charts.TRUTH, "dash": "dot"})
    title = "As a season ago, and a model"
    chart = charts.lines(series, title, x="Step", y="Value", height=300, direct=False)
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
    title = f"The interval held {percent(before)}; {number(stretch, 2)} times as wide it holds {percent(COVER)}"
    chart = charts.figure(title, x="True values of held-out windows, sorted", y="Distance in half widths", height=280)
    held = ratios <= stretch
    for inside, colour, name in ((True, theme.DEEP[0], "inside after stretching"), (False, theme.FAINT, "outside")):
        at = np.flatnonzero(held == inside)
        chart.add_scatter(
            x=(at + 1).tolist(),
            y=ratios[at].tolist(),
            mode="markers",
            name=name,
            marker={"size": 7, "color": colour, "symbol": "circle" if inside else "x"},
            hovertemplate="%{y:.2f} half widths<extra></extra>",
        )
    for value, dash in ((1.0, "dot"), (stretch, "solid")):
        chart.add_hline(y=value, line={"dash": dash, "width": 1.5, "color": theme.GREYS[0]})
    chart.update_layout(showlegend=True)
    charts.draw(chart, f"{title}. Dotted: the interval as given; line: stretched.", key="concept_conformal")


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
    title = f"The same series: shuffling makes the error look {number(ahead / between, 2)} times smaller"
    chart = charts.bars(
        ["Tested on shuffled steps", "Tested on the last steps"],
        [between, ahead],
        title,
        x="Mean absolute error",
        colours=[theme.FAINT, theme.DEEP[0]],
        notes=[number(between, 2), number(ahead, 2)],
    )
    charts.draw(chart, f"{title}. A walk at random, 120 of 600 steps held out.", key="concept_shuffled")


IDEAS = (
    Idea("Rolling origins", ORIGINS, _origins, alone=True),
    Idea("Quantiles and coverage", QUANTILES, _fan, alone=True),
    Idea("MASE: better than the naive?", NAIVE, _naive, alone=True),
    Idea("Conformal intervals", CONFORMAL, _conformal, alone=True),
    Idea("Why steps are never shuffled", SHUFFLED, _shuffled, alone=True),
)
