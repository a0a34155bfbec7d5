"""Time series summed up for people: step, seasons, span, lengths, groups, covariates, and what is held out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.rows import plain
from dl_core.data.series.browse import Shown, first_lines, first_listed, lines, listed, shown
from dl_core.data.series.frequency import parse_frequency
from dl_core.data.series.origins import horizon_of, stride_of
from dl_core.data.series.panel import AHEAD, SERIES, Panel
from dl_core.data.series.plain import numbers, times_json
from dl_core.data.splits import PARTS, Splits
from dl_core.schema import Role, Schema

MOST_SEASONS, LONGEST_SEASON = 2, 200  # profiles drawn; steps of the longest one
PROFILED = 200  # series of which a profile is made, spread over all
MOST_GROUPS = 8  # values of a group that are named
SHOWN_OPTIONS = ("frequency", "season", "layout", "scale_season", "horizon", "windows")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
THURSDAY = 3  # weekday of step 0 of days, 1970-01-01


def overview(shown: Shown) -> dict[str, Any]:
    """Sum up series.

    Returns
    -------
    dict
        ``series`` and ``steps`` (counts), ``frequency`` (alias) with ``step`` in words, ``seasons``,
        ``scale_season``, ``start``, ``end``, ``lengths``, ``ends``, ``blank``, ``values``, ``groups``,
        ``covariates``, ``profiles`` (one a season), ``split`` and ``options``.
    """
    panel = shown.panel
    known = panel.values[~np.isnan(panel.values)]
    return {
        "series": len(panel),
        "steps": len(panel.values),
        "frequency": panel.frequency,
        "step": parse_frequency(panel.frequency).words if panel.frequency else "step",
        "seasons": list(panel.seasons),
        "scale_season": panel.scale_season,
        **_span(panel),
        "blank": {"steps": int(shown.blanks.sum()), "series": int((shown.blanks > 0).sum())},
        "values": {
            "column": shown.dataset.column(Role.VALUE),
            "zero": float((known == 0).mean()) if len(known) else 0.0,
            "negative": int(len({*np.repeat(np.arange(len(panel)), panel.lengths)[panel.values < 0]})),
        },
        "groups": _groups(panel),
        "covariates": _covariates(shown),
        "profiles": [profile(panel, season) for season in _profiled(panel)],
        "split": _split(shown),
        "options": {name: plain(shown.options[name]) for name in SHOWN_OPTIONS if name in shown.options},
    }


def _span(panel: Panel) -> dict[str, Any]:
    """Return first and last time, lengths, and how many series begin later or end earlier than others."""
    lengths = panel.lengths
    if not len(panel):
        return {"start": None, "end": None, "lengths": None, "ends": {"late": 0, "early": 0}}
    first, last = panel.times[panel.starts[:-1]], panel.times[panel.starts[1:] - 1]
    start, end = times_json(np.array([first.min(), last.max()]))
    timed = bool(panel.frequency)
    return {
        "start": start,
        "end": end,
        "lengths": {"least": int(lengths.min()), "middle": float(np.median(lengths)), "most": int(lengths.max())},
        "ends": {
            "late": int((first > first.min()).sum()) if timed else 0,
            "early": int((last < last.max()).sum()) if timed else 0,
        },
    }


def _groups(panel: Panel) -> list[dict[str, Any]]:
    """Return each group column with its commonest values and how many series they have."""
    if panel.static is None:
        return []
    table = panel.static.reindex(panel.series.astype(str))
    found = []
    for name in table:
        counts = table[name].astype("object").where(table[name].notna(), None).value_counts()
        values = [{"value": str(value), "n": int(n)} for value, n in counts.head(MOST_GROUPS).items()]
        found.append({"name": str(name), "n": len(counts), "values": values})
    return found


def _covariates(shown: Shown) -> list[dict[str, Any]]:
    """Return what stands beside the values, with its range and how far ahead it is known."""
    dataset = shown.dataset
    ahead = dataset.side.get(AHEAD)
    found: list[dict[str, Any]] = []
    kinds: set[str] = set()
    for role in (Role.FUTURE, Role.PAST):
        for name in dataset.roles.get(role, ()):
            word, of, _ = str(name).partition("=")
            if of and word in kinds:  # the other kinds of one text column
                next(one for one in found if one["name"] == word)["kinds"] += 1
                continue
            values = dataset.table[name].to_numpy(dtype=float, na_value=np.nan)
            known = values[~np.isnan(values)]
            steps = 0
            if role == Role.FUTURE and ahead is not None and name in ahead and len(ahead):
                steps = int(ahead[name].notna().groupby(ahead[SERIES]).sum().median())
            low, middle, high = np.quantile(known, [0, 0.5, 1]) if len(known) else (None, None, None)
            found.append(
                {
                    "name": word if of else str(name),
                    "kinds": 1 if of else 0,
                    "known": "ahead" if role == Role.FUTURE else "afterwards",
                    "low": plain(low),
                    "middle": plain(middle),
                    "high": plain(high),
                    "missing": float(np.isnan(values).mean()) if len(values) else 0.0,
                    "ahead": steps,
                }
            )
            kinds |= {word} if of else set()
    return found


def _profiled(panel: Panel) -> list[int]:
    return [one for one in panel.seasons if 1 < one <= LONGEST_SEASON][:MOST_SEASONS]


def profile(panel: Panel, season: int) -> dict[str, Any]:
    """Return how values usually stand at each place of a season, as shares above the mean of the round.

    A series' value at a place is the mean over its rounds of (value - mean of the round) / mean absolute value; of
    many series the median and the quartiles are told.

    Parameters
    ----------
    panel : Panel
    season : int
        Steps of a round.

    Returns
    -------
    dict
        ``season``, ``names`` (season,) of the places, ``middle``, ``low``, ``high`` (season,), None where nothing is
        known, and ``n`` series.
    """
    chosen = (
        np.unique(np.linspace(0, len(panel) - 1, min(PROFILED, len(panel))).astype(int)).tolist() if len(panel) else []
    )
    rows = [row for at in chosen if (row := _own_profile(panel, at, season)) is not None]
    table = np.stack(rows) if rows else np.full((1, season), np.nan)
    with np.errstate(invalid="ignore"):
        low, middle, high = (_quantile(table, share) for share in (0.25, 0.5, 0.75))
    return {
        "season": season,
        "names": place_names(panel.frequency, season),
        "middle": numbers(middle),
        "low": numbers(low),
        "high": numbers(high),
        "n": len(rows),
    }


def _quantile(table: np.ndarray, share: float) -> np.ndarray:
    known = ~np.isnan(table).all(axis=0)
    found = np.full(table.shape[1], np.nan)
    found[known] = np.nanquantile(table[:, known], share, axis=0)
    return found


def _own_profile(panel: Panel, at: int, season: int) -> np.ndarray | None:
    """Return the profile of one series, (season,), or None where it has fewer than two rounds or no size."""
    values = panel.of_series(at)
    size = np.nanmean(np.abs(values)) if not np.isnan(values).all() else 0.0
    if len(values) < 2 * season or not size:
        return None
    place = places(panel.times[panel.starts[at] : panel.starts[at + 1]], panel.frequency, season)
    around = (np.arange(len(values)) + place[0]) // season
    table = pd.DataFrame({"place": place, "round": around, "value": values})
    table["value"] -= table.groupby("round")["value"].transform("mean")
    return (table.groupby("place")["value"].mean() / size).reindex(range(season)).to_numpy()


def places(times: np.ndarray, frequency: str, season: int) -> np.ndarray:
    """Return the place of each step in its season, (n,) 0 to season - 1: January, Monday or midnight first.

    Without time stamps the first step of a series is place 0.
    """
    if not frequency:
        return np.arange(len(times)) % season
    step = parse_frequency(frequency)
    number = step.position(times)
    if step.unit == "W" and season == 52:
        return np.minimum(pd.DatetimeIndex(times).isocalendar().week.to_numpy(dtype=np.int64) - 1, 51)
    if season in (5, 7, 168) and step.unit in ("B", "D", "h"):
        number = number + THURSDAY * max(season // 7, 1)
    return number % season


def place_names(frequency: str, season: int) -> list[str]:
    """Return what the places of a season are called."""
    unit = parse_frequency(frequency).unit if frequency else ""
    if season == 12 and unit[:1] == "M":
        return list(MONTHS)
    if season == 4 and unit[:1] == "Q":
        return [f"Q{at + 1}" for at in range(4)]
    if season in (5, 7) and unit in ("B", "D"):
        return list(DAYS[:season])
    if season == 24 and unit == "h":
        return [f"{at}:00" for at in range(24)]
    if season == 168 and unit == "h":
        return [f"{DAYS[at // 24]} {at % 24}:00" for at in range(168)]
    word = "Week" if unit == "W" else "Step"
    return [f"{word} {at + 1}" for at in range(season)]


def _split(shown: Shown) -> dict[str, Any] | None:
    """Return how far ahead forecasts look, how many windows judge, and how many series have one."""
    if shown.splits is None or shown.begins is None:
        return None
    panel = shown.panel
    horizon = horizon_of(shown.options, panel)
    stride = stride_of(shown.options, horizon)
    begins = shown.begins
    held = np.where(begins["test"] >= 0, panel.lengths - begins["test"], 0)
    chosen = np.where(begins["validation"] >= 0, np.where(begins["test"] >= 0, begins["test"], panel.lengths), 0)
    chosen = chosen - np.where(begins["validation"] >= 0, begins["validation"], 0)
    return {
        "parts": {name: len(getattr(shown.splits, name)) for name in PARTS},
        "horizon": horizon,
        "stride": stride,
        "windows": _windows(held, horizon, stride),
        "validation_windows": _windows(chosen, horizon, stride),
        "tested": int((held > 0).sum()),
        "series": len(panel),
    }


def _windows(steps: np.ndarray, horizon: int, stride: int) -> int:
    """Return the most windows that any series has in its held-out steps."""
    most = int(steps.max()) if len(steps) else 0
    return 0 if most <= 0 else max(1, (most - horizon) // stride + 1)


def describe(
    view: str,
    dataset: Dataset,
    splits: Splits | None,
    schema: Schema,
    options: Mapping[str, Any],
    arguments: Mapping[str, Any],
) -> dict[str, Any]:
    """Return one view of series as plain JSON: their overview, a page of their list, or the lines of some."""
    known = shown(dataset, splits, options)
    if view == "overview":
        return overview(known)
    return (listed if view == "listed" else lines)(known, arguments)


def first_views(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the arguments of the views that are asked first; ``answers`` has that of the list, once it is there."""
    series = answers.get("describe listed", {}).get("series")
    return [{"view": "overview"}, first_listed(), *([first_lines(series)] if series else [])]


VIEWS = ("overview", "listed", "lines")
