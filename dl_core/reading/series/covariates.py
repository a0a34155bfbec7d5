"""Columns beside the values: groups that stay the same in a series, covariates past and known ahead, as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import listed
from dl_core.data.privacy import is_personal
from dl_core.data.reading import ASKED
from dl_core.reading.series.grid import Grid
from dl_core.reading.series.long import Long
from dl_core.reading.series.numbers import blanked, counts_rows, is_numbers, read_numbers
from dl_core.reading.series.schema import is_known_ahead
from dl_core.reading.tables.names import plain_name
from dl_core.schema import Role

MOST_CATEGORIES = 12
_TEXTS = 50  # distinct texts from which a column says something else in each row
_MOSTLY = 0.5
_PLANNED = 3  # steps after a series' last value, from which they are a plan
_TRUTH = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "y": 1.0, "n": 0.0, "t": 1.0, "f": 0.0}
_DATED = """
    year month day weekday dayofweek day_of_week dow hour hour_of_day week week_of_year weekofyear quarter minute
    day_of_year dayofyear day_of_month month_name day_name date datetime is_weekend weekend yearmonth
"""
_CALENDAR = frozenset(_DATED.split())
_DROPPED = {  # kind of the finding, its words, and why a column is left out
    "personal": ("personal-columns", "Columns that look like personal data were dropped", "looks like personal data"),
    "calendar": (
        "calendar-columns",
        "Columns redundant with calendar features were dropped",
        "the time tells it anyway",
    ),
    "texts": (
        "free-texts",
        f"Columns of dates, or of more than {_TEXTS} categories, were dropped",
        f"dates, or more than {_TEXTS} categories",
    ),
    "counter": ("row-numbers", "Columns that only number the rows were dropped", "only numbers the rows"),
    "constant": ("constant-columns", "Constant columns were dropped", "the same in all rows"),
    "empty": ("empty-columns", "Empty columns were dropped", "empty"),
}
_PLACES = ("city", "name", "names", "occupation", "street", "zip", "postal_code", "postcode")


@dataclass
class Beside:
    """What stands beside the values.

    Parameters
    ----------
    past, future : dict of str to numpy.ndarray
        (total,) float64 of each covariate by its column, in the order of the grid.
    later : dict of str to numpy.ndarray
        Known-ahead covariates of the rows after each series' last value, in the order of ``Grid.after``.
    static : pandas.DataFrame
        Groups by series id.
    notes : list of Finding
    roles : dict of str to Role
        What each uploaded column became.
    why : dict of str to str
        Why, or why it was left out.
    """

    static: pd.DataFrame
    past: dict[str, np.ndarray] = field(default_factory=dict)
    future: dict[str, np.ndarray] = field(default_factory=dict)
    later: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[Finding] = field(default_factory=list)
    roles: dict[str, Role] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)

    def note(self, level: str, kind: str, text: str) -> None:
        """Add a finding."""
        self.notes.append(Finding(level, kind, text))


def beside(
    long: Long,
    grid: Grid,
    roles: Mapping[Role, Sequence[str]],
    trained: Mapping[Role, Sequence[str]],
    closed: bool = False,
) -> Beside:
    """Return groups and covariates.

    Parameters
    ----------
    long : Long
    grid : Grid
    roles : mapping of Role to sequence of str
        Uploaded columns by role as the user says; the rest is guessed.
    trained : mapping of Role to sequence of str
        Covariates of the training data (``"weather=Rain"``), which come out the same in name and order; empty for
        data to train on.
    closed : bool
        Whether the roles name all covariates, so that other columns are none.
    """
    index = pd.Index(grid.names, name="id")
    found = Beside(long.groups.reindex(index))
    inside = grid.at >= 0
    rows = np.concatenate([grid.at[inside], grid.after[2]])
    code = np.concatenate([grid.code[inside], grid.after[0]])
    dropped: dict[str, list[str]] = {"personal": [], "calendar": [], "texts": [], "constant": [], "empty": []}
    dropped["counter"] = []
    for name in long.more.columns:
        column = blanked(long.more[name].iloc[rows].reset_index(drop=True))
        why = "" if _is_trained(name, trained) else _useless(column, name, roles, grid.step.unit != "")
        if not why and not _is_trained(name, trained) and not _is_asked(name, roles) and counts_rows(long.more[name]):
            why = "counter"
        role = next((role for role in (Role.PAST, Role.FUTURE, Role.GROUP) if name in roles.get(role, ())), None)
        if why:
            dropped[why].append(name)
        elif role == Role.GROUP or (role is None and not _is_trained(name, trained) and _stays(column, code)):
            _as_group(found, column, code, role, dropped)
        elif role is None and not trained and closed:
            found.why[name] = ASKED  # both lists were said, and it stands in neither
        else:
            _as_covariate(found, column, grid, inside, role, trained, dropped)
    found.why |= {name: _DROPPED[why][2] for why, names in dropped.items() for name in names}
    _note_dropped(found, dropped)
    _note_roles(found)
    _tidy_groups(found)
    if trained:
        _as_trained(found, grid, trained)
    return found


def _useless(column: pd.Series, name: str, roles: Mapping[Role, Sequence[str]], timed: bool) -> str:
    """Return why a column is left out, or nothing."""
    if column.isna().all():
        return "empty"
    if _is_asked(name, roles):
        return ""
    plain = plain_name(name)
    if timed and plain in _CALENDAR:
        return "calendar"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "texts"
    return "personal" if is_personal(name) and plain not in _PLACES else ""


def _is_asked(name: str, roles: Mapping[Role, Sequence[str]]) -> bool:
    return any(name in names for names in roles.values())


def _is_trained(name: str, trained: Mapping[Role, Sequence[str]]) -> bool:
    return any(base_of(column) == plain_name(name) for names in trained.values() for column in names)


def base_of(column: str) -> str:
    """Return the plain name of the uploaded column behind a covariate: ``"Weather=Rain"`` is of ``"weather"``."""
    return plain_name(column.split("=")[0])


def _stays(column: pd.Series, code: np.ndarray) -> bool:
    """Return whether a column is a group; one that says one thing here and nothing there marks steps instead."""
    if not _is_constant(column, code):
        return False
    known = column.notna().to_numpy()
    if known.all() or column.nunique() > 1:
        return True
    return not np.isin(np.unique(code[known]), np.unique(code[~known])).any()


def _is_constant(column: pd.Series, code: np.ndarray) -> bool:
    """Return whether a column says the same in all rows of each series, missing ones aside."""
    values = pd.factorize(column)[0]
    known = values >= 0
    first = np.full(int(code.max(initial=0)) + 1, -1)
    first[code[known][::-1]] = values[known][::-1]
    return bool((first[code[known]] == values[known]).all())


def _as_group(found: Beside, column: pd.Series, code: np.ndarray, role: Role | None, dropped: dict) -> None:
    name = str(column.name)
    if role is None and column.dropna().nunique() < 2:
        dropped["constant"].append(name)
        return
    known = column.notna().to_numpy()
    if role == Role.GROUP and not _is_constant(column, code):
        text = f"Column {name!r} varies within series; the first value of each was used as its group."
        found.note("warning", "changing-group", text)
    values = column[known].to_numpy()[::-1]
    first = pd.Series(values, index=code[known][::-1])
    first = first[~first.index.duplicated(keep="last")].reindex(range(len(found.static)))
    found.static[name] = first.to_numpy()
    found.roles[name] = Role.GROUP


def _as_covariate(
    found: Beside,
    column: pd.Series,
    grid: Grid,
    inside: np.ndarray,
    role: Role | None,
    trained: Mapping[Role, Sequence[str]],
    dropped: dict,
) -> None:
    name = str(column.name)
    before = int(inside.sum())
    columns = _numbers(column, before, _trained_names(name, trained))
    if not columns:
        dropped["texts"].append(name)
        return
    ahead = role == Role.FUTURE or (role is None and not trained and _known_ahead(column, before, grid))
    if trained:
        ahead = any(one in trained.get(Role.FUTURE, ()) for one in columns)
    found.roles[name] = Role.FUTURE if ahead else Role.PAST
    found.why[name] = (
        "known ahead by its name" if is_known_ahead(name, column) else "told for steps after the last value"
    )
    numeric = len(columns) == 1 and "=" not in next(iter(columns)) and not _are_marks(column.iloc[:before])
    for one, values in columns.items():
        steps = np.full(len(grid.at), np.nan)
        steps[inside] = values[:before]
        steps = _carried(steps, grid) if numeric else np.nan_to_num(steps)
        (found.future if ahead else found.past)[one] = steps
        if ahead:
            found.later[one] = values[before:] if numeric else np.nan_to_num(values[before:])


def _are_marks(column: pd.Series) -> bool:
    """Return whether a blank means 0: most are blank, or all others say the same, as in a column of promotions."""
    return bool(column.isna().mean() > _MOSTLY) or (column.isna().any() and column.nunique() == 1)


def _trained_names(name: str, trained: Mapping[Role, Sequence[str]]) -> list[str] | None:
    if not trained:
        return None
    return [one for names in trained.values() for one in names if base_of(one) == plain_name(name)]


def _known_ahead(column: pd.Series, before: int, grid: Grid) -> bool:
    """Return whether a column is known ahead: by its name, or as rows after the last values of most series tell it.

    A blank or two at the end of a series are lost values, and no plan.
    """
    if is_known_ahead(column.name, column):
        return True
    told = grid.after[0][column.iloc[before:].notna().to_numpy()]
    steps = np.bincount(told, minlength=len(grid.names))
    return bool((steps >= _PLANNED).mean() >= 0.5)


def _numbers(column: pd.Series, before: int, names: list[str] | None) -> dict[str, np.ndarray]:
    """Return a column as numbers: itself, truth as 0 and 1, or a column of 0 and 1 for each of its commonest texts."""
    name = str(column.name)
    if pd.api.types.is_bool_dtype(column.dtype):
        return {name: column.to_numpy(dtype=np.float64, na_value=np.nan)}
    if is_numbers(column) and not (names and "=" in names[0]):
        few = not names and column.nunique() <= _TEXTS  # then cells with text are kinds, as "a" among zeros
        numbers = read_numbers(column.to_frame(), [name], strict=not few)[:, 0]
        if not few or not (np.isnan(numbers) & column.notna().to_numpy()).any():
            return {(names or [name])[0]: numbers}
    text = column.astype("str")
    plain = text.str.casefold()
    kinds = text.iloc[:before].value_counts()
    if set(plain.dropna().unique()) <= set(_TRUTH) and not (names and "=" in names[0]):
        return {(names or [name])[0]: plain.map(_TRUTH).to_numpy(dtype=np.float64, na_value=np.nan)}
    if names:
        found = {one: (text == one.split("=", 1)[1]).to_numpy(dtype=np.float64, na_value=0.0) for one in names}
        return {one: np.where(text.isna().to_numpy(), np.nan, values) for one, values in found.items()}
    if len(kinds) > _TEXTS or not len(kinds):
        return {}
    chosen = sorted(kinds.index[:MOST_CATEGORIES])
    missing = text.isna().to_numpy()
    return {
        f"{name}={one}": np.where(missing, 0.0, (text == one).to_numpy(dtype=np.float64, na_value=0.0))
        for one in chosen
    }


def _carried(values: np.ndarray, grid: Grid) -> np.ndarray:
    """Return values with missing ones taken from the last known step of the series."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    start = np.repeat(grid.starts[:-1], grid.lengths)
    last = np.maximum.accumulate(np.where(missing, start, np.arange(len(values))))
    return values[last]


def _note_dropped(found: Beside, dropped: Mapping[str, list[str]]) -> None:
    for why, names in dropped.items():
        if names:
            found.note("info", _DROPPED[why][0], f"{_DROPPED[why][1]}: {listed(names, 6)}.")


def _note_roles(found: Beside) -> None:
    """Say what was taken to be known ahead, and what not, since it matters and is guessed."""
    named = [
        f"{words}: {listed(list(dict.fromkeys(name.split('=')[0] for name in columns)), 6)}"
        for words, columns in (("known in the future", found.future), ("past only", found.past))
        if columns
    ]
    if named:
        found.note("info", "covariates", f"Covariates {'; '.join(named)}. Roles future and past say otherwise.")


def _tidy_groups(found: Beside) -> None:
    """Turn groups into text, but for numbers, and leave out those that say nothing."""
    static = found.static
    for name in list(static.columns):
        column = static[name]
        if column.isna().all():
            static = static.drop(columns=name)
        elif not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
            static[name] = column.astype("str")
    found.static = static.copy()


def _as_trained(found: Beside, grid: Grid, trained: Mapping[Role, Sequence[str]]) -> None:
    """Bring covariates into the names and the order of training; those missing are 0."""
    lacking = []
    for role, have in ((Role.PAST, found.past), (Role.FUTURE, found.future)):
        wanted = {}
        for name in trained.get(role, ()):
            if name not in have:
                lacking.append(name)
            wanted[name] = have.get(name, np.zeros(len(grid.at)))
        have.clear()
        have.update(wanted)
    rows = len(grid.after[0])
    found.later = {name: found.later.get(name, np.full(rows, np.nan)) for name in found.future}
    if lacking:
        text = f"Covariates of the training data are missing here and set to 0: {listed(lacking, 6)}."
        found.note("warning", "missing-covariates", text)
