"""From an unusualness without unit to a probability: by its rank among training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SHARE = 0.01  # of rows that are taken to be unusual where no label says more; a row at this rank gets 0.5
KNOTS = 400
LEAST = 1e-9  # no rank is rarer: beyond the most unusual training row the line is drawn on until here


@dataclass(frozen=True)
class RankMap:
    """A rising map from unusualness to probability.

    A row that is exceeded by the share r of the training rows gets ``SHARE / (SHARE + r)``. Between the training rows,
    log r is linear in the unusualness; beyond the last it goes on with the slope of the last hundredth, so that rows
    more unusual than all of training keep their order.

    Parameters
    ----------
    at : numpy.ndarray
        (k,) rising.
    log_share : numpy.ndarray
        (k,) natural logarithm of the share of training rows beyond, falling.
    slope : float
        Of the line beyond the last, at most 0.
    """

    at: np.ndarray
    log_share: np.ndarray
    slope: float

    @classmethod
    def fit(cls, values: np.ndarray, sample_weight: np.ndarray | None = None) -> RankMap:
        """Return the map of training rows' unusualness (n,), with their weights (n,)."""
        order = np.argsort(values, kind="stable")
        weight = np.ones(len(values)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)[order]
        beyond = (weight.sum() - np.cumsum(weight) + 0.5 * weight) / max(weight.sum(), 1e-12)  # half of itself
        log_share = np.log(np.clip(beyond, LEAST, 1.0))
        knots = np.unique(np.searchsorted(-log_share, np.linspace(0, -log_share[-1], KNOTS)).clip(0, len(values) - 1))
        knots = np.unique(np.concatenate([[0], knots, [len(values) - 1]]))
        at, kept = np.unique(values[order][knots], return_index=True)
        shares = log_share[knots][kept]
        early = int(np.searchsorted(-shares, -shares[-1] - np.log(100)).clip(0, max(0, len(at) - 2)))
        rise = at[-1] - at[early]
        slope = (shares[-1] - shares[early]) / rise if rise > 0 else -1.0
        return cls(at, shares, float(min(slope, -1e-6)))

    def probability(self, values: np.ndarray) -> np.ndarray:
        """Return probabilities (n,) in 0…1, rising with ``values`` (n,)."""
        inside = np.interp(values, self.at, self.log_share)
        past = np.maximum(values - self.at[-1], 0.0) * self.slope
        before = np.maximum(self.at[0] - values, 0.0)
        share = np.exp(np.maximum(inside + past, np.log(LEAST)))
        return SHARE / (SHARE + share * (1 + before / (1 + before)))

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as arrays by name."""
        return {"at": self.at, "log_share": self.log_share, "slope": np.array(self.slope)}

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> RankMap:
        """Return the map of what `arrays` gave."""
        return cls(arrays["at"], arrays["log_share"], float(arrays["slope"]))
