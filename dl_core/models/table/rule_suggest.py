"""Rules that training rows suggest: cuts at high quantiles and costly categories, chosen greedily."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from dl_core.models.table.rule_text import Condition, Rule

MOST_RULES = 8
HIGH = (0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)  # quantiles of training rows at which a column is cut
FEW_VALUES = 6  # a column of so few different values is cut at and between them
LEAST_FRAUDS = 3  # that a rule must catch, where there are more than a handful
LEAST_ODDS = 3.0  # times the usual odds of fraud: of rare fraud this is the lift, and common fraud can reach it too
MOST_CATEGORIES = 20  # of one column that are tried
PARTNERS = 12  # best single conditions, pairs of which are tried too
MOST_ROWS = 100_000  # honest rows that are counted; the rest is taken to be like them
MOST_POINTS = 9


def suggest_rules(table: pd.DataFrame, y: np.ndarray, weight: np.ndarray, tick: Callable[[], None]) -> tuple[Rule, ...]:
    """Return at most eight rules that catch fraud among training rows.

    Sequential covering: each rule has the largest information gain of FOIL (Quinlan 1990, *Learning logical definitions
    from relations*) on the rows that no earlier rule has caught. Points are the rounded log-odds that a rule adds.

    Parameters
    ----------
    table : pandas.DataFrame
        (n, d) the columns that conditions may use.
    y : numpy.ndarray
        (n,) 1 for fraud, 0 for honest.
    weight : numpy.ndarray
        (n,)
    tick : callable
        Called between two columns; may raise.
    """
    rows, weight = _drawn(y, weight)
    table, y = table.iloc[rows], y[rows]
    conditions = list(_candidates(table, y, tick))
    if not conditions or not y.any():
        return ()
    return _Cover(table, y, weight, conditions).rules(tick)


def unusual_rules(table: pd.DataFrame, columns: list[str]) -> tuple[Rule, ...]:
    """Return rules without labels: the top hundredth of each of ``columns``, one point each."""
    found = []
    for name in columns:
        values = _numbers(table[name])
        if values is not None and len(values):
            found.append(Rule((Condition(name, ">", _short(float(np.quantile(values, 0.99)))),), 1.0))
    return tuple(found[:MOST_RULES])


def _drawn(y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return places of all frauds and at most so many honest rows, which stand for all of them, and the weights."""
    honest = np.flatnonzero(y == 0)
    if len(honest) <= MOST_ROWS:
        return np.arange(len(y)), weight
    kept = honest[np.linspace(0, len(honest) - 1, MOST_ROWS).astype(int)]
    rows = np.sort(np.concatenate([np.flatnonzero(y == 1), kept]))
    scale = np.where(y[rows] == 1, 1.0, weight[honest].sum() / max(weight[kept].sum(), 1e-12))
    return rows, weight[rows] * scale


def _numbers(column: pd.Series) -> np.ndarray | None:
    """Return the finite numbers of a column, or None where it holds text."""
    if not pd.api.types.is_numeric_dtype(column):
        return None
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return values[np.isfinite(values)]


def _candidates(table: pd.DataFrame, y: np.ndarray, tick: Callable[[], None]) -> Iterator[Condition]:
    for name in table.columns:
        tick()
        values = _numbers(table[name])
        if values is None:
            shares = pd.Series(y, index=table[name].astype(object).map(str, na_action="ignore").to_numpy())
            counts = shares.groupby(level=0).agg(["sum", "mean"])
            best = counts[counts["sum"] > 0].sort_values(["mean", "sum"], ascending=False)
            yield from (Condition(name, "=", value) for value in best.index[:MOST_CATEGORIES])
            continue
        some = np.unique(values[:: max(1, len(values) // 20_000)])
        if len(some) <= FEW_VALUES:
            yield from (Condition(name, "=", float(value)) for value in some)
            yield from (Condition(name, ">", float(value)) for value in some[:-1] if len(some) > 2)
            continue
        cuts = np.quantile(values, HIGH)
        yield from (Condition(name, ">", value) for value in dict.fromkeys(_short(float(cut)) for cut in cuts))
        lows = np.quantile(values, [1 - share for share in HIGH])
        yield from (Condition(name, "<", value) for value in dict.fromkeys(_short(float(cut)) for cut in lows))


def _short(value: float) -> float:
    """Return the value with three digits, as a person would write it."""
    return float(f"{value:.3g}")


class _Cover:
    """Rows that are still to be caught."""

    def __init__(self, table: pd.DataFrame, y: np.ndarray, weight: np.ndarray, conditions: list[Condition]) -> None:
        held = [condition.holds(table) for condition in conditions]
        some = [place for place, rows in enumerate(held) if rows[y == 1].any()]
        self.rules_: list[tuple[Condition, ...]] = [(conditions[place],) for place in some]
        self.held = np.array([held[place] for place in some]).reshape(len(some), len(y))
        self.fraud, self.weight = y == 1, weight
        self.share = weight[self.fraud].sum() / weight.sum()
        self.least = min(LEAST_FRAUDS, max(1, int(self.fraud.sum()) // 4))
        self._pair(*self._counts(np.ones(len(y), dtype=bool)))

    def _counts(self, open_: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return weight of fraud, of all, and number of frauds caught by each candidate among the ``open_`` rows."""
        caught = self.held[:, self.fraud & open_]
        honest = np.array([self.weight[rows & ~self.fraud & open_].sum() for rows in self.held])
        frauds = caught @ self.weight[self.fraud & open_]
        return frauds, frauds + honest, caught.sum(axis=1)

    def _gain(self, frauds: np.ndarray, both: np.ndarray, number: np.ndarray) -> np.ndarray:
        precision = frauds / np.maximum(both, 1e-12)
        gain = frauds * np.log(np.maximum(precision, 1e-12) / self.share)
        odds, usual = precision * (1 - self.share), (1 - precision) * self.share
        return np.where((number >= self.least) & (odds >= LEAST_ODDS * usual) & (precision > self.share), gain, -np.inf)

    def _pair(self, frauds: np.ndarray, both: np.ndarray, number: np.ndarray) -> None:
        """Add pairs of the best single conditions on two columns."""
        gain = frauds * np.log(np.maximum(frauds / np.maximum(both, 1e-12), 1e-12) / self.share)
        best: dict[str, int] = {}
        for place in np.argsort(-gain, kind="stable"):
            best.setdefault(self.rules_[place][0].column, int(place))
        places = list(best.values())[:PARTNERS]
        pairs = [(a, b) for number, a in enumerate(places) for b in places[number + 1 :]]
        self.rules_ += [(*self.rules_[a], *self.rules_[b]) for a, b in pairs]
        if pairs:
            self.held = np.concatenate([self.held, [self.held[a] & self.held[b] for a, b in pairs]])

    def rules(self, tick: Callable[[], None]) -> tuple[Rule, ...]:
        """Return the best rule again and again, on the rows that are left."""
        found: list[Rule] = []
        open_ = np.ones(len(self.fraud), dtype=bool)
        while len(found) < MOST_RULES and (self.fraud & open_).any() and len(self.held):
            tick()
            frauds, both, number = self._counts(open_)
            gain = self._gain(frauds, both, number)
            place = int(np.argmax(gain))
            if not np.isfinite(gain[place]):
                break
            found.append(Rule(self.rules_[place], self._points(frauds[place], both[place])))
            open_ &= ~self.held[place]
        return tuple(found)

    def _points(self, frauds: float, both: float) -> float:
        odds = (frauds + 0.5) / max(both - frauds + 0.5, 1e-12)
        return float(np.clip(round(np.log(odds * (1 - self.share) / max(self.share, 1e-12))), 1, MOST_POINTS))
