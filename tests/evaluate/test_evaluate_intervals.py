"""The bootstrap: what its draws hold, and whether its intervals mean what they say."""

from dataclasses import replace

import numpy as np
import pytest

from dl_core.evaluate import judge as one_judge
from dl_core.evaluate.draws import Draws, codes_of, resamples_for
from dl_core.evaluate.judge import judge
from dl_core.evaluate.quantities import percentile, resample
from dl_core.evaluate.registry import ALL_METRICS, class_metrics
from dl_core.evaluate.scored import Scored, Weighed


def drawn(case, name, seed=0, n_resamples=None):
    return resample({"": Weighed(case, ALL_METRICS[name])}, case.draws(seed, n_resamples))[""]


def case_of(seed=0, n=200, gap=1.5):
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, 2, n)
    score = 1 / (1 + np.exp(-rng.normal(gap * (y_true - 0.5), 1.0)))
    return Scored(y_true, np.column_stack([1 - score, score]), 0.5)


def test_draws_add_up_and_are_seeded():
    weights = np.concatenate(list(Draws(50, 30, 4)))
    assert weights.shape == (30, 50) and (weights.sum(axis=1) == 50).all()
    again = np.concatenate(list(Draws(50, 30, 4)))
    other = np.concatenate(list(Draws(50, 30, 5)))
    assert (weights == again).all() and (weights != other).any()


def test_rows_of_a_unit_are_drawn_together():
    units = ["a", "a", "b", None, "b", None]
    weights = np.concatenate(list(Draws(6, 40, clusters=codes_of(units))))
    assert (weights[:, 0] == weights[:, 1]).all() and (weights[:, 2] == weights[:, 4]).all()
    assert (weights[:, 3] != weights[:, 5]).any()  # rows without a unit stand alone
    assert (weights[:, [0, 2, 3, 5]].sum(axis=1) == 4).all()


def test_blocks_join_without_a_gap(monkeypatch):
    monkeypatch.setattr("dl_core.evaluate.draws.CELLS", 25)
    blocks = list(Draws(10, 7))
    assert [len(block) for block in blocks] == [2, 2, 2, 1]


def test_interval_of_a_share_is_near_the_normal_one():
    case = case_of(n=400)
    value = ALL_METRICS["accuracy"](case.y_true, case.y_score, 0.5)
    half = 1.96 * np.sqrt(value * (1 - value) / 400)
    low, high = Weighed(case, ALL_METRICS["accuracy"]).interval(drawn(case, "accuracy", 1))
    assert low == pytest.approx(value - half, abs=0.01) and high == pytest.approx(value + half, abs=0.01)


def test_interval_holds_the_truth_about_as_often_as_it_says():
    # AUROC of two normals a distance 1.5 apart is Phi(1.5 / sqrt(2)) = 0.8556
    inside = 0
    for seed in range(60):
        case = case_of(seed, n=120)
        low, high = percentile(drawn(case, "auroc", seed, 300))
        inside += low <= 0.8556 <= high
    assert 51 <= inside <= 60  # 57 expected; fewer than 51 has a chance under 1 in 100


def test_patients_with_repeated_images_widen_the_interval():
    case = case_of(n=80)
    widths = {}
    for name, given in (("rows", None), ("units", np.repeat(np.arange(80), 5))):
        many = Scored(np.repeat(case.y_true, 5), np.repeat(case.y_score, 5, axis=0), 0.5, clusters=given)
        widths[name] = np.subtract(*percentile(drawn(many, "auroc", 2))[::-1])
    single = drawn(case, "auroc", 2)
    assert widths["units"] > 1.8 * widths["rows"]  # sqrt(5) = 2.2
    assert widths["units"] == pytest.approx(np.subtract(*percentile(single)[::-1]), rel=0.15)


def test_perfect_share_gets_the_exact_bound():
    case = Scored(np.array([0, 1, 1, 1, 1, 1]), np.array([[0.9, 0.1]] + [[0.1, 0.9]] * 5), 0.5)
    made = {one.name: case.quantity(one) for one in class_metrics(["sensitivity", "false_positive_rate"], 2)}
    draws = resample(made, case.draws(n_resamples=200))
    assert made["sensitivity"].interval(draws["sensitivity"]) == pytest.approx((0.025 ** (1 / 5), 1.0))
    low, high = made["false_positive_rate"].interval(draws["false_positive_rate"])
    assert (low, high) == pytest.approx((0.0, 0.975))


def test_mostly_undefined_is_undefined():
    assert np.isnan(percentile(np.array([np.nan, np.nan, 1.0]))).all()
    assert np.isnan(percentile(np.array([]))).all()
    assert percentile(np.array([1.0, 1.0, np.nan])) == (1.0, 1.0)


def test_models_share_their_resamples():
    case = replace(case_of(), clusters=np.arange(200) // 2)
    draws = resample({name: case.quantity(ALL_METRICS["auroc"]) for name in "ab"}, case.draws())
    assert (draws["a"] == draws["b"]).all() and len(draws["a"]) == 1000


def test_fewer_resamples_on_very_many_rows():
    assert [resamples_for(n) for n in (0, 624, 20_000, 40_000, 10**7)] == [1000, 1000, 1000, 500, 200]


class Large(Scored):
    """Rows whose quantities are said to take much room."""

    large = True


@pytest.mark.parametrize(
    ("kind", "models", "rounds", "held"), [(Scored, 2, 1, False), (Large, 1, 1, False), (Large, 2, 2, True)]
)
def test_large_models_are_judged_one_by_one_under_draws_that_are_held(kind, models, rounds, held, monkeypatch):
    given = []

    def noted(quantities, draws):
        given.append((len(quantities), isinstance(draws, list)))
        return resample(quantities, draws)

    monkeypatch.setattr(one_judge, "resample", noted)
    case = case_of()
    units = {str(at): kind(case.y_true, case.y_score, 0.5) for at in range(models)}
    found = judge(units, class_metrics(["accuracy", "auroc"], 2), n_resamples=20)
    assert given == [(2 * models // rounds, held)] * rounds
    assert all(one == found["0"] for one in found.values()) and len(found) == models
