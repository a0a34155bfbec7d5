"""Models side by side, whatever they are judged on: paired differences, the pick of each kind, the verdict in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
import pandas as pd

from dl_core.errors import OptionError
from dl_core.evaluate.choice import Standing, choose
from dl_core.evaluate.judge import Units
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.quantities import percentile, resample
from dl_core.evaluate.results import Comparison

FEW_PAIRS = 3  # up to here no word about many comparisons
ALPHA = 0.05
ENOUGH_DRAWS = 100  # that tell a standard error
MOST_APART = 100  # disagreements kept of each pair
Some = TypeVar("Some", bound=Units)
PAIRS = ["metric", "a", "b", "value_a", "value_b", "difference", "low", "high", "n", "verdict", "p", "holm"]


class Judged(Protocol):
    """What a comparison needs to know of a model; a run's fitted models have it."""

    @property
    def parameters(self) -> int:
        """Learned numbers."""

    @property
    def label(self) -> str:
        """Name for people."""

    @property
    def kind(self) -> str:
        """``"deep"`` or ``"baseline"``."""

    @property
    def threshold(self) -> float | None:
        """Operating point of the positive class."""


@dataclass(frozen=True)
class Chosen:
    """Models to put side by side, and what they are compared by.

    Parameters
    ----------
    names : sequence of str
    models : mapping
        Label, kind, operating point and number of learned numbers of each.
    metrics, primary_metric
        Names or metrics of the problem, None for all that judge; the sentence speaks of the primary one, by default the
        first.
    costs : pandas.DataFrame or None
    seed : int
    """

    names: Sequence[str]
    models: Mapping[str, Judged]
    metrics: Sequence[Any] | None = None
    primary_metric: Any = None
    costs: pd.DataFrame | None = None
    seed: int = 0

    def among(self, known: Sequence[str]) -> list[str]:
        """Return the names, each once.

        Raises
        ------
        OptionError
            If fewer than two are left or a name is not among ``models`` and ``known``.
        """
        names = list(dict.fromkeys(self.names))
        missing = [name for name in names if name not in self.models or name not in known]
        if missing or len(names) < 2:
            problem = f"there is no model {missing[0]!r}" if missing else "one model cannot be compared"
            raise OptionError(problem, expected="two or more of " + ", ".join(known))
        return names

    def nothing(self, sentence: str, columns: Sequence[str]) -> Comparison:
        """Return a comparison without any judged unit; ``columns`` are those of its disagreements."""
        empty = pd.DataFrame(columns=PAIRS), sentence, pd.DataFrame(columns=list(columns))
        return Comparison(*empty, self.paid)

    @property
    def paid(self) -> pd.DataFrame:
        """The costs; an empty table where they are not known."""
        return self.costs if self.costs is not None else pd.DataFrame()


class Difference(NamedTuple):
    """A paired difference turned so that positive is better, with its 95 % interval and p-value."""

    value: float
    low: float
    high: float
    p: float


Test = Callable[[Any, Any, Any], Difference]  # of the difference of two models' units by a metric


def compare_units(
    units: Mapping[str, Some],
    metrics: Sequence[Metric],
    primary: Metric,
    chosen: Chosen,
    *,
    stands: Callable[[str], Standing],
    apart: pd.DataFrame,
    test: Test | None = None,
) -> Comparison:
    """Return models side by side on the same units.

    Parameters
    ----------
    units : mapping
        Of each model, the same ones in the same order (`judge.shared`).
    metrics, primary
        The sentence speaks of the primary one.
    chosen : Chosen
    stands : callable
        Where a model stands on validation units, by which the best of each kind is picked: test units only judge, and
        picking on them would flatter the kind with more models.
    apart : pandas.DataFrame
        Disagreements.
    test : callable or None
        Decides in place of the bootstrap.
    """
    pairs = pairs_of(units, metrics, chosen.seed, test)
    first = next(iter(units.values()))
    picked = pick_by_kind(list(units), chosen.models, stands)
    sentence = worth_sentence(pairs, picked, chosen.models, primary, f"test {first.unit}")
    return Comparison(pairs, sentence, apart, chosen.paid, many_note(pairs, primary))


def apart_by(
    by: str, units: Mapping[str, Some], lines: Callable[[Some, Some], Mapping[str, np.ndarray]], rising: bool = False
) -> pd.DataFrame:
    """Return what ``lines`` tells of each pair of models as one table, sorted ``by`` a column: columns (m,) by name.

    Of each pair at most `MOST_APART` are told, the names of the two models (``a``, ``b``) among them.
    """
    tables = [pd.DataFrame({**lines(units[a], units[b]), "a": a, "b": b}) for a, b in combinations(units, 2)]
    table = pd.concat(tables, ignore_index=True)
    return table.sort_values(by, ascending=rising, kind="stable", ignore_index=True)


def pairs_of(
    units: Mapping[str, Some], metrics: Sequence[Metric], seed: int = 0, test: Test | None = None
) -> pd.DataFrame:
    """Return every metric's paired differences over all pairs of models, with Holm's verdict by metric."""
    made = {(name, one.name): own.quantity(one, seed) for name, own in units.items() for one in metrics}
    first = next(iter(units.values()))
    drawn = resample(made, first.draws(seed)) if test is None else {}
    tables = []
    for metric in metrics:
        value = {name: made[name, metric.name].value for name in units}
        lines = []
        for a, b in combinations(units, 2):
            if test is None:
                turned = metric.gap(value[a]) - metric.gap(value[b])
                apart = metric.gap(drawn[a, metric.name]) - metric.gap(drawn[b, metric.name])
                found = difference(turned, apart if first.spreads else np.array([np.nan]))
            else:
                found = test(units[a], units[b], metric)
            n, told = first.count(made[a, metric.name]), verdict(found.low, found.high)
            lines.append((metric.name, a, b, value[a], value[b], *found[:3], n, told, found.p))
        table = pd.DataFrame(lines, columns=PAIRS[:-1])
        tables.append(table.assign(holm=table["verdict"].where(holm(table["p"].to_numpy()), "tie")))
    return pd.concat(tables, ignore_index=True)


def difference(value: float, draws: np.ndarray) -> Difference:
    """Return a difference with what its resampled values (r,) tell of it."""
    return Difference(float(value), *percentile(draws), p_value(draws))


def verdict(low: float, high: float) -> str:
    """Return ``"better"`` or ``"worse"`` where an interval of differences leaves out 0, else ``"tie"``."""
    return "better" if low > 0 else "worse" if high < 0 else "tie"


def p_value(draws: np.ndarray) -> float:
    """Return the two-sided bootstrap p-value that a difference is 0.

    Counted, it cannot fall under 2 / (draws + 1), which Holm's first step asks for where many models are compared. So
    where no draw lies on the other side of 0, the draws' standard error tells how far away it is (a normal tail).
    """
    known = draws[~np.isnan(draws)]
    if not len(known):
        return 1.0
    tail = min((known <= 0).sum(), (known >= 0).sum())
    counted = float(min(1.0, 2 * (tail + 1) / (len(known) + 1)))
    spread = float(known.std(ddof=1)) if len(known) >= ENOUGH_DRAWS else 0.0
    if tail or not spread:
        return counted
    return min(counted, math.erfc(abs(float(known.mean())) / spread / math.sqrt(2)))


def holm(p: np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """Return which hypotheses are rejected when all are tested together (Holm 1979)."""
    order = np.argsort(p, kind="stable")
    passed = np.cumprod(p[order] <= alpha / np.arange(len(p), 0, -1)).astype(bool)
    rejected = np.zeros(len(p), dtype=bool)
    rejected[order] = passed
    return rejected


def pick_by_kind(
    chosen: Sequence[str], models: Mapping[str, Judged], stands: Callable[[str], Standing]
) -> dict[str, str]:
    """Return the best model of each kind (`choice.choose`) by where ``stands`` says that a model of that name does."""
    kinds: dict[str, dict[str, Standing]] = {}
    for name in chosen:
        kinds.setdefault(models[name].kind, {})[name] = stands(name)
    best = {kind: choose(found) for kind, found in kinds.items()}
    return {kind: name for kind, name in best.items() if name is not None}


def worth_sentence(
    pairs: pd.DataFrame,
    picked: Mapping[str, str],
    models: Mapping[str, Judged],
    metric: Metric,
    rows: str = "test rows",
) -> str:
    """Return the answer to "is deep learning worth it here?", in pairs judged on so many ``rows``."""
    absent = [kind for kind in ("deep", "baseline") if kind not in picked]
    if absent:
        what = "deep model" if absent[0] == "deep" else "baseline"
        return f"There is no {what} among these models, so deep learning cannot be compared with a baseline here."
    deep, plain = picked["deep"], picked["baseline"]
    these = pairs[(pairs["metric"] == metric.name) & pairs["a"].isin([deep, plain]) & pairs["b"].isin([deep, plain])]
    row = these.iloc[0]
    turn = 1 if row["a"] == deep else -1
    gain = turn * row["difference"]
    low, high = (row["low"], row["high"]) if turn == 1 else (-row["high"], -row["low"])
    names = models[deep].label, models[plain].label
    if np.isnan(low) and not np.isnan(gain):
        size = f"{number(gain, sign=True)} {metric.label}, n = {row['n']}"
        return f"{names[0]} and {names[1]} differ by {size}, all of one unit: no interval follows from it."
    if np.isnan(low):
        what = f"{metric.label} is not defined on these {row['n']} {rows}"
        return f"{names[0]} and {names[1]} do not differ significantly: {what}."
    found = verdict(low, high)
    if found == "tie":
        size = f"{number(gain, sign=True)} {metric.label} [{number(low)}, {number(high)}], n = {row['n']}"
        return f"A tie between {names[0]} and {names[1]}: {size}. The simpler model will do."
    bounds = (low, high) if found == "better" else (-high, -low)
    size = f"by {number(abs(gain))} {metric.label} [{number(bounds[0])}, {number(bounds[1])}], n = {row['n']}"
    if found == "better":
        return f"Deep learning is worth it here: {names[0]} is better than {names[1]} {size}."
    return f"Deep learning is not worth it here: {names[0]} is worse than {names[1]} {size}."


def number(value: float, sign: bool = False) -> str:
    """Return a number with three decimals and a true minus sign."""
    return f"{round(value, 3) + 0.0:{'+' if sign else ''}.3f}".replace("-", "−")  # + 0.0: no minus before a zero


def many_note(pairs: pd.DataFrame, metric: Metric) -> str:
    """Return a warning about many comparisons, where there are more than a few pairs."""
    these = pairs[pairs["metric"] == metric.name]
    if len(these) <= FEW_PAIRS:
        return ""
    told = int((these["verdict"] != "tie").sum())
    stand = int((these["holm"] != "tie").sum())
    return (
        f"{len(these)} pairs were compared: about one in twenty would differ by chance alone (multiple "
        f"comparisons). By {metric.label}, {told} differ; {stand} after Holm's correction."
    )
