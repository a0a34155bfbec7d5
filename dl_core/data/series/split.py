"""`split_series`: the last windows of each series judge, those before them choose, the rest trains; never shuffled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.data.options import whole_of
from dl_core.data.parts import TEST, TRAIN, VALIDATION, given_ranks, splits_of
from dl_core.data.series.degenerate import LEAST_STEPS, spread_of
from dl_core.data.series.origins import horizon_of, stride_of
from dl_core.data.series.panel import Panel
from dl_core.data.splits import Splits
from dl_core.errors import SchemaError, counted

WINDOWS = 3
MANY_SERIES, FEWER_WINDOWS = 100, 2  # so many make cases enough, and each window costs the newest steps to learn from
FEW_SERIES, MORE_WINDOWS = 5, 10  # fewer series are judged on more windows, or nothing could be told apart
MOST_HELD = 0.2  # of a series that these may take, for the test and again for validation
LEAST_HISTORY = 8  # steps that a series keeps to learn from, or the horizon, or two seasons where it can


@dataclass(frozen=True)
class _Plan:
    """The options of a split, typed."""

    horizon: int
    stride: int
    windows: int
    validation: int
    season: int

    @property
    def history(self) -> tuple[int, int]:
        """Steps that should, and that must, be left to learn from."""
        season = 2 * self.season if self.season > 1 else 0
        return max(season, 2 * self.horizon, LEAST_HISTORY), max(self.horizon, LEAST_HISTORY)

    def steps(self, windows: np.ndarray | int) -> np.ndarray:
        """Return the steps that so many windows take; none take none."""
        windows = np.asarray(windows)
        return np.where(windows > 0, self.horizon + (windows - 1) * self.stride, 0)


def split_series(dataset: Dataset, seed: int, options: Mapping[str, Any]) -> Splits:
    """Assign the last steps of each series to the test, those before to validation, the rest to training.

    The test is ``windows`` rolling windows of ``horizon`` steps, their origins ``stride`` steps apart; validation is
    ``validation_windows`` more before them. A series too short for all gets fewer, one too short for any, or that never
    changes before them, only trains. A given test (``Dataset.fixed_split``) is followed; validation is taken before it.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Not used: nothing is drawn.
    options : mapping
        ``horizon`` (0: what suits the frequency), ``stride`` (0: the horizon), ``windows`` and ``validation_windows``
        (0: 3 of each, 2 of 100 series or more, up to 10 of fewer than 5 long series, or as many as fit).

    Raises
    ------
    SchemaError
        If no series is long enough for one window of each part.
    OptionError
        If an option does not fit.
    """
    panel = Panel.of(dataset)
    plan = _plan(options, panel)
    given = given_ranks(dataset) == TEST
    if given.any():
        return _given(dataset, panel, plan, given)
    test, validation = _windows(panel.lengths, plan)
    part = _parts(panel, plan.steps(validation), plan.steps(test))
    usable = _usable(np.where(part == TRAIN, panel.values, np.nan), panel.starts)
    test, validation = np.where(usable, test, 0), np.where(usable, validation, 0)
    if not test.any() or not validation.any():
        raise _too_short(dataset, panel, plan)
    part[np.repeat(~usable, panel.lengths)] = TRAIN
    return splits_of(dataset, part, "by time", _words(plan, test, validation))


def _plan(options: Mapping[str, Any], panel: Panel) -> _Plan:
    asked = {name: whole_of(options, name) for name in ("horizon", "stride", "windows", "validation_windows")}
    horizon = horizon_of(asked, panel)
    stride = stride_of(asked, horizon)
    windows = asked["windows"] or _usual_windows(panel, stride)
    validation = asked["validation_windows"] or windows
    return _Plan(horizon, stride, windows, validation, panel.season)


def _usual_windows(panel: Panel, stride: int) -> int:
    """Return the windows of each part where none are asked for: more where there are few series, and long ones."""
    if len(panel) >= FEW_SERIES:
        return FEWER_WINDOWS if len(panel) >= MANY_SERIES else WINDOWS
    return int(np.clip(MOST_HELD * panel.lengths.max(initial=0) // stride, WINDOWS, MORE_WINDOWS))


def _usable(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return which series can judge: they change and have a few values."""
    number, low, high = spread_of(values, starts)
    return (number >= LEAST_STEPS) & (low < high)


def _windows(lengths: np.ndarray, plan: _Plan) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of test and of validation windows of each series, (n,) each.

    As many as leave two seasons, and twice the horizon, to learn from; at least one of each where they leave the
    horizon or eight steps; a test window alone where there is room for no more.
    """
    much, little = plan.history
    test, validation = np.zeros(len(lengths), dtype=np.int64), np.zeros(len(lengths), dtype=np.int64)
    ways = [(plan.windows, plan.validation, much)]
    most = max(plan.windows, plan.validation)
    ways += [(min(w, plan.windows), min(w, plan.validation), much) for w in range(most - 1, 0, -1)]
    ways += [(1, 1, little), (1, 0, little)]
    for t, v, least in ways:  # the most demanding first
        fits = (test == 0) & (lengths >= plan.steps(t) + plan.steps(v) + least)
        test[fits], validation[fits] = t, v
    return test, validation


def _parts(panel: Panel, validation: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return the part of each row, given the steps of each series held out."""
    lengths = panel.lengths
    inside = np.arange(panel.starts[-1]) - np.repeat(panel.starts[:-1], lengths)
    back = np.repeat(lengths, lengths) - inside  # 1 for the last step
    test, validation = np.repeat(test, lengths), np.repeat(validation, lengths)
    return np.where(back <= test, TEST, np.where(back <= test + validation, VALIDATION, TRAIN))


def _given(dataset: Dataset, panel: Panel, plan: _Plan, given: np.ndarray) -> Splits:
    """Return the given test with validation windows before it."""
    tested = np.add.reduceat(given.astype(np.int64), panel.starts[:-1])
    usable = _usable(np.where(given, np.nan, panel.values), panel.starts)
    left = panel.lengths - tested
    much, little = plan.history
    validation = np.zeros(len(panel), dtype=np.int64)
    for windows, least in [*((w, much) for w in range(plan.validation, 0, -1)), (1, little)]:
        fits = (validation == 0) & usable & (left >= plan.steps(windows) + least)
        validation[fits] = windows
    if not validation.any():
        raise _too_short(dataset, panel, plan)
    part = _parts(panel, plan.steps(validation), tested)
    most = int(tested.max())
    plan = replace(plan, validation=int(validation.max()))
    words = (
        f"the given test of {'up to ' if tested[tested > 0].min() < most else ''}{counted(most, 'step')} of each of "
    )
    words += f"{int((tested > 0).sum()):,} series"
    words += f", horizon {plan.horizon:,}" if most != plan.horizon else ""
    words += f"; {_named(plan.validation)} of {counted(plan.horizon, 'step')} before it {_choose(plan.validation)}"
    return splits_of(dataset, part, "given", words + _exceptions(validation, plan.validation, "validation"))


def _words(plan: _Plan, test: np.ndarray, validation: np.ndarray) -> str:
    plan = replace(plan, windows=int(test.max()), validation=int(validation.max()))  # as many as the longest has
    judged = int((test > 0).sum())
    each = f"each of {judged:,} series" if judged > 1 else "one series"
    words = f"the last {_named(plan.windows, False)} of {counted(plan.horizon, 'step')} of {each}"
    words += f", stride {plan.stride:,}" if plan.windows > 1 or plan.validation > 1 else ""
    words += f"; {_named(plan.validation)} before {'them' if plan.windows > 1 else 'it'} {_choose(plan.validation)}"
    fewer = int(((test > 0) & ((test < plan.windows) | (validation < plan.validation))).sum())
    words += f"; {counted(fewer, 'shorter series has', 'shorter series have')} fewer" if fewer else ""
    none = int((test == 0).sum())
    return words + (f"; {none:,} too short or constant are used for training only" if none else "")


def _exceptions(windows: np.ndarray, most: int, word: str) -> str:
    fewer = int((windows < most).sum())
    return f"; {counted(fewer, 'series has', 'series have')} fewer {word} windows" if fewer else ""


def _named(windows: int, article: bool = True) -> str:
    if windows == 1:
        return "the window" if article else "window"
    return f"the {windows} windows" if article else f"{windows} windows"


def _choose(windows: int) -> str:
    return "chooses" if windows == 1 else "choose"


def _too_short(dataset: Dataset, panel: Panel, plan: _Plan) -> SchemaError:
    longest = int(panel.lengths.max())  # of all that could judge
    most = max(0, min(longest // 3, (longest - LEAST_HISTORY) // 2))
    if not most:
        return SchemaError(
            f"a history of {counted(longest, 'step')} is too short to evaluate forecasts",
            where=dataset.name,
            expected=f"{LEAST_HISTORY + 2} steps at least, at best hundreds",
            todo="add earlier values, or choose shorter steps (months instead of years)",
        )
    return SchemaError(
        f"a horizon of {plan.horizon:,} steps is too long for the history: the longest series has {longest:,} steps",
        where=f"{dataset.name}, option horizon",
        expected=f"at most {most:,} steps here: one test window, one validation window and as many training steps",
        todo="choose a shorter horizon, or add earlier values",
    )
