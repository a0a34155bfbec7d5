"""The nouns of judging: `Predictions`, `Evaluation`, `Comparison`. Tables, the same for deep models and baselines."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from dl_core.errors import OptionError, SchemaError

SCORE = "score_"  # prefix of the probability columns
NEEDED = ("model", "split", "row", "y_true", "y_pred")
TURNED = {"better": "worse", "worse": "better"}  # a verdict from the other side
METRIC_COLUMNS = ("model", "metric", "value", "low", "high", "n")


@dataclass(frozen=True)
class Told:
    """What is kept and sent field by field as plain JSON."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON: tables as records, tuples as lists."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}


def _plain(value: Any) -> Any:
    if isinstance(value, pd.DataFrame):
        return records(value)
    if isinstance(value, Told):
        return value.as_dict()
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class ModelTable:
    """One tidy table of what every model said of held-out cases: ``model``, ``split``, ``row`` (id) and more columns.

    ``split`` is ``"validation"``, ``"test"`` or ``"new"``.
    """

    table: pd.DataFrame
    noun: ClassVar[str] = ""

    def __post_init__(self) -> None:
        missing = [name for name in self.needed if name not in self.table]
        if missing:
            raise SchemaError(f"the column {missing[0]!r} is missing", where=self.noun)

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return ("model", "split", "row")

    @property
    def models(self) -> list[str]:
        """Model names in the order of appearance."""
        return self.table["model"].unique().tolist()

    def of(self, model: str, split: str = "test") -> pd.DataFrame:
        """Return the rows of one model and split, indexed by row id.

        Raises
        ------
        OptionError
            If there are none.
        """
        rows = self.table[(self.table["model"] == model) & (self.table["split"] == split)]
        if rows.empty:
            raise OptionError(f"there are no {split} {self.noun} of model {model!r}", expected=", ".join(self.models))
        return rows.set_index("row")


@dataclass(frozen=True)
class Predictions(ModelTable):
    """One tidy table: a row for each model and example.

    Columns: ``model``, ``split`` (``"validation"``, ``"test"`` or ``"new"``), ``row`` (row id), ``y_true`` (class
    name, or missing), ``y_pred`` (class name) and ``score_<class>`` (calibrated probabilities, in class order).
    """

    classes: tuple[str, ...] = ()
    noun: ClassVar[str] = "predictions"

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return (*NEEDED, *self.score_columns)

    @property
    def score_columns(self) -> list[str]:
        """Names of the probability columns, in class order."""
        return [SCORE + name for name in self.classes]

    def arrays(self, model: str, split: str = "test") -> tuple[np.ndarray, np.ndarray, pd.Index]:
        """Return ``y_true`` (n,) class indices, ``y_score`` (n, n_classes), and the row ids, for labelled rows."""
        rows = self.of(model, split)
        rows = rows[rows["y_true"].notna()]
        index = {name: i for i, name in enumerate(self.classes)}
        codes, names = pd.factorize(rows["y_true"])
        y_true = np.array([index[name] for name in names], dtype=np.int64)[codes]
        return y_true, rows[self.score_columns].to_numpy(dtype=float), rows.index


@dataclass(frozen=True)
class Evaluation(Told):
    """Metrics with intervals and n, and the curves behind them.

    Parameters
    ----------
    metrics : pandas.DataFrame
        Columns ``model, metric, value, low, high, n`` on the test rows; ``low``/``high`` are the 95 % bootstrap
        interval.
    curves : dict
        ``curves[model]["roc"]`` etc., plain JSON: ``roc`` {fpr, tpr, threshold}, ``pr`` {recall, precision, threshold}
        (None where undefined; with more than two classes the mean, without thresholds, and each class in
        ``roc_by_class``, ``pr_by_class``), ``calibration`` {predicted, observed, count, low, high},
        ``calibration_before``, ``confusion`` (list of lists, rows are true classes), ``operating_point`` {threshold,
        sensitivity, specificity}, ``temperature`` float, ``positive`` (class name of two).
    protocol : str
        The split's protocol.
    classes : tuple of str
    bounds : dict
        The value that a perfect model would reach on the test rows, by metric, where that is less than the scale says.
    note : str
        What to keep in mind, such as that there are no labels; or empty.
    """

    metrics: pd.DataFrame
    curves: dict[str, dict[str, Any]]
    protocol: str
    classes: tuple[str, ...]
    bounds: dict[str, float] = field(default_factory=dict)
    note: str = ""

    def value(self, model: str, metric: str) -> float:
        """Return one metric's value; NaN where it is not defined."""
        rows = self.metrics[(self.metrics["model"] == model) & (self.metrics["metric"] == metric)]
        return float(rows["value"].iloc[0]) if len(rows) else float("nan")

    @classmethod
    def from_dict(cls, about: dict) -> Evaluation:
        """Return the evaluation that `as_dict` described; one written before bounds were kept has none."""
        table = pd.DataFrame(about["metrics"], columns=None if about["metrics"] else list(METRIC_COLUMNS))
        more = dict(about.get("bounds") or {}), about.get("note", "")
        return cls(table, about["curves"], about["protocol"], tuple(about["classes"]), *more)


@dataclass(frozen=True)
class Comparison(Told):
    """Paired differences between models on the same test rows.

    Parameters
    ----------
    pairs : pandas.DataFrame
        Columns ``metric, a, b, value_a, value_b, difference, low, high, n, verdict, p, holm``; ``difference`` is a − b
        turned so that positive is better, ``verdict`` is ``"better"``, ``"worse"`` or ``"tie"`` for a, ``p`` the
        bootstrap p-value and ``holm`` the verdict after Holm's correction over the pairs of that metric.
    sentence : str
        The verdict for the best deep model against the best baseline: is deep learning worth it here?
    disagreements : pandas.DataFrame
        Columns ``row, y_true, a, b, pred_a, pred_b, score_a, score_b, distance`` sorted by ``distance``: how far the
        two models' probabilities are apart, 0…1. ``score_a`` is a's probability of the class that a predicts.
    costs : pandas.DataFrame
        Columns ``model, kind, fit_seconds, predict_ms, size_bytes, parameters``.
    note : str
        What to keep in mind where many pairs were compared, or empty.
    """

    pairs: pd.DataFrame
    sentence: str
    disagreements: pd.DataFrame = field(default_factory=pd.DataFrame)
    costs: pd.DataFrame = field(default_factory=pd.DataFrame)
    note: str = ""

    @classmethod
    def from_dict(cls, about: dict) -> Comparison:
        """Return the comparison that `as_dict` described."""
        tables = [pd.DataFrame(about.get(name) or []) for name in ("pairs", "disagreements", "costs")]
        return cls(tables[0], about["sentence"], tables[1], tables[2], about.get("note", ""))

    def between(self, a: str, b: str) -> pd.DataFrame:
        """Return the paired differences a − b, a line a metric, turned round where they are held as b − a.

        The columns are those of ``pairs``. Turning round exchanges the ends of an interval and their signs, and the
        verdicts; p stays. A metric that is not defined for one of the two is left out.
        """
        if self.pairs.empty:
            return self.pairs
        pairs = self.pairs[self.pairs["difference"].notna()]
        held = pairs[(pairs["a"] == a) & (pairs["b"] == b)]
        other = pairs[(pairs["a"] == b) & (pairs["b"] == a)]
        turned = other.assign(
            a=other["b"],
            b=other["a"],
            value_a=other["value_b"],
            value_b=other["value_a"],
            difference=-other["difference"].astype(float),
            low=-other["high"].astype(float),
            high=-other["low"].astype(float),
            verdict=other["verdict"].replace(TURNED),
            holm=other["holm"].replace(TURNED),
        )
        return turned if held.empty else held

    def tally(self, a: str, b: str) -> dict[str, int]:
        """Return by how many metrics model ``a`` is better and worse than ``b``, and a tie with it."""
        counts = self.between(a, b)["verdict"].value_counts() if len(self.pairs) else {}
        return {verdict: int(counts.get(verdict, 0)) for verdict in ("better", "worse", "tie")}


def records(table: pd.DataFrame) -> list[dict]:
    """Return a table as JSON records with missing values as None."""
    return table.astype(object).where(table.notna(), None).to_dict("records")
