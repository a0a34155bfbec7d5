"""What comparisons are made of: a metric's table of paired differences, the pick of each kind, the verdict in words.

It serves classifiers judged by rows (`compare.py`) and recommenders judged by users (`lists/compare.py`) alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Protocol

import numpy as np
import pandas as pd

from dl_core.errors import OptionError
from dl_core.evaluate.choice import Standing, choose
from dl_core.evaluate.intervals import percentile

FEW_PAIRS = 3  # up to here no word about many comparisons
ALPHA = 0.05
PAIRS = ["metric", "a", "b", "value_a", "value_b", "difference", "low", "high", "n", "verdict", "p", "holm"]


class Judged(Protocol):
    """What a comparison needs to know of a model; a run's fitted models have it."""

    parameters: int  # learned numbers
    label: str
    kind: str  # "deep" or "baseline"
    threshold: float | None


class Named(Protocol):
    """What a comparison needs to know of a metric; `Metric` and `lists.metrics.ListMetric` have it."""

    name: str
    label: str

    @property
    def sign(self) -> int:
        """1 where higher is better, −1 where lower is."""


def check_chosen(chosen: Sequence[str], models: Mapping[str, Judged], known: Sequence[str]) -> list[str]:
    """Return the chosen models, each once.

    Raises
    ------
    OptionError
        If fewer than two are left or a name is not among ``models`` and ``known``.
    """
    chosen = list(dict.fromkeys(chosen))
    missing = [name for name in chosen if name not in models or name not in known]
    if missing or len(chosen) < 2:
        problem = f"there is no model {missing[0]!r}" if missing else "one model cannot be compared"
        raise OptionError(problem, expected="two or more of " + ", ".join(known))
    return chosen


def pair_table(metric: Named, value: Mapping[str, float], n: int, resampled: Mapping) -> pd.DataFrame:
    """Return one metric's paired differences over all pairs of models.

    Parameters
    ----------
    metric : Named
    value : mapping
        Of each model.
    n : int
        Rows (or users) that both stand on.
    resampled : mapping
        Resampled values (r,) by (model, metric name), from the same draws for all.
    """
    lines = []
    for a, b in combinations(value, 2):
        draws = metric.sign * (resampled[a, metric.name] - resampled[b, metric.name])
        low, high = percentile(draws)
        difference = metric.sign * (value[a] - value[b])
        lines.append(
            (metric.name, a, b, value[a], value[b], difference, low, high, n, verdict(low, high), p_value(draws))
        )
    table = pd.DataFrame(lines, columns=PAIRS[:-1])
    return table.assign(holm=table["verdict"].where(holm(table["p"].to_numpy()), "tie"))


def verdict(low: float, high: float) -> str:
    """Return ``"better"`` or ``"worse"`` where an interval of differences leaves out 0, else ``"tie"``."""
    return "better" if low > 0 else "worse" if high < 0 else "tie"


def p_value(draws: np.ndarray) -> float:
    """Return the two-sided bootstrap p-value that a difference is 0; it cannot fall under 2 / (draws + 1)."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return 1.0
    tail = min((known <= 0).sum(), (known >= 0).sum())
    return float(min(1.0, 2 * (tail + 1) / (len(known) + 1)))


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
    return {kind: name for kind, found in kinds.items() if (name := choose(found)) is not None}


def worth_sentence(
    pairs: pd.DataFrame,
    picked: Mapping[str, str],
    models: Mapping[str, Judged],
    metric: Named,
    rows: str = "test rows",
) -> str:
    """Return the answer to "is deep learning worth it here?", in pairs judged on so many ``rows``."""
    absent = [kind for kind in ("deep", "baseline") if kind not in picked]
    if absent:
        what = "deep model" if absent[0] == "deep" else "baseline"
        return f"There is no {what} among these models, so nothing tells whether deep learning is worth it here."
    deep, plain = picked["deep"], picked["baseline"]
    these = pairs[(pairs["metric"] == metric.name) & pairs["a"].isin([deep, plain]) & pairs["b"].isin([deep, plain])]
    row = these.iloc[0]
    turn = 1 if row["a"] == deep else -1
    gain = turn * row["difference"]
    low, high = (row["low"], row["high"]) if turn == 1 else (-row["high"], -row["low"])
    names = models[deep].label, models[plain].label
    if np.isnan(low):
        what = f"{metric.label} is not defined on these {row['n']} {rows}"
        return f"{names[0]} and {names[1]} cannot be told apart: {what}."
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


def many_note(pairs: pd.DataFrame, metric: Named) -> str:
    """Return a warning about many comparisons, where there are more than a few pairs."""
    these = pairs[pairs["metric"] == metric.name]
    if len(these) <= FEW_PAIRS:
        return ""
    told = int((these["verdict"] != "tie").sum())
    stand = int((these["holm"] != "tie").sum())
    return (
        f"{len(these)} pairs were compared, and of so many about one in twenty would differ by chance alone. "
        f"By {metric.label}, {told} differ; {stand} still do after Holm's correction."
    )
