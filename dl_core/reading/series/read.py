"""`read_series`: tables of time series in any of three layouts to one data set on a regular grid."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding, Source
from dl_core.data.findings import listed
from dl_core.data.options import choice_of
from dl_core.data.reading import LEFT_OUT, Question, QuestionError
from dl_core.data.series.degenerate import check_values
from dl_core.data.series.frequency import Step, parse_frequency
from dl_core.data.series.panel import AHEAD, PANEL, SERIES, panel_table
from dl_core.data.series.seasons import seasons_of
from dl_core.errors import SchemaError
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.series.ahead import ahead_table
from dl_core.reading.series.closed import without_closed
from dl_core.reading.series.covariates import Beside, beside
from dl_core.reading.series.grid import Grid, gridded
from dl_core.reading.series.infer import put_on_grid
from dl_core.reading.series.layouts import check_steps, table_kind
from dl_core.reading.series.long import Long, joined
from dl_core.reading.series.missing import with_missing
from dl_core.reading.series.new_cases import check_times, in_zone_of_training, like_training
from dl_core.reading.series.recognise import recognise
from dl_core.reading.series.said import Said, short_time
from dl_core.reading.series.sides import Side, join_by_series, join_by_time
from dl_core.reading.series.years import with_years
from dl_core.reading.tables.about import Described
from dl_core.reading.tables.names import Roles
from dl_core.reading.tables.read import Tables, read_tables
from dl_core.reading.tables.trained import Trained
from dl_core.schema import Role

GAPS = ("skip", "keep")
_ASSUMED = ("fiscal", "missing-codes", "regular-gap", "zones", "totals")  # findings that stand at the top of a reading


def read_series(request: ReadRequest, limits: Limits | None = None) -> Dataset:
    """Read series to one row a series and step, without steps left out.

    Parameters
    ----------
    request : ReadRequest
        Options: ``layout`` ("auto", "long", "columns", "rows"), ``frequency``, ``season``, ``scale_season``,
        ``duplicates`` ("error", "sum", "mean", "first", "last"); ``like``, the description of the training data, for
        new cases. Rows of ``test_paths`` after the end of each series are the test.
    limits : Limits, optional
        By default those of the environment.

    Returns
    -------
    Dataset
        Rows by series, in order of appearance, and time; side tables "series", "panel" and "ahead".

    Raises
    ------
    DaylightError
        If a file cannot be read, is too large, holds text among values, times that are none, two values for one time,
        irregular or mixed steps, or nothing that can be forecast.
    """
    return describe_series(request, limits).dataset


def describe_series(request: ReadRequest, limits: Limits | None = None) -> Described:
    """Return what `read_series` reads, and how it read each table."""
    limits, trained = limits or Limits.from_environment(), Trained.of(request)
    with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
        tables = with_years(read_tables(request, Path(folder), table_kind(), limits), 1 if trained else 2)
    roles, options, covariates = like_training(request, trained, tables.tables)
    found = recognise(tables.tables, roles, options, limits, trained.order)
    said = Said(found, request, trained)
    try:
        dataset, said, questions, assumed = _made(said, tables, roles, options, covariates, limits)
    except SchemaError:
        if found.questions and request.labelled:  # what is wrong may follow from what is asked
            raise QuestionError(said.reading(None, found.questions), where=request.where) from None
        raise
    if questions and request.labelled:
        raise QuestionError(said.reading(dataset, questions, assumed), where=request.where)
    reading = said.reading(dataset, (), assumed)
    return Described(dataset.with_reading(reading, tables.hidden.as_dict()), said.tables())


def _made(
    said: Said, tables: Tables, roles: Roles, options: Mapping[str, Any], covariates: Roles, limits: Limits
) -> tuple[Dataset, Said, list[Question], list[str]]:
    """Return the data set, what is said of it, questions that are open and what was assumed."""
    found, request, trained = said.found, said.request, said.trained
    long = joined(found.parts)
    check_times(long.numbered, trained)
    long, notes, missing = with_missing(in_zone_of_training(long, options, trained), options)
    asked = str(options.get("frequency") or "")
    step = parse_frequency(asked) if asked and not long.numbered else None
    on = put_on_grid(long, step, anchored="-" in asked)
    for side in found.sides:
        long, on = join_by_time(side, long, on, found.order)
    long, on = without_closed(long, on, str(options.get("opened") or ""), choice_of(options, "gaps", GAPS) == "keep")
    long = replace(long, more=long.more.drop(columns=[name for name in long.more if name in tables.hidden]))
    grid = gridded(long, on, options, lambda steps: check_steps(steps, request.where, limits))
    around = beside(long, grid, roles, covariates, {Role.PAST, Role.FUTURE} <= set(request.wished))
    for side in found.sides:
        if side.part == LEFT_OUT:
            around.notes += join_by_series(side, around.static, long, tables.hidden)
    around.static = around.static.drop(columns=[name for name in around.static if name in tables.hidden])
    notes = [*tables.notes, *found.notes, *long.notes, *notes, *grid.notes, *around.notes, *_left_tables(found.sides)]
    if asked and long.numbered:
        text = "The data have no time stamps, so the frequency option is ignored; steps are numbered."
        notes.append(Finding("warning", "no-time-stamps", text))
    if long.test.any() and not grid.test.any():
        text = "The test has no step after the end of the data, so the last steps of the data are held out instead."
        notes.append(Finding("warning", "no-later-test", text))
    questions = [*found.questions, *([missing] if missing is not None else [])]
    notes += check_values(grid.value, grid.starts) if request.labelled and not questions else []
    seasons, scale, about = seasons_of(on.step, grid.value, grid.starts, options, request.labelled and not questions)
    notes += [*about, _summary(grid, seasons), *_ends(grid)]
    names = _column_names(long, trained, around)
    zone = long.stamps.zone if long.stamps is not None else ""
    panel = panel_table(on.step.alias, seasons, scale, on.step.opened, zone)
    dataset = _dataset(request.title("series"), grid, around, names, panel, notes, tables.source)
    assumed = [note.message for note in notes if note.kind in _ASSUMED]
    return dataset, replace(said, around=around), questions, assumed


def _left_tables(sides: Sequence[Side]) -> list[Finding]:
    """Return a finding on tables that no part of the series needs."""
    left = [side.table.name for side in sides if side.part == LEFT_OUT]
    if not left:
        return []
    return [
        Finding("info", "other-tables", f"Tables that are not about these series were left out: {listed(left, 4)}.")
    ]


def _column_names(long: Long, trained: Trained, around: Beside) -> tuple[str, str, str]:
    """Return names of the columns of series, time and value, those of training where there are any."""
    names = [
        trained.column(role) or name
        for role, name in zip((Role.SERIES, Role.TIME, Role.VALUE), long.columns, strict=True)
    ]
    taken = {*around.past, *around.future}
    for at, name in enumerate(names):
        while name in taken or name in names[:at]:
            name = f"{name} "[:-1] + "_"
        names[at] = name
    return names[0], names[1], names[2]


def _dataset(
    name: str,
    grid: Grid,
    around: Beside,
    names: tuple[str, str, str],
    panel: pd.DataFrame,
    notes: Sequence[Finding],
    source: Source,
) -> Dataset:
    total = len(grid.value)
    index = pd.Index(pd.Series(np.arange(total)).astype("str"), name="row")
    ids = pd.Series(pd.array(grid.names, dtype="str")).take(grid.code)
    columns: dict[str, Any] = {names[0]: ids.array, names[1]: grid.times, names[2]: grid.value}
    table = pd.DataFrame({**columns, **around.past, **around.future}, index=index)
    roles: Roles = {role: (name,) for role, name in zip((Role.SERIES, Role.TIME, Role.VALUE), names, strict=True)}
    if around.past:
        roles[Role.PAST] = tuple(around.past)
    if around.future:
        roles[Role.FUTURE] = tuple(around.future)
    side = {PANEL: panel, SERIES: around.static}
    ahead = ahead_table(grid, around.later, (SERIES, "time"))
    if ahead is not None:
        side[AHEAD] = ahead
    fixed = pd.Series(np.where(grid.test, "test", "train"), index=index, dtype="object") if grid.test.any() else None
    return Dataset(name, table, roles, source, fixed_split=fixed, notes=tuple(notes), side=side)


def _summary(grid: Grid, seasons: tuple[int, ...]) -> Finding:
    lengths = grid.lengths
    size = f"{lengths.min():,}" if lengths.min() == lengths.max() else f"{lengths.min():,} to {lengths.max():,}"
    n = len(grid.names)
    step: Step = grid.step
    if step.unit:
        times = grid.times
        span = f"{step.words} ({step.alias}), {short_time(times.min())} to {short_time(times.max())}"
    else:
        span = "steps without time stamps"
    season = f"seasons of {', '.join(map(str, seasons))} steps" if seasons else "no seasonality"
    return Finding("info", "series", f"{n:,} series of {size} steps; {span}; {season}.")


def _ends(grid: Grid) -> list[Finding]:
    """Return a note where series end at different times."""
    last = grid.first + grid.lengths - 1
    early = int((last < last.max()).sum())
    if not early or not grid.step.unit:
        return []
    behind = int((last.max() - last).max())
    text = (
        f"{early:,} of {len(last):,} series end before the others, by up to {behind:,} steps; each is forecast "
        "from its own last observation."
    )
    return [Finding("info", "different-ends", text)]
