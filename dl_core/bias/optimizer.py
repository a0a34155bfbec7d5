"""Thresholds by group that hold a fairness constraint at the least cost: fairlearn's optimizer, without drawing lots.

fairlearn's `ThresholdOptimizer` mixes two thresholds of a group at random, so that its rates meet the constraint to the
last digit. A case that is flagged today and not tomorrow cannot be explained to anyone, so each group gets the one
threshold whose rates on validation rows come closest to those of the mixture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dl_core.bias.change import shared_threshold, validation_groups, with_thresholds
from dl_core.bias.check import MIN_CASES, Decided
from dl_core.bias.remedy import Remedy, Treated
from dl_core.bias.report import Mitigation
from dl_core.errors import OptionError
from dl_core.evaluate.about import MONEY, has_columns
from dl_core.evaluate.calibration import cuts_and_sums
from dl_core.evaluate.results import Predictions
from dl_core.evaluate.scored import Scored

TARGETS = 400  # operating points tried where money decides
CUTS = 2000  # most thresholds tried of a group
SELECTION, FPR, TPR = 0, 1, 2  # columns of the rates

# constraint: fairlearn's name, the rates that must be alike, and the metric that tells whether they are
CONSTRAINTS: dict[str, tuple[str, tuple[int, ...], str]] = {
    "equalized_odds": ("equalized_odds", (FPR, TPR), "sensitivity"),
    "demographic_parity": ("demographic_parity", (SELECTION,), "selection_rate"),
    "false_positive_rate": ("false_positive_rate_parity", (FPR,), "false_positive_rate"),
}


@dataclass(frozen=True)
class _Group:
    """A group's thresholds (c,), the rates (c, 3) of calling positive from each up, and the money (c,) that saves."""

    cuts: np.ndarray
    rates: np.ndarray
    saved: np.ndarray

    def nearest(self, targets: np.ndarray, rates: Sequence[int]) -> np.ndarray:
        """Return, for each of ``targets`` (t, 3), the threshold whose ``rates`` come closest, as an index (t,)."""
        apart = np.zeros((len(targets), len(self.cuts)))
        for rate in rates:
            np.maximum(apart, np.abs(targets[:, [rate]] - self.rates[None, :, rate]), out=apart)
        return apart.argmin(axis=1)


def fit_optimizer_thresholds(
    predictions: Predictions,
    model: str,
    groups: pd.Series,
    *,
    constraint: str = "equalized_odds",
    threshold: float | None = None,
    about: pd.DataFrame | None = None,
) -> dict[str, float]:
    """Return an operating point for each group under a fairness constraint, picked on validation rows only.

    Parameters
    ----------
    predictions : Predictions
        Of two classes, with validation rows.
    groups : pandas.Series
        Group by row id.
    constraint : str
        ``"equalized_odds"``: false and true positive rates alike; ``"demographic_parity"``: the share called positive;
        ``"false_positive_rate"``: false alarms among those who are not positive.
    threshold : float or None
        The operating point for all; groups with fewer than ten validation rows of either class keep it.
    about : pandas.DataFrame or None
        Facts by row id. With amounts and costs, the thresholds are those that save most money under the constraint
        (for equalized odds: most money, as a share of what can be lost, less the largest gap between groups). Else
        balanced accuracy decides, by fairlearn's optimizer.

    References
    ----------
    Hardt, Price and Srebro (2016), *Equality of Opportunity in Supervised Learning*. Deviation: no lots are drawn, so
    the constraint holds only as closely as one threshold for each group can hold it, on validation rows.

    Raises
    ------
    OptionError
        If there are more than two classes, no validation rows or no such constraint.
    """
    if constraint not in CONSTRAINTS:
        raise OptionError(f"there is no fairness constraint {constraint!r}", expected=", ".join(CONSTRAINTS))
    shared = shared_threshold(threshold)
    case, labels = validation_groups(predictions, model, groups, shared, about)
    found = dict.fromkeys(sorted({*labels, *groups.dropna()}), shared)
    large = [name for name in found if _is_large(case.y_true[labels == name])]
    if len(large) < 2:
        return found
    parts = {name: _curves(case.take(np.flatnonzero(labels == name))) for name in large}
    kept = np.isin(labels, large)
    rates = CONSTRAINTS[constraint][1]
    if has_columns(MONEY, case.about) and float(case.about["review_cost"]) > 0:
        return found | _by_money(case.take(np.flatnonzero(kept)), parts, rates)
    targets = _fairlearn_rates(case.y_true[kept], case.y_score[kept, 1], labels[kept], constraint)
    nearest = {name: int(part.nearest(targets[name][None], rates)[0]) for name, part in parts.items()}
    return found | {name: float(parts[name].cuts[at]) for name, at in nearest.items()}


def optimizer_mitigation(decided: Decided, groups: pd.DataFrame, constraint: str = "equalized_odds") -> Mitigation:
    """Give each group the operating point of a threshold optimizer, and show what that changes and what it costs.

    Parameters
    ----------
    decided : Decided
        With validation rows, on which the thresholds are picked, and test rows, on which they are judged; its operating
        point is that of all before, None for one half.
    groups : pandas.DataFrame
        Group labels by row id; the first column is the grouping to be made fairer.
    constraint : str
        As in `fit_optimizer_thresholds`.

    Returns
    -------
    Mitigation
        Of the method ``"optimizer"``; the sentence speaks of the metric that the constraint is about.

    Raises
    ------
    OptionError
        If there are more than two classes, no groups, no validation rows or no such constraint.
    """

    def fit(labels: pd.Series, shared: float) -> dict[str, float]:
        found = decided.predictions, decided.model, labels
        return fit_optimizer_thresholds(*found, constraint=constraint, threshold=shared, about=decided.about)

    aim = CONSTRAINTS[constraint][2] if constraint in CONSTRAINTS else ""
    return with_thresholds(decided, groups, fit, "optimizer", aim)


def _is_large(y_true: np.ndarray) -> bool:
    positives = int((y_true == 1).sum())
    return min(positives, len(y_true) - positives) >= MIN_CASES


def _curves(case: Scored) -> _Group:
    """Return what each threshold would do to the rows of ``case``."""
    fraud, gain = case.y_true == 1, np.zeros(len(case.y_true))
    if has_columns(MONEY, case.about):
        loss = float(case.about["loss_share"]) * np.maximum(case.about["amount"], 0.0) * fraud
        gain = loss - float(case.about["review_cost"])
    cuts, sums = cuts_and_sums(case.y_score[:, 1], np.column_stack([np.ones(len(fraud)), ~fraud, fraud, gain]))
    rates = sums[:, :3] / sums[0, :3]
    if len(cuts) > CUTS:  # dense where few are called positive, which is where a queue is cut
        keep = np.unique(len(cuts) - np.geomspace(1, len(cuts), CUTS).astype(int))
        cuts, sums, rates = cuts[keep], sums[keep], rates[keep]
    return _Group(cuts, rates, sums[:, 3])


def _by_money(case: Scored, parts: Mapping[str, _Group], rates: Sequence[int]) -> dict[str, float]:
    """Return the thresholds that save most money, where each group comes as close as it can to one point for all."""
    everyone = _curves(case)
    at = np.unique(len(everyone.cuts) - np.geomspace(1, len(everyone.cuts), TARGETS).astype(int))
    targets = everyone.rates[at]
    nearest = {name: part.nearest(targets, rates) for name, part in parts.items()}
    saved = np.sum([part.saved[nearest[name]] for name, part in parts.items()], axis=0)
    if len(rates) > 1:  # one threshold cannot hold two rates at once, so the gap that is left is weighed against money
        reached = np.stack([part.rates[nearest[name]][:, list(rates)] for name, part in parts.items()])
        gap = (reached.max(axis=0) - reached.min(axis=0)).max(axis=1)
        at_stake = float(case.about["loss_share"]) * np.maximum(case.about["amount"], 0.0)[case.y_true == 1].sum()
        saved = saved / at_stake - gap if at_stake > 0 else -gap
    best = int(np.argmax(saved))
    return {name: float(part.cuts[nearest[name][best]]) for name, part in parts.items()}


def _fairlearn_rates(y_true: np.ndarray, score: np.ndarray, labels: np.ndarray, constraint: str) -> dict:
    """Return the rates (3,) of each group under fairlearn's randomised rule, in expectation."""
    from fairlearn.postprocessing import ThresholdOptimizer
    from sklearn.linear_model import LinearRegression

    scores = LinearRegression()  # stands for the model: it hands on the scores that it is given
    scores.coef_, scores.intercept_ = np.ones(1), 0.0
    optimizer = ThresholdOptimizer(
        estimator=scores,
        constraints=CONSTRAINTS[constraint][0],
        objective="balanced_accuracy_score",
        prefit=True,
        predict_method="predict",
    )
    optimizer.fit(score[:, None], y_true, sensitive_features=labels)
    found = {}
    for name, rule in optimizer.interpolated_thresholder_.interpolation_dict.items():
        mine = labels == name
        y, chance = y_true[mine] == 1, _chance(rule, score[mine])
        found[name] = np.array([chance.mean(), chance[~y].mean(), chance[y].mean()])
    return found


def _chance(rule: Mapping, score: np.ndarray) -> np.ndarray:
    """Return how probably fairlearn's rule calls each row positive."""
    mixed = rule["p0"] * rule["operation0"](score) + rule["p1"] * rule["operation1"](score)
    ignored = rule.get("p_ignore", 0.0)
    return ignored * rule.get("prediction_constant", 0.0) + (1 - ignored) * mixed


def _by_optimizer(treated: Treated) -> Mitigation:
    decided = Decided(treated.predictions, treated.model, **treated.judged)
    return optimizer_mitigation(decided, treated.groups, treated.constraint)


REMEDY = Remedy(
    "threshold_optimizer",
    "Fairlearn's threshold optimizer",
    "Post-processing (Hardt et al. 2016, ThresholdOptimizer of fairlearn): group-specific thresholds that meet the "
    "fairness constraint at the lowest cost; deterministic (not randomised). The group must be known at prediction "
    "time.",
    "classification",
    _by_optimizer,
    constrained=True,
)
