"""Series as a list with a small course of each, and the lines of some for a chart."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.data.rows import plain
from dl_core.data.series.panel import Panel
from dl_core.data.series.plain import numbers, times_json
from dl_core.data.splits import PARTS, Splits
from dl_core.errors import OptionError

ON_PAGE = 40  # series of one page of the list
SPARK = 40  # points of the small course beside each
MOST_POINTS = 800  # points of a line in a chart; longer ones keep the least and the greatest of each stretch
BEFORE = 2  # times the held-out steps that stand before them in a chart of the end
MOST_LINES = 6  # series in one answer
FIRST_LINES = 3  # series that are drawn at first
KINDS = ("mix", "largest", "gaps", "short", "all")


@dataclass(frozen=True)
class Shown:
    """Series with what the list and the charts say of them; arrays are by series, (n,).

    ``begins`` maps ``"train"``, ``"validation"`` and ``"test"`` to the first step of each series in that part, -1
    where it has none; it is None before there is a split.
    """

    dataset: Dataset
    panel: Panel
    sizes: np.ndarray  # mean absolute value
    blanks: np.ndarray  # steps without a value
    splits: Splits | None
    begins: Mapping[str, np.ndarray] | None
    options: Mapping[str, Any]


KEPT = 2  # data sets whose series stay in memory
_known: OrderedDict[tuple[Any, ...], Shown] = OrderedDict()


def shown(dataset: Dataset, splits: Splits | None, options: Mapping[str, Any]) -> Shown:
    """Return the series of a data set, from memory if they were used lately."""
    parts = () if splits is None else (splits.protocol, *splits.counts().values())
    key = (dataset.fingerprint, dataset.name, *parts, *sorted((name, str(one)) for name, one in options.items()))
    if key not in _known:
        _known[key] = _shown(dataset, splits, options)
    _known.move_to_end(key)
    while len(_known) > KEPT:
        _known.popitem(last=False)
    return _known[key]


def _shown(dataset: Dataset, splits: Splits | None, options: Mapping[str, Any]) -> Shown:
    panel = Panel.of(dataset)
    known = ~np.isnan(panel.values)
    there = np.maximum(_sums(panel, known), 1)
    sizes = _sums(panel, np.abs(np.where(known, panel.values, 0.0))) / there
    begins = None if splits is None else _begins(dataset, panel, splits)
    return Shown(dataset, panel, sizes, _sums(panel, ~known).astype(int), splits, begins, options)


def _sums(panel: Panel, values: np.ndarray) -> np.ndarray:
    """Return the sum of a number of each step by series; no series is empty."""
    return np.add.reduceat(values.astype(float), panel.starts[:-1]) if len(panel) else np.zeros(0)


def _begins(dataset: Dataset, panel: Panel, splits: Splits) -> dict[str, np.ndarray]:
    """Return the first step of each series in each part, -1 where it has none."""
    part = np.full(len(dataset), -1, dtype=np.int8)
    for code, name in enumerate(PARTS):
        part[dataset.ids.get_indexer(list(getattr(splits, name)))] = code
    step = np.arange(len(part)) - np.repeat(panel.starts[:-1], panel.lengths)
    late = len(part)
    found = {}
    for code, name in enumerate(PARTS):
        first = np.minimum.reduceat(np.where(part == code, step, late), panel.starts[:-1])
        found[name] = np.where(first == late, -1, first)
    return found


def listed(shown: Shown, args: Mapping[str, Any]) -> dict[str, Any]:
    """List series with a small course of each, by ``args["search"]`` (id or group) and ``args["page"]``.

    ``args["kind"]`` is ``"mix"`` (some of every size), ``"largest"``, ``"gaps"`` (with steps left blank), ``"short"``
    or ``"all"`` (as in the data).

    Raises
    ------
    OptionError
        If there is no such kind.
    """
    kind = args.get("kind") or "mix"
    if kind not in KINDS:
        raise OptionError(f"there is no kind {kind!r}", expected=", ".join(KINDS))
    order = _found(shown, str(args.get("search") or "").strip().casefold())
    total = len(order)
    order = _ordered(shown, order, kind)
    page = max(0, int(args.get("page") or 0))
    part = order[page * ON_PAGE : (page + 1) * ON_PAGE]
    return {
        "total": total,
        "fitting": len(order),
        "pages": max(1, -(-len(order) // ON_PAGE)),
        "series": [_line(shown, int(at)) for at in part],
    }


def _found(shown: Shown, search: str) -> np.ndarray:
    """Return the positions of the series whose id, or a group of whose, holds the words."""
    names = shown.panel.series.astype(str)
    if not search:
        return np.arange(len(names))
    text = np.array([name.casefold() for name in names], dtype=object)
    static = shown.panel.static
    if static is not None and len(static.columns):
        groups = static.reindex(names).astype(str).agg(" ".join, axis=1).str.casefold().to_numpy(dtype=object)
        text = text + " " + groups
    return np.flatnonzero([search in one for one in text])


def _ordered(shown: Shown, at: np.ndarray, kind: str) -> np.ndarray:
    """Return positions in the order of a kind; for a mix, as many as fit on a page, spread over the sizes."""
    if kind == "all" or not len(at):
        return at
    if kind == "gaps":
        at = at[shown.blanks[at] > 0]
        return at[np.argsort(-shown.blanks[at], kind="stable")]
    if kind == "short":
        return at[np.argsort(shown.panel.lengths[at], kind="stable")]
    at = at[np.argsort(-shown.sizes[at], kind="stable")]
    if kind == "largest":
        return at
    return at[np.unique(np.linspace(0, len(at) - 1, min(ON_PAGE, len(at))).round().astype(int))]


def _line(shown: Shown, at: int) -> dict[str, Any]:
    panel = shown.panel
    values, times = panel.of_series(at), times_json(panel.times[[panel.starts[at], panel.starts[at + 1] - 1]])
    static = panel.static
    name = str(panel.series[at])
    groups = {} if static is None or name not in static.index else static.loc[name].to_dict()
    return {
        "series": name,
        "groups": {str(key): plain(value) for key, value in groups.items()},
        "start": times[0],
        "end": times[1],
        "steps": int(panel.lengths[at]),
        "blank": int(shown.blanks[at]),
        "mean": plain(np.nanmean(values)) if not np.isnan(values).all() else None,
        "spark": spark(values),
    }


def spark(values: np.ndarray, points: int = SPARK) -> list[float]:
    """Return the course of a series in a few points: means of stretches as long as each other, blanks left out."""
    parts = np.array_split(values, min(points, len(values))) if len(values) else []
    return [float(np.nanmean(part)) for part in parts if not np.isnan(part).all()]


def lines(shown: Shown, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of ``args["series"]``, at most `MOST_LINES`, thinned to what a chart can show.

    With ``args["last"]`` only the end comes back: what is held out and `BEFORE` times as much before it.

    Returns
    -------
    dict
        ``lines``: ``series``, ``time``, ``value`` (None where blank), ``steps``, ``thinned`` (whether points were left
        out) and ``parts`` (part to the time at which it begins, with ``"end"``).

    Raises
    ------
    OptionError
        If a series is not part of the data.
    """
    place = {str(name): at for at, name in enumerate(shown.panel.series)}
    drawn = []
    for name in list(args.get("series") or ())[:MOST_LINES]:
        if str(name) not in place:
            raise OptionError("this series is not part of the data", todo="search for another one")
        drawn.append(_course(shown, place[str(name)], bool(args.get("last"))))
    return {"lines": drawn}


def _course(shown: Shown, at: int, last: bool) -> dict[str, Any]:
    panel = shown.panel
    values, times = panel.of_series(at), panel.times[panel.starts[at] : panel.starts[at + 1]]
    parts = {}
    if shown.begins is not None:
        first = {name: int(begin[at]) for name, begin in shown.begins.items()}
        parts = {name: times_json(times[[step]])[0] for name, step in first.items() if step >= 0}
        held = [step for name, step in first.items() if name != "train" and step >= 0]
        if last and held:
            cut = max(0, min(held) - BEFORE * (len(values) - min(held)))
            values, times = values[cut:], times[cut:]
    kept = thin(values, MOST_POINTS)
    return {
        "series": str(panel.series[at]),
        "time": times_json(times[kept]),
        "value": numbers(values[kept]),
        "steps": len(values),
        "thinned": len(kept) < len(values),
        "parts": {**parts, "end": times_json(times[-1:])[0]},
    }


def thin(values: np.ndarray, most: int) -> np.ndarray:
    """Return positions (k,), k <= ``most``, that keep a line's look: the least and the greatest of each stretch.

    A stretch without any value keeps its first position, so that the line breaks there.
    """
    if len(values) <= most:
        return np.arange(len(values))
    kept: list[int] = []
    bounds = np.linspace(0, len(values), most // 2 + 1).astype(int)
    for start, end in zip(bounds[:-1], bounds[1:], strict=True):
        part = values[start:end]
        if np.isnan(part).all():
            kept.append(int(start))
        else:
            kept += sorted({int(start + np.nanargmin(part)), int(start + np.nanargmax(part))})
    return np.array(kept)


def first_listed() -> dict[str, Any]:
    """Return which series are listed first."""
    return {"view": "listed", "kind": "mix", "search": "", "page": 0}


def first_lines(series: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return which of the listed series are drawn first: spread over those that are not all zero."""
    shown = [one for one in series if one["mean"]] or list(series)
    places = sorted({at * len(shown) // FIRST_LINES for at in range(FIRST_LINES)})
    return {"view": "lines", "series": [str(shown[place]["series"]) for place in places]}
