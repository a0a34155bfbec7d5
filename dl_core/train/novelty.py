"""Is a new case unlike anything in training? A Gaussian of the training rows' features, and a distance from it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from dl_core.errors import OptionError
from dl_core.models.store import load_arrays, save_arrays

FILE = "novelty.npz"
DIRECTIONS = 64  # at most
QUANTILE = 0.99  # of held-out distances; further away counts as novel
FEWEST = 20  # held-out rows without which a part of the training rows is held out instead
STEADY = 1e-6  # least variance


@dataclass(frozen=True)
class Novelty:
    """Mahalanobis distance under a Gaussian with few free directions (probabilistic principal components).

    Tipping and Bishop (1999), *Probabilistic Principal Component Analysis*: the ``DIRECTIONS`` largest principal
    directions keep their variance, all others share their mean variance, so that the covariance is shrunk and can be
    inverted with few rows. Deviation: features are standardised first, and the shared variance takes in a tenth of the
    mean, so that a direction without spread in training does not make every new row novel.

    Parameters
    ----------
    centre, spread : numpy.ndarray
        (d,) mean and standard deviation of the training features.
    directions : numpy.ndarray
        (d, k) orthonormal.
    variances : numpy.ndarray
        (k,)
    rest : numpy.ndarray
        () shared variance of the other directions.
    threshold : numpy.ndarray
        () distance above which a row is novel.
    """

    centre: np.ndarray
    spread: np.ndarray
    directions: np.ndarray
    variances: np.ndarray
    rest: np.ndarray
    threshold: np.ndarray

    @classmethod
    def fit(cls, train: np.ndarray, validation: np.ndarray) -> Novelty:
        """Fit on features (n, d) of training rows; the threshold is the 99 % quantile of held-out rows' distances."""
        train = np.asarray(train, dtype=np.float64)
        held_out = np.asarray(validation, dtype=np.float64)
        if len(held_out) >= FEWEST:
            return cls._gaussian(train)._with_threshold(held_out)
        fifth = np.arange(len(train)) % 5 == 4
        if not fifth.any():
            return cls._gaussian(train)  # too few rows to say what is far: nothing is called novel
        part = cls._gaussian(train[~fifth])._with_threshold(train[fifth])
        whole = cls._gaussian(train)
        return cls(**{**whole.arrays(), "threshold": part.threshold})

    @classmethod
    def _gaussian(cls, train: np.ndarray) -> Novelty:
        centre, spread = train.mean(axis=0), np.sqrt(train.var(axis=0) + STEADY)
        z = (train - centre) / spread  # (n, d)
        values, vectors = _directions(z)
        kept = max(0, min(DIRECTIONS, len(z) // 3, z.shape[1] - 1))
        total = (z**2).sum() / len(z)  # of all variances
        others = max((total - values[:kept].sum()) / (z.shape[1] - kept), 0.0)
        rest = 0.9 * others + 0.1 * max(total / z.shape[1], 0.1)
        variances = np.maximum(values[:kept], rest)
        return cls(centre, spread, vectors[:, :kept], variances, np.asarray(rest), np.asarray(np.inf))

    def _with_threshold(self, held_out: np.ndarray) -> Novelty:
        return Novelty(**{**self.arrays(), "threshold": np.quantile(self.distance(held_out), QUANTILE)})

    def distance(self, features: np.ndarray) -> np.ndarray:
        """Return the distance of each row of features (n, d), (n,), per square root of d: about 1 for a typical row.

        Raises
        ------
        OptionError
            If there are more or fewer features than in training.
        """
        features = np.asarray(features, dtype=np.float64)
        if features.ndim != 2 or features.shape[1] != len(self.centre):
            raise OptionError(f"features of shape {features.shape}", expected=f"(n, {len(self.centre)})")
        z = (features - self.centre) / self.spread
        along = z @ self.directions  # (n, k)
        across = np.maximum((z**2).sum(axis=1) - (along**2).sum(axis=1), 0.0)
        return np.sqrt(((along**2 / self.variances).sum(axis=1) + across / self.rest) / z.shape[1])

    def judge(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the distances (n,) and whether each row is unlike the training rows (n,) bool."""
        distance = self.distance(features)
        return distance, distance > self.threshold

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything as arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def save(self, folder: Path) -> None:
        """Write ``novelty.npz`` into a run's folder."""
        arrays = self.arrays()
        arrays["directions"] = arrays["directions"].astype(np.float32)
        save_arrays(folder / FILE, arrays)

    @classmethod
    def load(cls, folder: Path) -> Novelty | None:
        """Return what `save` wrote, or None where a run has none."""
        path = Path(folder) / FILE
        return cls(**load_arrays(path)) if path.is_file() else None


def _directions(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return variances, largest first, and orthonormal directions (d, …) of centred rows (n, d), the cheaper way."""
    if len(z) < z.shape[1]:
        _, singular, vectors = np.linalg.svd(z, full_matrices=False)
        return singular**2 / len(z), vectors.T
    values, vectors = np.linalg.eigh(z.T @ z / len(z))  # ascending
    return values[::-1], vectors[:, ::-1]
