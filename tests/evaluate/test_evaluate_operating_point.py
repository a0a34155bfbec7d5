"""Counts of a threshold and confusion counts, worked by hand: exchanging missed ones and false alarms must show."""

import math

import numpy as np
import pandas as pd
import pytest

from dl_core.errors import OptionError
from dl_core.evaluate.operating_point import OperatingPoint, confusion_shares, operating_point
from dl_core.evaluate.results import Predictions

# five ill, of whom one falls under 0.5; four healthy, of whom two reach it
ILL, HEALTHY = [0.9, 0.8, 0.7, 0.5, 0.2], [0.6, 0.5, 0.4, 0.1]


@pytest.fixture
def predictions():
    score = np.array([*ILL, *HEALTHY, 0.99])
    table = pd.DataFrame({"model": "m", "split": "test", "row": range(10), "y_pred": "ill"})
    table["y_true"] = [*["ill"] * 5, *["no"] * 4, None]  # the last row has no label and counts nowhere
    return Predictions(table.assign(score_no=1 - score, score_ill=score), ("no", "ill"))


def test_counts_and_rates_by_hand(predictions):
    point = operating_point(predictions, "m", 0.5)
    assert (point.found, point.missed, point.alarms, point.passed, point.rows) == (4, 1, 2, 2, 9)
    assert point.sensitivity == pytest.approx(4 / 5) and point.specificity == pytest.approx(2 / 4)
    assert point.precision == pytest.approx(4 / 6) and point.accuracy == pytest.approx(6 / 9)


def test_the_threshold_itself_is_called_positive():
    above = OperatingPoint.of(np.array([True]), np.array([0.5]), 0.51)
    assert (OperatingPoint.of(np.array([True]), np.array([0.5]), 0.5).found, above.found, above.missed) == (1, 0, 1)


def test_rates_of_nothing_are_not_defined():
    point = OperatingPoint.of(np.zeros(2, bool), np.array([0.1, 0.2]), 0.5)
    assert math.isnan(point.sensitivity) and math.isnan(point.precision) and point.specificity == 1.0
    assert math.isnan(OperatingPoint(0.5, 0, 0, 0, 0).accuracy)


def test_three_classes_have_no_threshold(predictions):
    with pytest.raises(OptionError, match="3 classes"):
        operating_point(Predictions(predictions.table.assign(score_c=0.0), ("no", "ill", "c")), "m", 0.5)


def test_confusion_counts_are_shares_of_the_true_class():
    shares = confusion_shares([[3, 1, 0], [0, 0, 0], [2, 0, 2]])  # row: true; column: predicted
    assert shares.tolist() == [[0.75, 0.25, 0.0], [0.0, 0.0, 0.0], [0.5, 0.0, 0.5]]
