"""What stands at the edges of formulas, each number worked by hand: ties, ends, one unit, nothing known."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from dl_core.evaluate.choice import best_model, default_pair
from dl_core.evaluate.curves import curves_of, pr_curve, roc_curve, thin_curve
from dl_core.evaluate.draws import Draws
from dl_core.evaluate.formulas import (
    auprc_of,
    auroc_of,
    brier,
    cumulative,
    ece,
    f1,
    false_positive_rate,
    log_loss,
    selection_rate,
    sensitivity,
    specificity,
    weighted_confusion,
)
from dl_core.evaluate.judge import judge
from dl_core.evaluate.metric import Metric
from dl_core.evaluate.pairs import PAIRS, many_note, pairs_of
from dl_core.evaluate.quantities import Ratio, exact_ends, mean_of, percentile, resample
from dl_core.evaluate.registry import ALL_METRICS
from dl_core.evaluate.scored import Scored


def test_weighted_counts_down_to_each_score_and_their_areas():
    # from the top: .9 (yes), then .5 (a yes and a no, together), .1 (no); the second resample doubles the first no
    score, positive = np.array([0.1, 0.5, 0.9, 0.5]), np.array([0.0, 1.0, 1.0, 0.0])
    weights = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 0.0, 1.0, 3.0]])
    tp, fp = cumulative(positive, score, weights)
    assert tp.tolist() == [[1, 2, 2], [1, 1, 1]] and fp.tolist() == [[0, 1, 2], [0, 3, 5]]
    # four pairs of yes and no: one tie, none the wrong way; then five, none of them tied
    assert auroc_of(tp, fp).tolist() == [3.5 / 4, 1.0]
    assert auprc_of(tp, fp) == pytest.approx([0.5 * 1 + 0.5 * 2 / 3, 1.0])


def test_confusion_rows_are_true_classes_in_every_resample():
    weights = np.array([[1.0, 1.0, 1.0, 1.0], [0.0, 2.0, 1.0, 1.0]])
    found = weighted_confusion(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0]), 3, weights)
    assert found[0].tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]
    assert found[1].tolist() == [[0, 2, 0], [0, 1, 0], [1, 0, 0]]


def test_a_roc_curve_by_hand_keeps_its_corners():
    # from the top: yes, yes, no, no, yes, no: up 2/3, right 2/3, up 1/3, right 1/3; points within a stretch go
    score, positive = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4]), np.array([1, 1, 0, 0, 1, 0]) == 1
    found = roc_curve(positive, score)
    assert found["fpr"] == pytest.approx([0, 0, 2 / 3, 2 / 3, 1], abs=1e-6)
    assert found["tpr"] == pytest.approx([0, 2 / 3, 2 / 3, 1, 1], abs=1e-6)
    assert found["threshold"][1:] == [0.8, 0.6, 0.5, 0.4] and found["threshold"][0] == pytest.approx(0.9)
    assert found["threshold"][0] > 0.9  # nothing is called there
    assert roc_curve(np.array([True]), np.array([0.3])) is None and roc_curve(positive[:0], score[:0]) is None


def test_a_roc_curve_keeps_points_where_only_one_of_the_rates_bends():
    # a tie of one yes and one no, then a no alone: the way right goes on evenly, the way up stops
    found = roc_curve(np.array([True, False, False]), np.array([0.9, 0.9, 0.2]))
    assert found["fpr"] == [0, 0.5, 1] and found["tpr"] == [0, 1, 1]
    # and the other way: up evenly, while the way right stops
    found = roc_curve(np.array([True, False, True]), np.array([0.9, 0.9, 0.2]))
    assert found["fpr"] == [0, 1, 1] and found["tpr"] == [0, 0.5, 1]


def test_a_precision_recall_curve_by_hand():
    found = pr_curve(np.array([1, 0, 1]) == 1, np.array([0.9, 0.8, 0.7]))
    assert found["recall"] == [0, 0.5, 0.5, 1] and found["precision"] == pytest.approx([1, 1, 0.5, 2 / 3], abs=1e-6)
    assert found["threshold"] == [0.9, 0.9, 0.8, 0.7]
    assert pr_curve(np.array([False, False]), np.array([0.3, 0.4])) is None


def test_a_thinned_curve_keeps_its_ends_and_is_even_along_its_way():
    x, y = np.linspace(0, 1, 101), np.zeros(101)
    assert thin_curve(x, y, 101).tolist() == list(range(101))
    # ends, ten places evenly along x (100 steps by nines: 0, 11.1, … 100), and none but the start along y
    found = thin_curve(x, y, 20)
    assert found.tolist() == [0, 12, 23, 34, 45, 56, 67, 78, 89, 100]
    # where the way begins with a leap of a half, the point after it stands for all places within the leap
    assert thin_curve(np.r_[0.0, np.linspace(0.5, 1, 100)], y, 20)[:2].tolist() == [0, 1]
    steep = np.r_[np.zeros(50), np.linspace(0, 1, 51)]  # all of y's way lies in the second half
    assert thin_curve(np.zeros(101), steep, 10).tolist() == [0, 75, 100]  # three places of y: 0, 1/2 and 1


def test_ratios_and_intervals_of_few_units():
    table = Ratio(np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([[2.0, 4.0], [2.0, 0.0]]))
    assert table.value == pytest.approx((4 / 4 + 2 / 4) / 2) and table.n == 2
    weights = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 2.0]])
    found = table.resampled(weights)
    assert found[:2] == pytest.approx([0.75, (1 / 2 + 2 / 4) / 2]) and math.isnan(found[2])
    inside = table.within(np.array([True, False]))
    assert inside.value == pytest.approx(0.5) and inside.n == 1
    # always the same value of five units is an interval of no width; of one unit there is none
    assert mean_of(np.full(5, 3.0)).interval(np.full(9, 3.0)) == (3.0, 3.0)
    assert np.isnan(mean_of(np.array([3.0])).interval(np.full(9, 3.0))).all()
    assert mean_of(np.array([3.0, np.nan])).n == 1
    assert mean_of(np.zeros(4), (-1.0, 1.0)).interval(np.linspace(-3, 3, 101)) == (-1.0, 1.0)
    assert not mean_of(np.zeros(4), (-1.0, 1.0)).share and mean_of(np.zeros(4), (0.0, 1.0)).share


def test_percentiles_need_half_of_the_values():
    nan = math.nan
    assert percentile(np.array([nan, 2.0]))[0] == 2.0 and math.isnan(percentile(np.array([nan, nan, 2.0]))[0])
    assert percentile(np.arange(1001.0)) == pytest.approx((25.0, 975.0))


def test_a_mere_nought_or_one_gets_the_exact_interval():
    assert exact_ends(1.0, 1.0, 3) == pytest.approx((0.025 ** (1 / 3), 1.0))
    assert exact_ends(0.0, 0.0, 3) == pytest.approx((0.0, 1 - 0.025 ** (1 / 3)))
    assert exact_ends(0.0, 0.0, 3, 0.8) == pytest.approx((0.0, 1 - 0.1 ** (1 / 3)))
    assert exact_ends(0.5, 0.5, 3) == (0.5, 0.5) and exact_ends(0.0, 1.0, 3) == (0.0, 1.0)
    assert exact_ends(0.0, 0.0, 0) == (0.0, 0.0)


def test_ratios_with_sums_in_common_keep_apart():
    ones = np.ones(3)
    made = {
        "mean": Ratio(np.array([1.0, 2.0, 6.0]), ones),
        "other": Ratio(np.array([0.0, 1.0, 0.0]), ones),
        "table": Ratio(np.array([[1.0, 1.0], [1.0, 2.0], [0.0, 3.0]]), np.array([[2.0, 1.0], [2.0, 1.0], [1.0, 1.0]])),
    }
    blocks = [np.ones((1, 3)), np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0]])]
    found = resample(made, blocks)
    assert found["mean"] == pytest.approx([3, 8 / 3, 2]) and found["other"] == pytest.approx([1 / 3, 0, 1])
    assert found["table"] == pytest.approx([(2 / 5 + 2) / 2, (2 / 5 + 5 / 3) / 2, (1 / 2 + 2) / 2])
    for key, one in made.items():
        assert found[key] == pytest.approx(one.resampled(np.concatenate(blocks)))
    assert resample({}, blocks) == {} and resample({"mean": made["mean"]}, [])["mean"].shape == (0,)


@pytest.mark.parametrize("cells", [10**8, 1])
def test_nested_draws_are_as_many_as_asked_for_and_keep_to_their_series(cells, monkeypatch):
    monkeypatch.setattr("dl_core.evaluate.draws.NESTED_CELLS", cells)
    clusters = np.array([0, 0, 0, 1, 1, 1])
    weights = np.concatenate(list(Draws(6, 20, 3, clusters=clusters, nested=True)))
    assert weights.shape == (20, 6) and (weights.sum(axis=1) == 6).all()
    assert set(weights[:, :3].sum(axis=1)) <= {0.0, 3.0, 6.0}  # whole series first, then as many windows of each
    assert len({tuple(row) for row in weights.tolist()}) > 10


@dataclass
class Fitted:
    validation: float
    parameters: int
    kind: str
    state: str = "done"
    validation_error: float = 0.0


def test_the_best_model_of_a_kind_whatever_holds_it():
    models = {
        "deep": Fitted(0.8, 9, "deep"),
        "failed": Fitted(0.99, 1, "deep", "failed"),
        "small": Fitted(0.7, 1, "baseline"),
        "tree": Fitted(0.9, 5, "baseline"),
    }
    plain = {name: vars(one) for name, one in models.items()}
    for known in (models, plain):
        assert best_model(known) == "tree" and best_model(known, "deep") == "deep"
        assert best_model(known, "baseline") == "tree" and best_model(known, "none") is None
        assert default_pair(known) == ("deep", "tree")
    without = {name: plain[name] for name in ("small", "tree")}
    assert default_pair(without) == ("small", "tree")  # no deep model: the first, and the best baseline beside it
    assert default_pair({name: plain[name] for name in ("tree", "small")}) == ("tree", "small")


def two(score):
    return np.column_stack([1 - np.asarray(score, dtype=float), score])


def test_card_precision_of_resamples_by_hand():
    function = ALL_METRICS["card_precision"].weighted
    about = {"day": np.array([0, 0]), "account": np.array([7, 8]), "budget": 1.0}
    weights = np.array([[1.0, 1.0], [0.0, 2.0], [2.0, 0.0]])
    found = function(np.array([1, 0]), two([0.9, 0.5]), weights, None, about)
    assert found.tolist() == [1.0, 0.0, 1.0]  # card 8 is looked at only where card 7 was not drawn
    about = {"day": np.array([0, 1]), "account": np.array([7, 8]), "budget": 1.0}
    found = function(np.array([1, 0]), two([0.9, 0.5]), np.array([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]), None, about)
    assert found[:2].tolist() == [0.5, 0.0] and math.isnan(found[2])  # a day without cards is no day


def test_cards_found_in_part_are_blocked_in_part():
    # day 0: two fraud cards tie for one place, so half of each is found and blocked; day 1: half of card 1 (honest
    # that day) is looked at, and half of card 3 (fraud), so 1 and then 1/2
    about = {"day": np.array([0, 0, 1, 1]), "account": np.array([1, 2, 1, 3]), "budget": 1.0}
    value = ALL_METRICS["card_precision"](np.array([1, 1, 0, 1]), two([0.9, 0.9, 0.8, 0.7]), None, about)
    assert value == pytest.approx(0.75)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 9])
def test_queues_of_every_length_look_at_the_highest_scores(n):
    # the highest is fraud, and what else is lies at the very end
    y, score = np.zeros(n, dtype=int), np.linspace(0.9, 0.1, n)
    y[[0, -1]] = 1
    about = {"day": np.zeros(n), "account": np.arange(n), "budget": 1.0}
    assert ALL_METRICS["precision_at_k"](y, two(score), None, about) == 1.0
    assert ALL_METRICS["recall_at_k"](y, two(score), None, about) == pytest.approx(1 / y.sum())
    assert ALL_METRICS["card_precision"](y, two(score), None, about) == 1.0
    weights = np.zeros((2, n))
    weights[0, -1] = weights[1, 0] = 3.0  # only one of them was drawn, three times
    found = ALL_METRICS["precision_at_k"].weighted(y, two(score), weights, None, about)
    assert found.tolist() == [1.0, 1.0]


def test_what_curves_hold_beside_the_lines():
    # at 0.5: one of two yes is found, one of two no is passed; a temperature of 2 undone squares the odds
    y, score = np.array([1, 1, 0, 0]), two([0.8, 0.2, 0.75, 0.1])
    found = curves_of(Scored(y, score, 0.5), ("no", "yes"), 2.0)
    assert found["confusion"] == [[1, 1], [1, 1]] and found["positive"] == "yes" and found["temperature"] == 2.0
    assert found["operating_point"] == {"threshold": 0.5, "sensitivity": 0.5, "specificity": 0.5}
    assert found["calibration"]["predicted"] == pytest.approx([0.1, 0.2, 0.75, 0.8])
    odds = np.array([1 / 9, 1 / 4, 3, 4]) ** 2
    expected = odds / (1 + odds)  # of 0.012 and 0.059 a bin, of 0.9 and 0.941 another
    assert found["calibration_before"]["predicted"] == pytest.approx([expected[:2].mean(), expected[2:].mean()])
    assert curves_of(Scored(y, score, None), ("no", "yes"))["operating_point"]["threshold"] == 0.5
    one = curves_of(Scored(y[:2], score[:2], 0.3), ("no", "yes"))
    assert one["roc"] is None and one["operating_point"]["specificity"] is None and one["pr"] is not None


def test_curves_of_three_classes_are_the_mean_of_those_that_are_defined():
    score = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.5, 0.4, 0.1]])
    found = curves_of(Scored(np.array([0, 1, 1]), score, None), ("a", "b", "c"))
    assert sorted(found["roc_by_class"]) == sorted(found["pr_by_class"]) == ["a", "b"]
    assert found["confusion"] == [[1, 0, 0], [1, 1, 0], [0, 0, 0]] and found["positive"] is None
    assert found["operating_point"]["threshold"] is None
    assert found["roc"]["fpr"][0] == 0 and found["roc"]["fpr"][50] == 0.5 and found["roc"]["fpr"][-1] == 1
    assert found["roc"]["tpr"][-1] == 1.0


def test_a_word_about_many_comparisons_from_four_pairs_on():
    def note(count):
        lines = [
            ("auroc", "a", str(at), *[0.5] * 5, 9, "better" if at < 2 else "tie", 0.5, "tie") for at in range(count)
        ]
        lines.append(("f1", "a", "b", *[0.5] * 5, 9, "worse", 0.5, "worse"))
        return many_note(pd.DataFrame(lines, columns=PAIRS), ALL_METRICS["auroc"])

    assert note(3) == "" and note(4).startswith("4 pairs were compared") and "2 differ; 0 after Holm's" in note(4)


def test_values_are_turned_so_that_more_is_better():
    values = np.array([0.2, 0.9, 0.5])
    assert Metric("up", "", "", float).gap(values).tolist() == [0.2, 0.9, 0.5]
    assert Metric("down", "", "", float, higher_is_better=False).gap(values).tolist() == [-0.2, -0.9, -0.5]
    assert Metric("at", "", "", float, target=0.5).gap(values) == pytest.approx([-0.3, -0.4, 0.0])
    assert Metric("nought", "", "", float, target=0.0).gap(-0.25) == -0.25


def test_rates_of_two_and_of_three_classes_by_hand():
    y, score = np.array([0, 0, 0, 0, 1, 1]), two([0.9, 0.6, 0.2, 0.1, 0.3, 0.7])
    assert false_positive_rate(y, score, 0.5) == 0.5 and false_positive_rate(y, score, 0.8) == 0.25
    assert false_positive_rate(y, score, 0.95) == 0.0 and false_positive_rate(y, score, 0.6) == 0.5  # .6 reaches it
    assert selection_rate(y, score, 0.5) == 0.5 and sensitivity(y, score, 0.5) == 0.5
    three = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.2, 0.5, 0.3], [0.3, 0.1, 0.6]])
    y = np.array([0, 1, 2, 2])
    # found: 1, 1, 1/2 of the classes; passed: 3/3, 2/3, 2/2
    assert sensitivity(y, three) == pytest.approx(2.5 / 3) and specificity(y, three) == pytest.approx(8 / 9)
    assert false_positive_rate(y, three) == pytest.approx(1 / 9)
    assert f1(y, three) == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert sensitivity(y, three, positive=2) == 0.5 and specificity(y, three, positive=1) == pytest.approx(2 / 3)
    assert sensitivity(y, three, 0.25, positive=2) == 1.0 and specificity(y, three, 0.25, positive=2) == 0.5
    assert selection_rate(y, three) == 0.25
    assert brier(y, three) == pytest.approx((0.38 + 0.26 + 0.78 + 0.26) / 4)
    assert log_loss(y, three) == pytest.approx(-np.log([0.5, 0.6, 0.3, 0.6]).mean())
    # the top probabilities .5 (right), .6 (right), .5 (wrong), .6 (right): bins of .5 and of .6
    assert ece(y, three) == pytest.approx((abs(0.5 + 0.5 - 1) + abs(0.6 + 0.6 - 2)) / 4)


def test_a_probability_of_one_shares_the_last_bin():
    y, score = np.array([0, 0, 0, 1, 0]), two([0.05, 0.05, 0.05, 0.95, 1.0])
    assert ece(y, score) == pytest.approx((3 * 0.05 + (1 - 0.05)) / 5)  # the last two: −.05 and 1 make .95
    assert ece(np.array([1, 0]), two([0.85, 0.95])) == pytest.approx((0.15 + 0.95) / 2)  # two bins, not one


def test_rows_of_one_unit_have_numbers_and_no_interval():
    y_true, better, worse = np.array([0, 1, 0, 1]), np.array([0.1, 0.9, 0.2, 0.8]), np.array([0.1, 0.9, 0.8, 0.2])
    accuracy = ALL_METRICS["accuracy"]
    for clusters, told in ((np.zeros(4, int), False), (np.array([0, 0, 1, 1]), True)):
        units = {
            name: Scored(y_true, np.column_stack([1 - score, score]), 0.5, clusters=clusters)
            for name, score in (("better", better), ("worse", worse))
        }
        found = judge(units, [accuracy])["better"]
        (one,) = found.values()
        assert one.value == 1.0 and np.isnan(one.low) != told
        (pair,) = pairs_of(units, [accuracy]).itertuples()
        assert pair.difference == 0.5
        assert (np.isnan(pair.low), pair.verdict) == (not told, "tie")
