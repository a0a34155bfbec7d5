"""Rules with points, as an analyst writes them, or as training rows suggest them: what every model must beat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.errors import SchemaError
from dl_core.models.base import Classifier, FitContext
from dl_core.models.store import load_about, save_about
from dl_core.models.table.prior import learnable, pair
from dl_core.models.table.rule_suggest import suggest_rules, unusual_rules
from dl_core.models.table.rule_text import Condition, Rule, format_rules, parse_rules
from dl_core.schema import Role

__all__ = ["Condition", "Rule", "Rules", "format_rules", "parse_rules"]

ROLES = (Role.AMOUNT, Role.FEATURE, Role.HISTORY)
LEAST_SLOPE = 0.01  # log-odds a point: more points never mean less risk
USUAL_SLOPE, USUAL_OFFSET = 1.0, -4.6  # without labels: one point is e times the odds, and 1 in 100 is the start
PENALTY = 1.0  # C of the calibration


class Rules(Classifier):
    """The sum of a row's points, turned into a probability by a logistic curve fitted on training rows.

    ``options["rules"]`` holds the rules as text (`rule_text`); where it is empty they are suggested from the training
    rows (`rule_suggest`). Points are as written; only the curve's offset and slope are learned.

    Parameters
    ----------
    text : str
        Rules of this model, where the run brings none.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.rules: tuple[Rule, ...] = ()
        self.suggested = False
        self.offset, self.slope = USUAL_OFFSET, USUAL_SLOPE

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Read or suggest the rules and fit offset and slope."""
        self.classes = train.classes
        context.progress(0.0, "Reading the rules")
        text = str(context.options.get("rules") or "") or self.text
        if not train.labelled:
            table = _table(train)
            self.suggested = not text.strip()
            names = [*train.roles.get(Role.AMOUNT, ()), *(name for name in table if "amount /" in name)]
            self.rules = unusual_rules(table, names or list(table)) if self.suggested else self._read(text, table)
            context.progress(1.0, "Rules")
            return
        train, y, weight = learnable(train, context.sample_weight)
        table = _table(train)
        weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
        self.suggested = not text.strip()
        if self.suggested:
            self.rules = suggest_rules(table, y, weight, context.check_stop)
        else:
            self.rules = self._read(text, table)
        context.progress(0.7, f"{len(self.rules)} rules")
        self.offset, self.slope = _calibrate(self._points(table), y, weight)
        context.progress(1.0, "Rules")

    @staticmethod
    def _read(text: str, table: pd.DataFrame) -> tuple[Rule, ...]:
        texts = [name for name in table if not pd.api.types.is_numeric_dtype(table[name])]
        return parse_rules(text, list(table), texts)

    def _points(self, table: pd.DataFrame) -> np.ndarray:
        """Return each row's sum of points, (n,)."""
        self._check(table)
        total = np.zeros(len(table))
        for rule in self.rules:
            total += rule.points * rule.fires(table)
        return total

    def _check(self, table: pd.DataFrame) -> None:
        """Raise `SchemaError` where a rule asks for a column that is not there."""
        needed = {condition.column for rule in self.rules for condition in rule.conditions}
        missing = sorted(needed - set(table))
        if missing:
            raise SchemaError(
                f"there is no column {missing[0]!r}", where="rules", todo="add the column, or change the rule"
            )

    def fired(self, data: Dataset) -> list[list[str]]:
        """Return the conditions of the rules that fired, a list for each row: the reasons of its score."""
        table = _table(data)
        self._check(table)
        found: list[list[str]] = [[] for _ in range(len(table))]
        for rule in self.rules:
            for row in np.flatnonzero(rule.fires(table)):
                found[row].append(rule.words)
        return found

    def scores(self, data: Dataset) -> np.ndarray:
        """Return probabilities (n, 2)."""
        return pair(self.offset + self.slope * self._points(_table(data)))

    def parameters(self) -> int:
        """Return offset and slope, and the points of suggested rules."""
        return 2 + (len(self.rules) if self.suggested else 0)

    def save(self, folder: Path) -> None:
        """Write everything as JSON."""
        rules = [
            {"points": rule.points, "conditions": [[c.column, c.operator, c.value] for c in rule.conditions]}
            for rule in self.rules
        ]
        about = {"classes": list(self.classes), "rules": rules, "suggested": self.suggested}
        save_about(folder, {**about, "offset": self.offset, "slope": self.slope})

    @classmethod
    def load(cls, folder: Path) -> Rules:
        """Return the saved rules."""
        about = load_about(folder)
        model = cls()
        model.classes, model.suggested = tuple(about["classes"]), about["suggested"]
        model.offset, model.slope = about["offset"], about["slope"]
        model.rules = tuple(
            Rule(tuple(Condition(*condition) for condition in rule["conditions"]), rule["points"])
            for rule in about["rules"]
        )
        return model


def _table(data: Dataset) -> pd.DataFrame:
    """Return the columns that rules may ask for."""
    names = dict.fromkeys(name for role in ROLES for name in data.roles.get(role, ()) if name in data.table)
    return data.table[list(names)]


def _calibrate(points: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Return offset and slope of the logistic curve from points (n,) to y (n,)."""
    from sklearn.linear_model import LogisticRegression

    share = float(np.clip(weight[y == 1].sum() / weight.sum(), 1e-6, 1 - 1e-6))
    if points.min() == points.max():
        return float(np.log(share / (1 - share))) - LEAST_SLOPE * float(points[0]), LEAST_SLOPE
    fitted = LogisticRegression(C=PENALTY, max_iter=200).fit(points[:, None], y, sample_weight=weight)
    slope = float(fitted.coef_[0, 0])
    if slope < LEAST_SLOPE:  # these rules point the wrong way: their order stays, the offset is the usual share
        return float(np.log(share / (1 - share))) - LEAST_SLOPE * float(np.average(points, weights=weight)), LEAST_SLOPE
    return float(fitted.intercept_[0]), slope
