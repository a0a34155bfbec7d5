import numpy as np
import pytest

from dl_core.errors import OptionError
from dl_core.train.novelty import Novelty

RNG = np.random.default_rng(0)


def cluster(count, centre=0.0):
    """Points on a thin disc: wide in two directions, narrow in the other six."""
    wide = RNG.normal(0, 3, (count, 2))
    narrow = RNG.normal(0, 0.3, (count, 6))
    return np.concatenate([wide, narrow], axis=1) + centre


def test_a_cluster_elsewhere_is_novel_and_the_same_cluster_is_not():
    novelty = Novelty.fit(cluster(400), cluster(200))
    assert novelty.judge(cluster(500))[1].mean() < 0.05
    assert novelty.judge(cluster(50, centre=4.0))[1].all()


def test_far_along_a_narrow_direction_is_farther_than_along_a_wide_one():
    novelty = Novelty.fit(cluster(400), cluster(200))
    along_wide, along_narrow = np.zeros((1, 8)), np.zeros((1, 8))
    along_wide[0, 0] = along_narrow[0, 5] = 2.0
    assert novelty.distance(along_narrow)[0] > novelty.distance(along_wide)[0]
    assert not novelty.judge(along_wide)[1][0]
    assert novelty.judge(along_narrow)[1][0]


def test_broken_correlation_is_novel_although_each_feature_is_usual():
    t = RNG.normal(0, 1, (600, 1))
    tied = np.concatenate([t, t, t, t], axis=1) + RNG.normal(0, 0.05, (600, 4))
    novelty = Novelty.fit(tied[:400], tied[400:])
    assert novelty.judge(np.array([[1.0, -1.0, 1.0, -1.0]]))[1][0]
    assert not novelty.judge(np.array([[1.0, 1.0, 1.0, 1.0]]))[1][0]


def test_a_standard_gaussian_gives_the_euclidean_distance():
    points = RNG.normal(0, 1, (20_000, 4))
    novelty = Novelty.fit(points, points[:1000])
    rows = np.array([[3.0, 0, 0, 0], [0, 0, 0, 0]])
    np.testing.assert_allclose(novelty.distance(rows), [3 / 2, 0], atol=0.06)  # per square root of 4 features


def test_few_validation_rows_are_replaced_by_a_part_of_training():
    novelty = Novelty.fit(cluster(300), cluster(3))
    assert 0.5 < float(novelty.threshold) < 5
    assert novelty.judge(cluster(200))[1].mean() < 0.1
    assert not Novelty.fit(cluster(3), cluster(0)).judge(cluster(5, centre=9.0))[1].any()


def test_constant_features_do_no_harm():
    train = np.concatenate([cluster(100), np.ones((100, 2))], axis=1)
    novelty = Novelty.fit(train[:60], train[60:])
    assert np.isfinite(novelty.distance(train)).all()


def test_saving_and_loading_changes_no_verdict(tmp_path):
    novelty = Novelty.fit(cluster(200), cluster(100))
    novelty.save(tmp_path)
    rows = cluster(50, centre=1.0)
    distance, novel = novelty.judge(rows)
    again = Novelty.load(tmp_path).judge(rows)
    np.testing.assert_allclose(again[0], distance, rtol=1e-4)
    assert (again[1] == novel).mean() > 0.97
    assert Novelty.load(tmp_path / "nothing") is None


def test_other_features_are_refused_with_the_shape():
    with pytest.raises(OptionError, match=r"\(2, 5\)"):
        Novelty.fit(cluster(50), cluster(30)).distance(np.zeros((2, 5)))


def test_few_rows_of_many_features_give_what_many_rows_would():
    rows = np.random.default_rng(3).normal(size=(12, 40)) * np.linspace(0.5, 3, 40)
    few, doubled = Novelty._gaussian(rows), Novelty._gaussian(np.tile(rows, (4, 1)))
    assert few.directions.shape == (40, 4)  # a third of the rows
    np.testing.assert_allclose(few.variances, doubled.variances[: len(few.variances)], rtol=1e-6)
    np.testing.assert_allclose(np.abs((few.directions * doubled.directions[:, :4]).sum(axis=0)), 1, atol=1e-6)
