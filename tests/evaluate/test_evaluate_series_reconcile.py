"""Sums of forecasts add up: bottom-up by hand, MinT against the textbook's formula, shrinkage by plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from dl_core.data.series.hierarchy import Hierarchy
from dl_core.errors import OptionError, SchemaError
from dl_core.evaluate.series.forecasts import LEVELS, MIDDLE, mean_of
from dl_core.evaluate.series.reconcile import METHODS, central, error_covariance, reconcile, shrinkage

SUMMING = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def tree(summing=SUMMING):
    """Total, two groups, four parts; parts stand last."""
    n, below = summing.shape
    return Hierarchy(
        np.array([f"n{at}" for at in range(n)], dtype=object),
        np.array(["series"] * n, dtype=object),
        np.zeros(n, dtype=bool),
        sparse.csr_matrix(summing.astype(float)),
        np.arange(n - below, n),
    )


def quantiles_of(middle, width=2.0):
    """Quantiles around central forecasts (n, h)."""
    return np.asarray(middle, dtype=float)[:, :, None] + width * (np.array(LEVELS) - 0.5)


def test_bottom_up_by_hand():
    base = quantiles_of([[100], [30], [50], [10], [12], [20], [25]])
    found = reconcile(base, tree(), "bottom up")
    assert found[:, 0, MIDDLE].tolist() == [67, 22, 45, 10, 12, 20, 25]
    np.testing.assert_allclose(found - found[:, :, [MIDDLE]], base - base[:, :, [MIDDLE]], atol=1e-12)  # same widths


def test_none_leaves_forecasts_as_they_are():
    base = quantiles_of(np.arange(7.0)[:, None])
    assert reconcile(base, tree(), "none") is base


def test_mint_without_errors_by_hand():
    # two parts of variance 1 and their sum of variance 2 (structural scaling): a gap of 8 goes to them as 2, 2 and 4
    two = tree(np.array([[1, 1], [1, 0], [0, 1]]))
    found = reconcile(quantiles_of([[28.0], [10], [10]]), two, "mint")
    np.testing.assert_allclose(found[:, 0, MIDDLE], [24, 12, 12], atol=1e-9)


def textbook(base, summing, covariance):
    """S (S' W^-1 S)^-1 S' W^-1 y, as the paper has it."""
    inverse = np.linalg.inv(covariance)
    return summing @ np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse @ base)


def test_mint_is_the_textbooks_projection():
    rng = np.random.default_rng(0)
    base, errors = rng.uniform(50, 90, (7, 5)), rng.normal(0, 1, (7, 40)) * np.array([[6, 4, 3, 2, 2, 1, 1]]).T
    errors[0] += errors[3] + errors[4]
    found = reconcile(quantiles_of(base), tree(), "mint", errors)[:, :, MIDDLE]
    np.testing.assert_allclose(found, textbook(base, SUMMING, error_covariance(errors, tree())), rtol=1e-8)


def test_forecasts_that_add_up_already_do_not_move():
    base = SUMMING @ np.random.default_rng(1).uniform(1, 9, (4, 3))
    errors = np.random.default_rng(2).normal(0, 1, (7, 30))
    np.testing.assert_allclose(reconcile(quantiles_of(base), tree(), "mint", errors), quantiles_of(base), rtol=1e-9)


def test_mint_trusts_the_node_that_errs_least():
    rng = np.random.default_rng(3)
    errors = rng.normal(0, 1, (3, 200)) * np.array([[0.01], [5], [5]])
    two = tree(np.array([[1, 1], [1, 0], [0, 1]]))
    found = reconcile(quantiles_of([[30.0], [10], [10]]), two, "mint", errors)[:, 0, MIDDLE]
    assert found[0] == pytest.approx(30, abs=0.05) and found[1] > 13


def test_shrinkage_by_plain_loops():
    errors = np.random.default_rng(4).normal(0, 1, (3, 12)) @ np.diag(np.linspace(0.5, 2, 12))
    errors[1] += errors[0]
    n, t = errors.shape
    size = np.sqrt((errors**2).mean(axis=1))
    unit = errors / size[:, None]
    top = bottom = 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                products = unit[i] * unit[j]
                top += t / (t * (t - 1)) * np.mean((products - products.mean()) ** 2)
                bottom += products.mean() ** 2
    found, weight = shrinkage(errors)
    assert weight == pytest.approx(top / bottom) and 0 < weight < 1
    expected = (1 - weight) * (errors @ errors.T / t)
    np.testing.assert_allclose(found - np.diag(np.diag(found)), expected - np.diag(np.diag(expected)), rtol=1e-9)
    np.testing.assert_allclose(np.diag(found), size**2)


def test_missing_and_few_errors():
    rng = np.random.default_rng(5)
    errors = rng.normal(0, 1, (7, 20))
    errors[2, 3] = np.nan
    np.testing.assert_allclose(error_covariance(errors, tree()), error_covariance(np.delete(errors, 3, 1), tree()))
    counts = np.diag([4.0, 2, 2, 1, 1, 1, 1])
    np.testing.assert_allclose(error_covariance(errors[:, :4], tree()), counts)  # three whole steps are too few
    np.testing.assert_allclose(error_covariance(None, tree()), counts)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.sampled_from(METHODS[1:]))
def test_sums_add_up_and_nothing_becomes_negative(seed, dead, method):
    rng = np.random.default_rng(seed)
    base = rng.exponential(10, (7, 4)) * rng.integers(0, 2, (7, 1))
    errors = rng.normal(0, 5, (7, 12))
    if dead:
        errors[[3, 4]], base[[1, 3, 4]] = 0.0, 0.0  # series that never were anything
    given = np.maximum(quantiles_of(base), 0)
    found = reconcile(given, tree(), method, errors)
    middle = found[:, :, MIDDLE]
    np.testing.assert_allclose(middle, SUMMING @ middle[3:], atol=1e-6)
    assert (found >= 0).all() and np.isfinite(found).all()
    assert (np.diff(found, axis=2) >= -1e-9).all()


def test_a_part_that_was_negative_may_stay_so():
    base = quantiles_of([[0.0], [-5], [5], [-6], [1], [2], [3]])
    found = reconcile(base, tree(), "bottom up")[:, 0, MIDDLE]
    assert found.tolist() == [0, -5, 5, -6, 1, 2, 3]


def test_unknown_ways_and_other_nodes_are_refused():
    base = quantiles_of(np.ones((7, 1)))
    with pytest.raises(OptionError, match="no reconciliation method 'top down'"):
        reconcile(base, tree(), "top down")
    with pytest.raises(SchemaError, match="3 forecasts for 7 series and sums"):
        reconcile(base[:3], tree(), "mint")


def test_three_hundred_series_are_reconciled():
    rng = np.random.default_rng(6)
    top = np.kron(np.eye(30), np.ones((1, 10)))
    summing = np.vstack([np.ones((1, 300)), top, np.eye(300)])
    base = rng.uniform(0, 50, (331, 18))
    found = reconcile(quantiles_of(base), tree(summing), "mint", rng.normal(0, 1, (331, 36)))[:, :, MIDDLE]
    np.testing.assert_allclose(found, summing @ found[31:], atol=1e-6)


def test_means_add_up_where_most_values_are_zero():
    two = tree(np.array([[1, 1], [1, 0], [0, 1]]))
    rare = np.where(np.array(LEVELS) < 0.85, 0.0, 3.0)
    total = np.maximum(1.0 + np.array(LEVELS), 0)  # the sum sells nearly every day
    given = np.stack([total, rare, rare])[:, None, :]
    means = mean_of(given)
    found = reconcile(given, two, "bottom up", means=means)
    moved = mean_of(found)[:, 0]
    assert moved[0] == pytest.approx(2 * means[1, 0], abs=1e-9) and (found >= 0).all()
    assert found[0, 0, MIDDLE] > 0.5  # by medians the sum would be 0
    assert central(means, two, "bottom up", None)[0, 0] == pytest.approx(2 * means[1, 0])
