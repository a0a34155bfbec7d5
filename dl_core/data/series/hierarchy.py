"""The noun `Hierarchy`: which series are sums of which, from groups and from sums found in the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from dl_core.data.series.panel import Panel
from dl_core.data.series.sums import Sums, adds_up, aligned, expand, find_sums
from dl_core.errors import OptionError, SchemaError

AUTO = "auto"
BETWEEN = (" / ", " : ", " | ")  # what parts of a series' id may be joined by
TOTAL = "Total"
BOTTOM, GIVEN = "series", "sum in the data"  # levels of nodes that the data hold


@dataclass(frozen=True)
class Hierarchy:
    """Nodes that are series or sums of series.

    Parameters
    ----------
    names : numpy.ndarray
        (n_nodes,) object ids: the series of the data in their order, then sums that the data lack.
    levels : numpy.ndarray
        (n_nodes,) object: ``"series"``, ``"sum in the data"``, ``"total"`` or the name of a group column.
    added : numpy.ndarray
        (n_nodes,) bool: sums that the data lack.
    summing : scipy.sparse.csr_matrix
        (n_nodes, n_bottom) of 0 and 1: which bottom series each node adds up.
    bottom : numpy.ndarray
        (n_bottom,) positions of the bottom series among the nodes.
    """

    names: np.ndarray
    levels: np.ndarray
    added: np.ndarray
    summing: sparse.csr_matrix
    bottom: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    @property
    def sums(self) -> np.ndarray:
        """Positions of the nodes that are sums, (n_sums,)."""
        return np.setdiff1d(np.arange(len(self)), self.bottom)

    def add_sums(self, panel: Panel) -> Panel:
        """Return the panel with all nodes, in the order of `names`.

        Before a part begins it counts as 0, within it gaps are bridged (`Panel.filled`). Covariates of a sum are means
        over its parts.

        Raises
        ------
        SchemaError
            If the panel's series are not the hierarchy's, or end at different times.
        """
        place = pd.Index(panel.series).get_indexer(pd.Index(self.names[~self.added]))
        if (place < 0).any() or len(panel) != (~self.added).sum() or not pd.Index(panel.series).is_unique:
            raise SchemaError("the series are not those of the hierarchy", expected="the same series")
        panel = panel.take(place)
        check_same_end(panel)
        if not self.added.any():
            return panel
        return _with_nodes(panel, self)


def hierarchy_of(panel: Panel, columns: str | Sequence[str] = AUTO) -> Hierarchy:
    """Return which series of the panel add up to which.

    Parameters
    ----------
    panel : Panel
        Each series once. Its figures decide which series are sums of others already: those become nodes and are not
        added up once more.
    columns : str or sequence of str
        Group columns of ``panel.static`` (a sum for each value of each), names with commas between, or ``"auto"``: the
        parts that ids are joined from, as in "Ohio / coal". Without any there is the total only.

    Raises
    ------
    OptionError
        If a column is not among the groups.
    """
    parts = key_parts(panel, columns)
    found = find_sums(panel, parts)
    given = _given(panel, parts, found)
    is_bottom = np.array([len(one) == 0 for one in given], dtype=bool)
    bottom = np.flatnonzero(is_bottom).tolist()
    rank = np.cumsum(is_bottom) - 1
    rows = [[int(rank[at])] if is_bottom[at] else sorted(int(rank[b]) for b in given[at]) for at in range(len(panel))]
    counted = [at for at in bottom if not _is_sum(parts.iloc[at], found)]  # a sum that does not add up stays outside
    names, levels = list(panel.series), [BOTTOM if one else GIVEN for one in is_bottom]
    known, taken = {frozenset(row) for row in rows}, set(names)
    for level, name, members in _wanted(parts, counted):
        row = sorted(int(rank[at]) for at in members)
        if len(row) < 2 or frozenset(row) in known:
            continue
        while name in taken:
            name += " (sum)"
        known.add(frozenset(row))
        taken.add(name)
        rows.append(row)
        names.append(name)
        levels.append(level)
    added = np.arange(len(names)) >= len(panel)
    return Hierarchy(
        names=np.array(names, dtype=object),
        levels=np.array(levels, dtype=object),
        added=added,
        summing=_matrix(rows, len(bottom)),
        bottom=np.array(bottom, dtype=np.int64),
    )


def key_parts(panel: Panel, columns: str | Sequence[str] = AUTO) -> pd.DataFrame:
    """Return the columns by series id that the hierarchy is made of; one column of ids where there is no other."""
    ids = pd.Index(panel.series.astype(str))
    static = None if panel.static is None else panel.static.reindex(ids)
    if isinstance(columns, str) and columns.strip() != AUTO:
        columns = [part.strip() for part in columns.split(",") if part.strip()]
    if isinstance(columns, str):
        columns = _joined(ids, static)
    elif missing := [name for name in columns if static is None or name not in static]:
        groups = ", ".join(map(str, static.columns)) if static is not None else "none"
        raise OptionError(f"there is no group column {missing[0]!r}", where="hierarchy", expected=f"of {groups}")
    if columns and static is not None:
        return static[list(columns)].astype(str)
    for text in BETWEEN:
        split = [name.split(text) for name in ids]
        if len(ids) and len({len(one) for one in split}) == 1 and len(split[0]) > 1:
            return pd.DataFrame(split, index=ids, columns=[f"part {at + 1}" for at in range(len(split[0]))])
    return pd.DataFrame({BOTTOM: ids}, index=ids)


def check_same_end(panel: Panel) -> None:
    """Check that all series end at the same time, without which their forecasts are not of the same steps.

    Raises
    ------
    SchemaError
        If they do not.
    """
    ends = panel.times[panel.starts[1:] - 1]
    if len(ends) and (ends != ends[0]).any():
        count = int((ends != ends.max()).sum())
        raise SchemaError(
            f"{count} of {len(ends)} series end before the others, so sums of their forecasts are not meaningful",
            where="hierarchy",
            expected="series that end at the same time",
            todo="cut the series to a common end, or forecast without reconciliation",
        )


def _joined(ids: pd.Index, static: pd.DataFrame | None) -> list[str]:
    """Return the group columns that ids are joined from, in their order, or none."""
    if static is None or not len(ids):
        return []
    split = pd.Series(ids).str.split(BETWEEN[0], regex=False)
    width = len(split.iloc[0])
    if width < 2 or not (split.str.len() == width).all():
        return []
    found = []
    for at in range(width):
        part = split.str[at].to_numpy()
        same = [name for name in static if name not in found and (static[name].astype(str).to_numpy() == part).all()]
        found += same[:1]
    return found if len(found) == width else []


def _is_sum(named: pd.Series, found: Sums) -> bool:
    return any(value in found.get(str(column), {}) for column, value in named.items())


def _given(panel: Panel, parts: pd.DataFrame, found: Sums) -> list[list[int]]:
    """Return for each series the positions of the series it is the sum of; none where it is no sum."""
    sums = [found.get(str(column), {}) for column in parts]
    names = [tuple(row) for row in parts.to_numpy(dtype=object)]
    place = {name: at for at, name in enumerate(names)}
    matrix = np.nan_to_num(aligned(panel)[0])
    given: list[list[int]] = []
    for at, name in enumerate(names):
        members = [place[one] for one in expand(name, sums) if one in place]
        right = members != [at] and at not in members and _near(matrix, at, members)
        given.append(members if right else [])
    return given


def _near(matrix: np.ndarray, at: int, members: list[int]) -> bool:
    """Return whether a series named as a sum adds up; one without any figure does where its parts have none."""
    total = matrix[members].sum(axis=0)
    if not total.any():
        return len(members) > 0 and not matrix[at].any()
    return adds_up(matrix[at], total, len(members))


def _wanted(parts: pd.DataFrame, counted: list[int]) -> Iterable[tuple[str, str, list[int]]]:
    """Yield level, name and positions of each sum that a planner may want: the total, and each value of each column."""
    yield "total", TOTAL, counted
    for column in parts if len(parts.columns) > 1 or parts.columns[0] != BOTTOM else ():
        values = parts[column].to_numpy(dtype=object)[counted]
        for value in dict.fromkeys(values):
            yield (
                str(column),
                f"{column}: {value}",
                [at for at, own in zip(counted, values, strict=True) if own == value],
            )


def _matrix(rows: Sequence[Sequence[int]], width: int) -> sparse.csr_matrix:
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    indices = np.concatenate([np.asarray(row, dtype=np.int64) for row in rows]) if rows else np.zeros(0, np.int64)
    return sparse.csr_matrix((np.ones(len(indices)), indices, indptr), shape=(len(rows), width))


def _pairs(bounds: np.ndarray) -> Iterable[tuple[int, int]]:
    return zip(bounds[:-1], bounds[1:], strict=True)


def _with_nodes(panel: Panel, hierarchy: Hierarchy) -> Panel:
    """Return the panel with the added sums after its series."""
    filled = panel.filled()
    matrix, times = aligned(filled)
    begun = ~np.isnan(matrix)  # aligned to one end: all True from a series' start on
    rows = hierarchy.summing[hierarchy.added].tocsr()
    parts = hierarchy.bottom
    sums = rows @ np.nan_to_num(matrix[parts])
    first = np.array([begun[parts[rows.indices[a:b]]].any(axis=0).argmax() for a, b in _pairs(rows.indptr)])
    kept = [np.arange(start, len(times)) for start in first]
    lengths = np.concatenate([panel.lengths, [len(one) for one in kept]])
    share = sparse.diags(1 / np.maximum(np.diff(rows.indptr), 1)) @ rows

    def means(values: np.ndarray | None) -> np.ndarray | None:
        """Return covariates with those of the sums below, each the mean of its parts."""
        if values is None:
            return None
        wide = np.zeros((len(panel), len(times), values.shape[1]), dtype=np.float32)
        wide[begun] = values
        mean = (share @ wide[parts].reshape(len(parts), -1)).reshape(rows.shape[0], len(times), -1)
        return np.concatenate([values, *(mean[at, one] for at, one in enumerate(kept))]).astype(np.float32)

    ahead = panel.ahead
    if ahead is not None:
        mean = (share @ ahead[parts].reshape(len(parts), -1)).reshape(rows.shape[0], *ahead.shape[1:])
        ahead = np.concatenate([ahead, mean]).astype(np.float32)
    return replace(
        panel,
        series=hierarchy.names,
        starts=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        values=np.concatenate([panel.values, *(sums[at, one] for at, one in enumerate(kept))]),
        times=np.concatenate([panel.times, *(times[one] for one in kept)]),
        past=means(panel.past),
        future=means(panel.future),
        ahead=ahead,
        static=_static(panel.static, hierarchy),
        weight=None,
    )


def _static(static: pd.DataFrame | None, hierarchy: Hierarchy) -> pd.DataFrame | None:
    """Return the groups of all nodes: a sum has those that all its parts share, else "all"."""
    if static is None:
        return None
    own = static.reindex(hierarchy.names[~hierarchy.added])
    rows, parts = hierarchy.summing[hierarchy.added], own.iloc[hierarchy.bottom]
    lines = [parts.iloc[rows.indices[a:b]] for a, b in _pairs(rows.indptr)]
    told = [{c: line[c].iloc[0] if line[c].nunique() == 1 else "all" for c in own} for line in lines]
    more = pd.DataFrame(told, columns=own.columns, index=pd.Index(hierarchy.names[hierarchy.added]))
    return pd.concat([own.astype(object), more.astype(object)])
