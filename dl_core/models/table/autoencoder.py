"""An autoencoder that learns what ordinary rows look like: what it cannot rebuild is suspicious. No label is seen.

A plain autoencoder fails on transactions: those of the largest errors in training pull hardest, so that it learns to
rebuild exactly what is unusual (average precision .02 to .06 on an early week of the Fraud Detection Handbook's
transactions, where the distance from the middle alone reached .25). Here the network sees each column cut to its
ordinary range, so that it cannot follow beyond, while the errors are taken from the whole value: the same network
then reached .32.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.errors import SchemaError
from dl_core.models.base import Classifier, FitContext, fitted
from dl_core.models.keras_fit import predict_batches
from dl_core.models.store import load_about, load_arrays, load_weights, save_about, save_arrays, save_weights
from dl_core.models.table.encode import TableEncoder
from dl_core.models.table.ordinary import OrdinaryRange, cut
from dl_core.models.table.prior import without_labels
from dl_core.models.table.ranks import RankMap
from dl_core.models.table.rebuild import RebuildPlan, fit_rebuild

NETWORKS = 3  # of different seeds, whose errors are averaged
UNITS = 64
NARROWEST, WIDEST = 2, 8  # numbers in the bottleneck: about a sixth of the columns
USUAL_ERROR = 0.9  # quantile of training rows' errors that is the unit of a column's error
SMALLEST_ERROR = 0.02  # units of the ordinary range
PREDICT_BATCH = 4_096


def build_autoencoder(width: int) -> keras.Model:
    """Return a network from (n, width) through a bottleneck to (n, width)."""
    narrow = int(np.clip(round(width / 6), NARROWEST, WIDEST))
    inputs = keras.Input((width,), name="cut")
    x = keras.layers.Dense(UNITS, activation="gelu", name="spread")(inputs)
    x = keras.layers.Dense(narrow, name="bottleneck")(x)
    x = keras.layers.Dense(UNITS, activation="gelu", name="unfolded")(x)
    return keras.Model(inputs, keras.layers.Dense(width, name="rebuilt")(x), name="autoencoder")


class Autoencoder(Classifier):
    """Rebuilding errors of bottleneck networks, by column, and their rank among training rows.

    The error of a column is its distance from what was rebuilt over the distance that nine in ten training rows keep,
    e; the unusualness of a row is the sum of log(1 + e)², so that one huge amount does not drown all other columns and
    several odd columns count more than one. Reconstruction error as a measure of outliers: Hawkins et al. 2002
    (*Outlier detection using replicator neural networks*); cutting the inputs, logarithms and the scaling by column are
    ours.

    Parameters
    ----------
    networks : int
        ``options["networks"]`` of the run comes first where it is more.
    """

    def __init__(self, networks: int = NETWORKS) -> None:
        self.networks = networks
        self.encoder = TableEncoder()
        self.ordinary: OrdinaryRange | None = None
        self.units = np.zeros((0, 0))  # (networks, columns) of the errors
        self.ranks: RankMap | None = None
        self.history: list[dict[str, float]] = []
        self._networks: list[keras.Model] = []

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Train on all training rows, whatever their label."""
        self.classes = train.classes
        context.progress(0.0, "Preparing features")
        train = without_labels(train)
        self.encoder = TableEncoder.fit(train)
        self.ordinary = OrdinaryRange.fit(self.encoder, train)
        values, missing = self.ordinary.values(self.encoder, train)
        if not values.shape[1]:
            raise SchemaError("all features are constant in the training rows", todo="add feature columns")
        seen = cut(values)
        self._networks, units = [], []
        count = max(self.networks, int(context.options.get("networks") or 0))
        for number in range(count):
            keras.utils.set_random_seed(context.seed + 1_000 * number)
            network = build_autoencoder(values.shape[1])
            part = context.part(0.05 + 0.85 * number / count, 0.05 + 0.85 * (number + 1) / count)
            plan = RebuildPlan(name=f"autoencoder{number}")
            self.history = fit_rebuild(network, seen, seen, part, plan, context.sample_weight)
            distance = self._distances(network, values, missing)
            units.append(np.maximum(np.quantile(distance, USUAL_ERROR, axis=0), SMALLEST_ERROR))
            self._networks.append(network)
            if context.out_of_time():
                break
        self.units = np.array(units)
        self.ranks = RankMap.fit(self._errors(values, missing).sum(axis=1), context.sample_weight)
        context.progress(1.0, "Autoencoder")

    def _distances(self, network: keras.Model, values: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Return each column's distance from what was rebuilt, (n, columns); 0 where it is missing."""
        rebuilt = predict_batches(network, cut(values), int(min(PREDICT_BATCH, max(1, len(values)))))
        away = np.where(missing, 0.0, values - rebuilt) ** 2  # (n, D)
        places = fitted(self.ordinary).columns(self.encoder).values()
        return np.stack([np.sqrt(away[:, place].sum(axis=1)) for place in places], axis=1)

    def _errors(self, values: np.ndarray, missing: np.ndarray) -> np.ndarray:
        """Return log(1 + e)² of each column, averaged over the networks, (n, columns)."""
        total = np.zeros((len(values), self.units.shape[1]))
        for network, unit in zip(self._networks, self.units, strict=True):
            total += np.log1p(self._distances(network, values, missing) / unit) ** 2
        return total / len(self._networks)

    def errors(self, data: Dataset) -> pd.DataFrame:
        """Return what each column adds to the unusualness of a row, (n, columns) by row id: the reasons."""
        ordinary = fitted(self.ordinary)
        return pd.DataFrame(
            self._errors(*ordinary.values(self.encoder, data)),
            index=data.ids,
            columns=list(ordinary.columns(self.encoder)),
        )

    def scores(self, data: Dataset) -> np.ndarray:
        """Return (n, 2): the probability by rank is the second class'."""
        p = fitted(self.ranks).probability(self.errors(data).to_numpy().sum(axis=1))
        return np.stack([1 - p, p], axis=1)

    def parameters(self) -> int:
        """Return the number of weights."""
        return sum(network.count_params() for network in self._networks)

    def save(self, folder: Path) -> None:
        """Write encoder, ranges, ranks and each network's weights."""
        self.encoder.save(folder)
        save_about(folder, {"classes": list(self.classes), "networks": len(self._networks)})
        save_arrays(folder / "ordinary.npz", {**fitted(self.ordinary).arrays(), "units": self.units})
        save_arrays(folder / "ranks.npz", fitted(self.ranks).arrays())
        for number, network in enumerate(self._networks):
            save_weights(folder / f"network{number}.npz", network.get_weights())

    @classmethod
    def load(cls, folder: Path) -> Autoencoder:
        """Return the saved model."""
        about = load_about(folder)
        model = cls(networks=about["networks"])
        model.classes = tuple(about["classes"])
        model.encoder = TableEncoder.load(folder)
        arrays = load_arrays(folder / "ordinary.npz")
        model.units = arrays["units"]
        model.ordinary = OrdinaryRange.of(arrays)
        model.ranks = RankMap.of(load_arrays(folder / "ranks.npz"))
        for number in range(about["networks"]):
            network = build_autoencoder(len(model.ordinary.kept) + model.ordinary.onehot.width)
            network.set_weights(load_weights(folder / f"network{number}.npz"))
            model._networks.append(network)
        return model
