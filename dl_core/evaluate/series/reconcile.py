"""Make forecasts of parts and of their sums agree: bottom-up, or MinT, which shifts all of them as little as it can."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from dl_core.data.series.hierarchy import Hierarchy
from dl_core.errors import OptionError, SchemaError
from dl_core.evaluate.series.forecasts import MIDDLE

NONE, BOTTOM_UP, MINT = "none", "bottom up", "mint"
METHODS = (NONE, BOTTOM_UP, MINT)
FEWEST = 4  # steps of errors from which a covariance is estimated; fewer leave weights by the number of parts
DENSE = 5_000  # nodes up to which covariances between nodes are used, beyond it variances only
FLOOR = 1e-8  # of the mean variance, which no variance falls below


def reconcile(
    quantiles: np.ndarray,
    hierarchy: Hierarchy,
    method: str,
    residuals: np.ndarray | None = None,
    means: np.ndarray | None = None,
) -> np.ndarray:
    """Return forecasts whose central values add up.

    Each node's quantiles are moved by as much as its central forecast is, so intervals keep their width and are not
    reconciled themselves. A part whose central forecast was not negative does not become so: it is set to 0 and the
    parts are summed up anew. Quantiles of a node that had no negative ones end at 0.

    Parameters
    ----------
    quantiles : numpy.ndarray
        (n_nodes, horizon, levels) in the order of ``hierarchy.names``.
    hierarchy : Hierarchy
    method : str
        One of `METHODS`.
    residuals : numpy.ndarray or None
        (n_nodes, steps) errors of the central forecasts on validation windows, for MinT; NaN where missing.
    means : numpy.ndarray or None
        (n_nodes, horizon) means, which are made to add up instead of the medians: the median of a sum is not the sum of
        medians where most values are 0.

    Raises
    ------
    OptionError
        If there is no such method.
    SchemaError
        If the forecasts are not those of the hierarchy's nodes.

    References
    ----------
    Wickramasuriya, Athanasopoulos, Hyndman (2019), "Optimal forecast reconciliation for hierarchical and grouped time
    series through trace minimization", JASA 114(526). Deviations: errors of all steps ahead are pooled; negative
    results are set to zero as in Di Fonzo, Girolimetto (2023), "Spatio-temporal reconciliation of solar forecasts".
    """
    if method not in METHODS:
        raise OptionError(f"there is no reconciliation method {method!r}", expected=", ".join(METHODS))
    for given in (quantiles, residuals):
        if given is not None and len(given) != len(hierarchy):
            raise SchemaError(f"{len(given)} forecasts for {len(hierarchy)} series and sums", where="reconcile")
    sums = hierarchy.sums
    if method == NONE or not len(sums):
        return quantiles
    base = quantiles[:, :, MIDDLE] if means is None else means
    middle = central(base, hierarchy, method, residuals)
    moved = quantiles + (middle - base)[:, :, None]
    never = np.all(quantiles >= 0, axis=(1, 2)) & np.all(middle >= 0, axis=1)
    moved = np.where(never[:, None, None], np.maximum(moved, 0.0), moved)
    if means is None:
        moved[:, :, MIDDLE] = middle  # exactly, whatever rounding did to the difference
    return moved


def central(base: np.ndarray, hierarchy: Hierarchy, method: str, residuals: np.ndarray | None) -> np.ndarray:
    """Return central values (n_nodes, horizon) that add up; parts that were not negative do not become so."""
    parts = base[hierarchy.bottom] if method == BOTTOM_UP else mint_parts(base, hierarchy, residuals)
    return hierarchy.summing @ np.where(base[hierarchy.bottom] >= 0, np.maximum(parts, 0.0), parts)


def mint_parts(base: np.ndarray, hierarchy: Hierarchy, residuals: np.ndarray | None) -> np.ndarray:
    """Return MinT's bottom series (n_bottom, horizon) for central forecasts (n_nodes, horizon).

    With the covariance W of errors the forecasts are projected on those that add up: ``y - W C' (C W C')^-1 C y``,
    where ``C y = 0`` says that each sum is what its parts make. Only a system as large as the number of sums is solved.
    """
    sums, bottom = hierarchy.sums, hierarchy.bottom
    place = sparse.csr_matrix((np.ones(len(sums)), (np.arange(len(sums)), sums)), shape=(len(sums), len(hierarchy)))
    spread_out = sparse.csr_matrix(
        (np.ones(len(bottom)), (np.arange(len(bottom)), bottom)), shape=(len(bottom), len(hierarchy))
    )
    constraints = (place - hierarchy.summing[sums] @ spread_out).tocsr()  # C, (n_sums, n_nodes)
    covariance = error_covariance(residuals, hierarchy)
    crossed = np.asarray((constraints @ covariance).T)  # W C', since W is symmetric
    inner = constraints @ crossed
    inner[np.diag_indices_from(inner)] *= 1 + 1e-12
    gap = constraints @ base
    return base[bottom] - crossed[bottom] @ np.linalg.lstsq(inner, gap, rcond=1e-13)[0]


def error_covariance(residuals: np.ndarray | None, hierarchy: Hierarchy) -> np.ndarray:
    """Return a positive definite covariance of the nodes' errors, (n_nodes, n_nodes).

    Steps at which any node's error is missing are left out. With fewer than `FEWEST` steps left (or none given) the
    variance of a node is its number of parts, "structural scaling".

    References
    ----------
    Athanasopoulos, Hyndman, Kourentzes, Petropoulos (2017), "Forecasting with temporal hierarchies", EJOR 262(1), for
    structural scaling.
    """
    counts = np.asarray(hierarchy.summing.sum(axis=1)).ravel()
    if residuals is None:
        return np.diag(counts)
    whole = residuals[:, ~np.isnan(residuals).any(axis=0)]
    if whole.shape[1] < FEWEST or not whole.any():
        return np.diag(counts)
    if len(hierarchy) > DENSE:
        return np.diag(_floored((whole**2).mean(axis=1)))
    found = shrunk_covariance(whole)
    found[np.diag_indices_from(found)] = _floored(np.diag(found))
    return found


def shrunk_covariance(errors: np.ndarray) -> np.ndarray:
    """Return the covariance (n, n) of errors (n, steps) around 0, its correlations shrunk towards none.

    References
    ----------
    Schäfer, Strimmer (2005), "A shrinkage approach to large-scale covariance matrix estimation", SAGMB 4(1): the weight
    is the sum of the correlations' variances by the sum of their squares, between 0 and 1.
    """
    return shrinkage(errors)[0]


def shrinkage(errors: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the covariance of `shrunk_covariance` and the weight of no correlation, 0 … 1."""
    steps = errors.shape[1]
    size = np.sqrt((errors**2).mean(axis=1))
    unit = errors / np.where(size > 0, size, 1.0)[:, None]
    cross = unit @ unit.T
    variance = ((unit**2) @ (unit**2).T - cross**2 / steps) / (steps * (steps - 1))
    correlation = cross / steps
    for matrix in (variance, correlation):
        np.fill_diagonal(matrix, 0.0)
    squares = float((correlation**2).sum())
    weight = min(1.0, max(0.0, float(variance.sum()) / squares)) if squares > 0 else 1.0
    correlation *= 1 - weight
    np.fill_diagonal(correlation, 1.0)
    return correlation * np.outer(size, size), weight


def _floored(variances: np.ndarray) -> np.ndarray:
    return np.maximum(variances, FLOOR * max(float(variances.mean()), np.finfo(float).tiny))
