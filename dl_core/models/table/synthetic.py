"""Made-up fraud for training only: a conditional variational autoencoder, and the network trained with what it makes.

Validation and test rows are always real. Whether it helps is an open question that the comparison answers: weights
alone (`options["imbalance"]`) are the peer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
from keras import ops

from dl_core.data.dataset import Dataset
from dl_core.models.base import FitContext
from dl_core.models.keras_fit import predict_batches
from dl_core.models.store import load_about, save_about
from dl_core.models.table.base import InputColumn, TableModel
from dl_core.models.table.encode import TableEncoder
from dl_core.models.table.feed_forward import FeedForward
from dl_core.models.table.layers import HonestLogits
from dl_core.models.table.onehot import OneHot
from dl_core.models.table.prior import learnable, shifted
from dl_core.models.table.rebuild import RebuildPlan, fit_rebuild
from dl_core.schema import Role

LATENT = 8
UNITS = 64
KNOTS = 101  # quantiles by which a column is bent to a bell curve and back
REACH = 2.6  # standard deviations of the bell curve that the knots span
BETA = 0.15  # weight of the divergence, against squared errors in standard deviations
HONEST = 20  # honest rows that are learned from, for each fraud
MOST_HONEST = 20_000
FEWEST_FRAUDS = 5  # with fewer there is nothing to learn what fraud looks like from
MADE = 1.0  # made-up frauds for each real one
LIMITS = (50, 5_000)  # made-up frauds


class Drawn(keras.layers.Layer):
    """Draw from a bell curve with mean and log-variance (b, 2k), and add its divergence from the standard one."""

    def __init__(self, width: int, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.random = keras.random.SeedGenerator(seed)

    def call(self, inputs: Any) -> Any:
        """Return draws (b, k)."""
        mean, spread = ops.split(inputs, 2, axis=-1)
        spread = ops.clip(spread, -8.0, 4.0)
        apart = 0.5 * ops.sum(ops.exp(spread) + mean**2 - 1.0 - spread, axis=-1)
        self.add_loss(BETA * ops.mean(apart) / self.width)
        return mean + ops.exp(0.5 * spread) * keras.random.normal(ops.shape(mean), seed=self.random)


@dataclass(frozen=True)
class FraudMaker:
    """A fitted maker of frauds.

    Parameters
    ----------
    decoder : keras.Model
        From latent numbers and the class (b, LATENT + 1) to bent numbers and one-hot categories.
    knots : numpy.ndarray
        (d, KNOTS) rising quantiles of each number among frauds.
    whole : numpy.ndarray
        (d,) whether a number is always whole.
    noise : numpy.ndarray
        (d,) standard deviation of what the decoder leaves unexplained among frauds.
    onehot : OneHot
    """

    decoder: keras.Model
    knots: np.ndarray
    whole: np.ndarray
    noise: np.ndarray
    onehot: OneHot

    def make_frauds(self, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return ``count`` made-up frauds: numbers (count, d) in their own units, and codes (count, c)."""
        rng = np.random.default_rng(seed)
        given = np.ones((count, LATENT + 1), dtype=np.float32)
        given[:, :LATENT] = rng.standard_normal((count, LATENT))
        found = predict_batches(self.decoder, given, max(1, min(4_096, count)))
        d = len(self.knots)
        numbers = _unbent(found[:, :d] + self.noise * rng.standard_normal((count, d)), self.knots)
        numbers = np.where(self.whole, np.round(numbers), numbers)
        codes = np.zeros((count, len(self.onehot.sizes)), dtype=np.int32)
        start = d
        for place, size in enumerate(self.onehot.sizes):
            shares = np.clip(found[:, start : start + size], 0.0, None)
            shares = np.concatenate([np.clip(1 - shares.sum(axis=1, keepdims=True), 0.0, None), shares], axis=1) + 1e-9
            reached = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
            codes[:, place] = np.minimum((reached < rng.random((count, 1))).sum(axis=1), size)
            start += size
        return numbers, codes


def fit_cvae(
    numbers: np.ndarray, codes: np.ndarray, y: np.ndarray, context: FitContext, weight: np.ndarray | None = None
) -> FraudMaker:
    """Fit a conditional variational autoencoder (Sohn et al. 2015) to frauds and some honest rows.

    Numbers are bent to bell curves by frauds' quantiles. We deviate in learning categories by squared error and in
    adding the unexplained variance of frauds when drawing.

    Parameters
    ----------
    numbers : numpy.ndarray
        (n, d) float64 in their own units, NaN where missing.
    codes : numpy.ndarray
        (n, c) categories from 1, 0 for others.
    y : numpy.ndarray
        (n,) 1 for fraud, 0 for honest.
    context : FitContext
    weight : numpy.ndarray or None
        (n,) how much each row counts.
    """
    rng = np.random.default_rng(context.seed)
    fraud, honest = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    most = min(len(honest), MOST_HONEST, HONEST * max(1, len(fraud)))
    rows = np.concatenate([fraud, rng.choice(honest, most, replace=False)]) if most else fraud
    numbers, codes, y = numbers[rows], codes[rows], y[rows]
    usual = np.nan_to_num(np.nanmedian(np.where(np.isfinite(numbers).any(axis=0), numbers, 0.0), axis=0))
    filled = np.where(np.isfinite(numbers), numbers, usual)
    like = filled[y == 1]  # bent as frauds are: honest rows beyond their range are taken to its end
    knots = np.quantile(like, np.linspace(0, 1, KNOTS), axis=0).T.reshape(numbers.shape[1], KNOTS)
    onehot = OneHot.fit(codes)
    values = np.concatenate([_bent(filled, knots), onehot.columns(codes)], axis=1, dtype=np.float32)  # (n, D)
    given = np.concatenate([values, y[:, None].astype(np.float32)], axis=1)
    share = np.bincount(y, minlength=2)
    weights = (1.0 / np.maximum(share, 1))[y] * (1.0 if weight is None else weight[rows])
    keras.utils.set_random_seed(context.seed)
    network, decoder = _build(values.shape[1], context.seed)
    plan = RebuildPlan(steps=800, batch_size=256, text="Training the generative model of fraud", name="maker")
    fit_rebuild(network, given, values, replace(context, options={}), plan, weights)
    rebuilt = predict_batches(network, given[y == 1], max(1, min(1_024, len(fraud))))
    noise = (rebuilt - values[y == 1]).std(axis=0)[: len(knots)]
    return FraudMaker(decoder, knots, (filled == np.round(filled)).all(axis=0), noise, onehot)


def _build(width: int, seed: int) -> tuple[keras.Model, keras.Model]:
    """Return the autoencoder from values and class (b, width + 1) to values (b, width), and its decoder."""
    inputs = keras.Input((width + 1,))
    x = keras.layers.Dense(UNITS, activation="gelu")(inputs)
    latent = Drawn(width, seed)(keras.layers.Dense(2 * LATENT)(x))
    code = keras.Input((LATENT + 1,))
    y = keras.layers.Dense(UNITS, activation="gelu")(code)
    decoder = keras.Model(code, keras.layers.Dense(width)(y))
    joined = keras.layers.Concatenate()([latent, inputs[:, width:]])
    return keras.Model(inputs, decoder(joined)), decoder


def _places() -> np.ndarray:
    """Return the places of the knots on the bell curve, (KNOTS,) rising."""
    from scipy.stats import norm

    edge = norm.cdf(-REACH)
    return norm.ppf(np.linspace(edge, 1 - edge, KNOTS))


def _bent(values: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Return values (n, d) as places on a bell curve; those of equal knots get the middle of them."""
    places = _places()
    found = np.zeros(values.shape)
    for column, at in enumerate(knots):
        low = np.searchsorted(at, values[:, column], "left").clip(0, KNOTS - 1)
        high = (np.searchsorted(at, values[:, column], "right") - 1).clip(0, KNOTS - 1)
        between = np.interp(values[:, column], *_rising(at, places))
        found[:, column] = np.where(high > low, (places[low] + places[high]) / 2, between)
    return found


def _rising(at: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different knots, and the mean place of each."""
    different, group = np.unique(at, return_inverse=True)
    return different, np.bincount(group, weights=places) / np.bincount(group)


def _unbent(found: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Return the values (n, d) at places on the bell curve."""
    places = _places()
    return np.stack([np.interp(found[:, column], places, at) for column, at in enumerate(knots)], axis=1).reshape(
        len(found), len(knots)
    )


class SyntheticFeedForward(TableModel):
    """`FeedForward`, trained on real rows and made-up frauds; what that does to the shares is undone in the scores."""

    def __init__(self, made: float = MADE) -> None:
        self.made = made
        self.network = FeedForward()
        self.tilt = 0.0  # log-odds that the made-up frauds add
        self.count = 0  # of made-up frauds

    @property
    def history(self) -> list[dict[str, float]]:
        """Epochs of the network."""
        return self.network.history

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Learn to make frauds, and train on them and the real rows."""
        self.classes = train.classes
        context.progress(0.0, "Preparing features")
        train, y, weight = learnable(train, context.sample_weight)
        frauds = int((y == 1).sum())
        self.tilt, self.count, self.network = 0.0, 0, FeedForward()
        base = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
        if frauds >= FEWEST_FRAUDS:
            self.count = int(np.clip(self.made * frauds, *LIMITS))
            made = self._make(train, y, base, context.part(0.0, 0.3))
            each = base[y == 1].mean()
            self.tilt = float(np.log1p(self.count * each / max(base[y == 1].sum(), 1e-12)))
            train = _joined(train, made)
            base = np.concatenate([base, np.full(self.count, each)])
        given = None if weight is None and not self.count else base
        self.network.fit(train, validation, replace(context.part(0.3, 1.0), sample_weight=given))

    def _make(self, train: Dataset, y: np.ndarray, weight: np.ndarray, context: FitContext) -> Dataset:
        """Return made-up frauds: columns that models see are made, all others come from a real fraud each."""
        encoder = TableEncoder.fit(train)
        numbers = encoder.frame(train)[list(encoder.numeric)].to_numpy(dtype=np.float64)
        maker = fit_cvae(numbers, encoder.codes(train), y, context, weight)
        values, codes = maker.make_frauds(self.count, context.seed)
        likes = np.random.default_rng(context.seed + 1).choice(np.flatnonzero(y == 1), self.count)
        table = train.table.iloc[likes].copy()
        table.index = pd.Index([f"synthetic {number}" for number in range(self.count)], name=train.table.index.name)
        for place, name in enumerate(encoder.numeric):
            kind = train.table[name].dtype
            made = np.where(np.isnan(numbers[likes, place]), np.nan, values[:, place])
            whole = pd.api.types.is_integer_dtype(kind)
            table[name] = np.round(np.nan_to_num(made)).astype(kind) if whole and kind.kind else made
        for place, name in enumerate(encoder.categorical):
            words = np.array([None, *encoder.categories[name]], dtype=object)
            table[name] = np.where(codes[:, place] > 0, words[codes[:, place]], table[name].astype(object))
        arrays = {key: array[likes] for key, array in train.arrays.items()}
        return replace(train, table=table, arrays=arrays, fixed_split=None, fingerprint="made-up")

    def scores(self, data: Dataset) -> np.ndarray:
        """Return honest probabilities (n, 2)."""
        return shifted(self.network.scores(data), -self.tilt)

    def inputs(self, data: Dataset) -> np.ndarray:
        """Return what the network takes, (n, D) float32."""
        return self.network.inputs(data)

    def input_columns(self) -> tuple[InputColumn, ...]:
        """Return the columns that cover 0…D."""
        return self.network.input_columns()

    def graph(self) -> keras.Model:
        """Return the network with the made-up frauds' share undone."""
        network = self.network.graph()
        inputs = keras.Input(network.input_shape[1:], name="table")
        logits = HonestLogits(0.0, self.tilt)(ops.log(network(inputs) + 1e-12))
        return keras.Model(inputs, keras.layers.Softmax(name="probabilities")(logits), name="synthetic")

    def parameters(self) -> int:
        """Return the number of the network's learned numbers; the maker is needed in training only."""
        return self.network.parameters()

    def save(self, folder: Path) -> None:
        """Write the network into the folder ``network``."""
        save_about(folder, {"classes": list(self.classes), "tilt": self.tilt, "count": self.count})
        (folder / "network").mkdir()
        self.network.save(folder / "network")

    @classmethod
    def load(cls, folder: Path) -> SyntheticFeedForward:
        """Return the saved model."""
        model, about = cls(), load_about(folder)
        model.classes, model.tilt, model.count = tuple(about["classes"]), about["tilt"], about["count"]
        model.network = FeedForward.load(folder / "network")
        return model


def _joined(real: Dataset, made: Dataset) -> Dataset:
    """Return the rows of both."""
    label = real.column(Role.LABEL)
    table = pd.concat([real.table, made.table])
    arrays = {key: np.concatenate([array, made.arrays[key]]) for key, array in real.arrays.items()}
    if label is not None:
        table[label] = table[label].astype(object)
    return replace(real, table=table, arrays=arrays, fixed_split=None, fingerprint="with synthetic fraud")
