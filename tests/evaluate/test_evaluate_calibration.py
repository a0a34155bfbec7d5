"""Temperature, reliability and the two cuts, against numbers that are known beforehand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl_core.errors import OptionError
from dl_core.evaluate.calibration import (
    apply_temperature,
    best_cut,
    cuts_and_sums,
    fit_temperature,
    pick_threshold,
    pick_threshold_for_money,
    pick_uncertain,
    reliability,
    wilson,
)
from dl_core.evaluate.formulas import log_loss


def two(score):
    score = np.asarray(score, dtype=float)
    return np.column_stack([1 - score, score])


@pytest.mark.parametrize("factor", [0.5, 2.0, 3.0])
def test_temperature_undoes_over_and_under_confidence(factor):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 3))
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y_true = (rng.random((20_000, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    said = apply_temperature(honest, 1 / factor)  # logits times the factor
    fitted = fit_temperature(y_true, said)
    assert fitted == pytest.approx(factor, rel=0.05)
    assert log_loss(y_true, apply_temperature(said, fitted)) < log_loss(y_true, said)


def test_temperature_by_hand():
    # log-odds of 0.8 are ln 4 = 2 ln 2, so T = 2 gives odds of 2
    assert apply_temperature(two([0.8]), 2.0) == pytest.approx(two([2 / 3]))


def test_temperature_stays_finite_and_needs_two_classes():
    perfect = two([0.1] * 20 + [0.9] * 20)
    labels = np.array([0] * 20 + [1] * 20)
    assert 0.2 < fit_temperature(labels, perfect) < 1.0
    assert fit_temperature(np.zeros(5, dtype=int), two([0.1] * 5)) == 1.0
    with pytest.raises(OptionError, match="over 0"):
        apply_temperature(perfect, 0.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(1, 50), min_size=3, max_size=3), min_size=1, max_size=8), st.floats(0.2, 5))
def test_temperature_keeps_the_order_and_can_be_undone(counts, temperature):
    score = np.array(counts, dtype=float)
    score /= score.sum(axis=1, keepdims=True)
    scaled = apply_temperature(score, temperature)
    assert scaled.sum(axis=1) == pytest.approx(1.0)
    assert (np.sign(scaled[:, 0] - scaled[:, 1]) * np.sign(score[:, 0] - score[:, 1]) >= 0).all()
    assert np.take_along_axis(score, scaled.argmax(axis=1)[:, None], 1)[:, 0] == pytest.approx(score.max(axis=1))
    assert apply_temperature(scaled, 1 / temperature) == pytest.approx(score)


def test_wilson_textbook_value():
    low, high = wilson(np.array([8.0]), np.array([10.0]))
    assert (low[0], high[0]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    low, high = wilson(np.array([0.0]), np.array([10.0]))
    assert low[0] == 0.0 and high[0] == pytest.approx(0.2775, abs=1e-4)


def test_reliability_by_hand():
    curve = reliability(np.array([0, 1, 1, 1]), two([0.11, 0.19, 0.95, 1.0]))
    assert curve["predicted"] == pytest.approx([0.15, 0.975])
    assert curve["observed"] == [0.5, 1.0] and curve["count"] == [2, 2]
    three = reliability(np.array([0, 2]), np.array([[0.6, 0.2, 0.2], [0.1, 0.62, 0.28]]))
    assert three["predicted"] == pytest.approx([0.61]) and three["observed"] == [0.5]


def test_youden_threshold_against_a_plain_loop():
    rng = np.random.default_rng(1)
    y_true = rng.integers(0, 2, 80)
    score = np.clip(rng.normal(0.3 + 0.3 * y_true, 0.2), 0, 1).round(2)

    def youden(cut):
        return (score[y_true == 1] >= cut).mean() + (score[y_true == 0] < cut).mean()

    best = max(youden(cut) for cut in np.linspace(-0.005, 1.005, 102))
    assert youden(pick_threshold(y_true, two(score))) == pytest.approx(best)


def test_threshold_between_parted_classes_is_half_way():
    assert pick_threshold(np.array([0, 0, 1]), two([0.1, 0.2, 0.8])) == pytest.approx(0.5)


def test_no_threshold_to_pick():
    assert pick_threshold(np.array([1, 1]), two([0.1, 0.2])) is None
    assert pick_threshold(np.array([0, 1, 2]), np.eye(3)) is None
    with pytest.raises(OptionError, match="picks no threshold"):
        pick_threshold(np.array([0, 1]), two([0.1, 0.2]), "luck")


def test_uncertain_cut_reaches_the_accuracy():
    score = two([0.95] * 18 + [0.6, 0.55])
    y_true = np.array([1] * 18 + [0, 0])
    cut = pick_uncertain(y_true, score)
    flagged = score.max(axis=1) < cut
    assert flagged.tolist() == [False] * 18 + [True, True]


def test_uncertain_flags_no_more_than_a_fifth():
    score = two(np.linspace(0.51, 0.99, 100))
    wrong = np.zeros(100, dtype=int)  # never right: no cut reaches the accuracy
    assert (score.max(axis=1) < pick_uncertain(wrong, score)).sum() == 20


def test_uncertain_flags_the_least_sure_of_a_good_model():
    score = two(np.linspace(0.51, 0.99, 100))
    assert (score.max(axis=1) < pick_uncertain(np.ones(100, dtype=int), score)).sum() == 5
    assert pick_uncertain(np.ones(50, dtype=int), two(np.full(50, 0.99))) <= 0.99  # none flagged
    assert pick_uncertain(np.array([], dtype=int), np.zeros((0, 2))) is None


def test_the_cut_of_the_best_f1_and_of_most_money_by_hand():
    y, score = np.array([0, 1, 0, 1]), two([0.1, 0.4, 0.6, 0.9])
    # from .25 on: 2 of 2 found, 1 alarm: F1 = 4/5; from .75 on: 1 found: 2/3
    assert pick_threshold(y, score, "f1") == pytest.approx(0.25)
    about = {"amount": np.array([50.0, 10.0, 50.0, 100.0]), "review_cost": 6.0, "loss_share": 0.5}
    # each review costs 6; the fraud of 10 saves 5, that of 100 saves 50: 44 from .75 on, 37 from .25 on
    assert pick_threshold_for_money(y, score, about) == pytest.approx(0.75)
    assert pick_threshold_for_money(y, score, {**about, "amount": np.full(4, 100.0)}) == pytest.approx(0.25)
    for unknown in ({**about, "review_cost": 0.0}, {"amount": about["amount"]}):
        assert pick_threshold_for_money(y, score, unknown) == pytest.approx(0.25)
    assert pick_threshold_for_money(np.ones(4, dtype=int), score, about) is None
    assert pick_threshold_for_money(np.zeros(4, dtype=int), score, about) is None


def test_candidate_cuts_and_what_lies_at_or_above_them():
    cuts, sums = cuts_and_sums(np.array([0.5, 0.2, 0.5, 0.8]), np.array([[1.0, 1], [2, 0], [4, 0], [8, 1]]))
    assert cuts[:3].tolist() == [0.2, 0.35, 0.65] and cuts[3] > 0.8 and cuts[3] == pytest.approx(0.8)
    assert sums.tolist() == [[15, 2], [13, 2], [8, 1], [0, 0]]
    assert best_cut(np.array([0.1, 0.4, 0.7]), np.array([2.0, 2.0, 1.0])) == 0.4
    assert best_cut(np.array([0.1, 0.4, 0.7]), np.array([2.0, 1.0, 2.0])) == 0.7


def test_bins_of_a_rare_class_hold_equal_shares_of_what_is_expected():
    # 100 rows at .01, 4 at .25 and 1 at 1: each of the three holds one expected positive
    predicted = np.r_[np.full(100, 0.01), np.full(4, 0.25), 1.0]
    y = np.zeros(105, dtype=int)
    y[[3, -1]] = 1
    found = reliability(y, two(predicted), 3)
    assert found["count"] == [100, 4, 1] and found["predicted"] == pytest.approx([0.01, 0.25, 1.0])
    assert found["observed"] == [0.01, 0.0, 1.0]
    low, high = wilson(np.array([1.0, 0.0, 1.0]), np.array([100.0, 4.0, 1.0]))
    assert found["low"] == pytest.approx(low) and found["high"] == pytest.approx(high)


def test_the_uncertain_cut_by_hand():
    top = np.array([0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99])
    wrong = np.ones(10, dtype=int)
    wrong[[0, 2]] = 0  # the first and the third are decided wrongly
    # of the eight from .65 on 7/8 are right, of the seven from .7 on all, which flags three
    assert pick_uncertain(wrong, two(top), accuracy=0.95, most=0.3) == 0.7
    assert pick_uncertain(wrong, two(top), accuracy=0.95, most=0.2) == 0.65  # no more than two
    assert pick_uncertain(wrong, two(top), accuracy=0.85, most=0.3) == 0.6  # 8 of 9
    assert pick_uncertain(wrong, two(top), accuracy=0.8, most=0.3, least=0.5) == pytest.approx(0.775)  # half of all
    assert pick_uncertain(wrong, two(top), 0.97, accuracy=1.0, most=0.0) == pytest.approx(0.5725)  # 5 % of the way


def test_a_temperature_of_three_classes_by_hand():
    # square roots of .64, .32 and .04 are .8, .566 and .2
    found = apply_temperature(np.array([[0.64, 0.32, 0.04]]), 2.0)
    roots = np.sqrt([0.64, 0.32, 0.04])
    assert found[0] == pytest.approx(roots / roots.sum())
    assert apply_temperature(np.array([[1.0, 0.0]]), 2.0)[0] == pytest.approx([1 / (1 + 1e-6), 1e-6 / (1 + 1e-6)])
