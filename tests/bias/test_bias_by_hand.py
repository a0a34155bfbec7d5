"""Distances between groups, the four-fifths rule and group labels at their edges, each number worked by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dl_core.bias.disparities import cost_of, disparities_of, gain_of
from dl_core.bias.four_fifths import four_fifths
from dl_core.bias.groups import NOT_STATED, make_groups

STEPS = np.linspace(0, 1, 1001)


def metric(name, higher=True, target=None, comparable=True):
    return SimpleNamespace(
        name=name,
        higher_is_better=higher,
        target=target,
        comparable=comparable,
        sign=1 if higher else -1,
        judges=True,
        gap=lambda value: (1 if higher else -1) * value,
    )


def table_of(lines):
    made = pd.DataFrame(lines, columns=["group", "metric", "value", "enough"])
    return made.assign(column="site")


def apart(metrics, lines, draws):
    drawn = SimpleNamespace(metrics=metrics, drawn={("site", *key): one for key, one in draws.items()})
    return disparities_of(drawn, table_of(lines), "site").set_index(["metric", "kind"])


def test_the_best_and_the_worst_group_and_an_interval_widened_for_three_pairs():
    lines = [("a", "auroc", 0.9, True), ("b", "auroc", 0.6, True), ("c", "auroc", 0.8, True)]
    lines += [("d", "auroc", 0.1, False), (NOT_STATED, "auroc", 0.2, True), ("e", "auroc", np.nan, True)]
    draws = {("a", "auroc"): STEPS + 1, ("b", "auroc"): np.ones(1001), ("c", "auroc"): np.ones(1001)}
    found = apart([metric("auroc")], lines, draws)
    one = found.loc[("auroc", "difference")]
    assert (one["worst"], one["best"]) == ("b", "a") and one["value"] == pytest.approx(0.3)
    assert (one["low"], one["high"]) == pytest.approx((0.05 / 6, 1 - 0.05 / 6))  # 95 % for three pairs: 98.3 %
    ratio = found.loc[("auroc", "ratio")]
    assert ratio["value"] == pytest.approx(0.6 / 0.9)
    assert (ratio["low"], ratio["high"]) == pytest.approx((1 / (2 - 0.05 / 6), 1 / (1 + 0.05 / 6)), abs=1e-4)


def test_of_losses_the_larger_is_the_worse_and_the_ratio_stays_under_one():
    lines = [("a", "brier", 0.1, True), ("b", "brier", 0.4, True)]
    draws = {("a", "brier"): np.full(9, 0.1), ("b", "brier"): np.full(9, 0.4)}
    found = apart([metric("brier", higher=False)], lines, draws)
    one, ratio = found.loc[("brier", "difference")], found.loc[("brier", "ratio")]
    assert (one["worst"], one["best"]) == ("b", "a")
    assert (one["value"], one["low"], one["high"]) == pytest.approx((0.3, 0.3, 0.3))
    assert (ratio["value"], ratio["low"], ratio["high"]) == pytest.approx((0.25, 0.25, 0.25))


def test_of_signed_errors_the_worst_is_further_from_nought_and_has_no_ratio():
    signed = metric("bias", target=0.0)
    for values, worst in (((0.5, -0.1), "a"), ((-0.5, 0.1), "a"), ((0.1, -0.5), "b"), ((0.2, 0.3), "b")):
        lines = [(name, "bias", value, True) for name, value in zip("ab", values, strict=True)]
        draws = {(name, "bias"): np.full(9, value) for name, value in zip("ab", values, strict=True)}
        found = apart([signed], lines, draws)
        one = found.loc[("bias", "difference")]
        size = abs(values[0] - values[1])
        assert (one["worst"], one["value"]) == (worst, pytest.approx(size)) and ("bias", "ratio") not in found.index
        assert (one["low"], one["high"]) == pytest.approx((size, size))


def test_equalised_odds_is_the_larger_difference_and_nought_over_nought_is_no_ratio():
    lines = [("a", "sensitivity", 0.9, True), ("b", "sensitivity", 0.7, True)]
    lines += [("a", "false_positive_rate", 0.0, True), ("b", "false_positive_rate", 0.0, True)]
    draws = {(one[0], one[1]): np.full(9, one[2]) for one in lines}
    found = apart([metric("sensitivity"), metric("false_positive_rate", higher=False)], lines, draws)
    assert found.loc[("equalised_odds", "difference"), "value"] == pytest.approx(0.2)
    assert np.isnan(found.loc[("false_positive_rate", "ratio"), "value"])
    assert found.loc[("sensitivity", "ratio"), "value"] == pytest.approx(7 / 9)
    one = apart([metric("sensitivity")], lines, draws)
    assert "equalised_odds" not in one.index.get_level_values(0)
    assert apart([metric("sensitivity", comparable=False)], lines, draws).empty
    assert apart([metric("sensitivity")], lines[:1], draws).empty


def test_what_a_remedy_gains_and_costs():
    draws = []
    for spread, level in ((0.4, 0.8), (0.1, 0.7)):  # before and after
        numbers = {
            ("site", "a", "auroc"): SimpleNamespace(value=0.5),
            ("site", "b", "auroc"): SimpleNamespace(value=0.5 + spread),
        }
        drawn = {("site", "a", "auroc"): np.full(9, 0.5), ("site", "b", "auroc"): np.full(9, 0.5 - spread)}
        drawn |= {("", "", "auroc"): np.full(9, level)}
        draws.append(SimpleNamespace(metrics=[metric("auroc")], numbers=numbers, drawn=drawn))
    lines = [("site", "auroc", "difference", "b", "a"), ("site", "auroc", "ratio", "b", "a")]
    lines += [("age", "auroc", "difference", "b", "a"), ("site", "brier", "difference", "b", "a")]
    disparities = pd.DataFrame(lines, columns=["column", "metric", "kind", "worst", "best"])
    reports = [
        SimpleNamespace(
            disparities=disparities, overall=pd.DataFrame({"metric": ["auroc"], "value": [level], "n": [50]})
        )
        for level in (0.8, 0.7)
    ]
    gain = gain_of(draws, reports, "site")
    assert len(gain) == 1 and gain.iloc[0, 1:4].tolist() == ["auroc", "b", "a"]
    assert gain.iloc[0, 4:9].tolist() == pytest.approx([0.4, 0.1, -0.3, -0.3, -0.3])
    assert gain["verdict"][0] == "closer"
    assert gain_of(draws[::-1], reports, "site")["verdict"][0] == "further apart"
    assert gain_of([draws[0]] * 2, reports, "site")["verdict"][0] == "tie"
    cost = cost_of(draws, reports).iloc[0]
    assert cost[["before", "after", "change", "low", "high"]].tolist() == pytest.approx([0.8, 0.7, -0.1, -0.1, -0.1])
    assert cost["n"] == 50 and cost["verdict"] == "worse"


def rule(values, draws=None):
    lines = [("site", name, "selection_rate", value, True) for name, value in values.items()]
    table = pd.DataFrame(lines, columns=["column", "group", "metric", "value", "enough"])
    made = {("site", name, "selection_rate"): np.full(50, value) for name, value in values.items()}
    return four_fifths(table, made | (draws or {}), ("honest", "fraud")).set_index("group")


def test_four_fifths_on_the_very_line_and_where_nobody_is_called():
    found = rule({"none": 0.0, "fifth": 0.2, "more": 0.21})
    assert found.loc["fifth", "ratio_left_alone"] == 0.8 and found.loc["fifth", "keeps_left_alone"]
    assert not found.loc["more", "keeps_left_alone"] and not found.loc["fifth", "keeps_called"]
    rates = found.loc["fifth", ["called", "left_alone", "called_favoured", "left_alone_favoured"]]
    assert rates.tolist() == [0.2, 0.8, 0.0, 1.0]
    assert rule({"a": 0.1, "b": 0.3}).loc["b", "left_alone_favoured"] == 0.9
    found = rule({"a": 0.0, "b": 0.0}).loc["b"]
    assert np.isnan(found["ratio_called"]) and found["keeps_called"] and found["ratio_left_alone"] == 1.0
    found = rule({"a": 1.0, "b": 1.0}).loc["b"]
    assert np.isnan(found["ratio_left_alone"]) and found["keeps_left_alone"] and found["ratio_called"] == 1.0


def test_intervals_of_the_four_fifths_rule():
    called = {("site", "a", "selection_rate"): np.full(1001, 0.2), ("site", "b", "selection_rate"): 0.2 + STEPS * 0.6}
    found = rule({"a": 0.2, "b": 0.5}, called).loc["b"]
    assert found["ratio_left_alone"] == pytest.approx(0.5 / 0.8) and found["ratio_called"] == pytest.approx(0.4)
    low, high = 0.2 + 0.6 * 0.025, 0.2 + 0.6 * 0.975
    assert (found["low_left_alone"], found["high_left_alone"]) == pytest.approx(((1 - high) / 0.8, (1 - low) / 0.8))
    assert (found["low_called"], found["high_called"]) == pytest.approx((0.2 / high, 0.2 / low), rel=1e-3)
    # the ratio itself decides, not an end of its interval: .7 / .8 and .2 / .24 keep the rule, .2 / .4 does not
    assert rule({"a": 0.2, "b": 0.3}, called).loc["b", "keeps_left_alone"]
    assert rule({"a": 0.2, "b": 0.24}, called).loc["b", "keeps_called"]
    assert not found["keeps_called"] and not found["keeps_left_alone"]
    # draws in which nobody of the group is called have no ratio, and the others make the interval
    none = {("site", "b", "selection_rate"): np.r_[np.zeros(20), np.full(30, 0.4)]}
    found = rule({"a": 0.2, "b": 0.3}, none).loc["b"]
    assert (found["low_called"], found["high_called"]) == pytest.approx((0.5, 0.5))


def test_small_groups_are_told_together_only_among_more_than_twelve():
    def labels(large, small):
        names = [f"g{at}" for at in range(large) for _ in range(30)]
        return pd.DataFrame({"city": names + [f"s{at}" for at in range(small) for _ in range(29)]})

    assert make_groups(labels(10, 2))["city"].nunique() == 12
    found = make_groups(labels(11, 2))["city"]
    assert found.value_counts()["others, 2 small groups"] == 58 and found.nunique() == 12
    assert make_groups(labels(12, 1))["city"].nunique() == 13  # one alone stays what it is
    assert make_groups(labels(13, 0))["city"].nunique() == 13


def test_bins_of_whole_numbers_name_their_last_one_and_others_their_end():
    whole = make_groups(pd.DataFrame({"n": [1, 2, 3, 19, 20]}), ["n"], bins={"n": [2, 3, 20]})["n"]
    assert whole.tolist() == ["n under 2", "n 2", "n 3–19", "n 3–19", "n 20 and over"]
    halves = make_groups(pd.DataFrame({"n": [1, 2.5, 3, 19, 20]}), ["n"], bins={"n": [2, 3, 20]})["n"]
    assert halves.tolist() == ["n under 2", "n 2 to under 3", *["n 3 to under 20"] * 2, "n 20 and over"]
    edges = make_groups(pd.DataFrame({"n": [1, 2, 3, 19, 20]}), ["n"], bins={"n": [2, 2.5, 20]})["n"]
    assert edges.tolist()[1] == "n 2 to under 2.5" and edges.tolist()[3] == "n 2.5 to under 20"


def test_a_ratio_without_an_interval_is_judged_by_itself():
    # in most draws nobody of the group is called, so that its ratio has no interval; .1 / .5 fails the rule anyway
    none = {("site", "b", "selection_rate"): np.r_[np.zeros(40), np.full(10, 0.4)]}
    found = rule({"a": 0.1, "b": 0.5}, none).loc["b"]
    assert np.isnan(found["low_called"]) and found["ratio_called"] == 0.2 and not found["keeps_called"]
    # and where in most draws all of the favoured group are called, so has that of those left alone
    none = {("site", "a", "selection_rate"): np.r_[np.ones(40), np.full(10, 0.1)]}
    found = rule({"a": 0.1, "b": 0.5}, none).loc["b"]
    assert np.isnan(found["low_left_alone"]) and not found["keeps_left_alone"]
