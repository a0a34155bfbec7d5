"""What the networks of tables share: encoding, embedded categories, weights against rarity, averaging, saving."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.errors import SchemaError
from dl_core.models.base import FitContext, fitted
from dl_core.models.keras_fit import FitPlan, fit_keras, predict_batches
from dl_core.models.store import load_about, load_weights, save_about, save_weights
from dl_core.models.table.base import InputColumn, TableModel
from dl_core.models.table.encode import TableEncoder
from dl_core.models.table.layers import Curves, HonestLogits, knots
from dl_core.models.table.prior import known_rows, learnable
from dl_core.models.table.updating import learn_gently
from dl_core.models.weights import row_weights

PIECES = 12  # quantile pieces of a number, before the knots in its tails
CURVES = 6  # learned curves of each number; fewer for very wide tables
MOST_CURVES = 1_500  # in all
SAMPLE = 10_000_000  # numbers from which knots are taken
PREDICT_BATCH = 4_096
FOCAL = 2.0  # exponent of the focal loss (Lin et al. 2017)
JUDGED = 20_000  # rows of validation that an epoch is judged by: all fraud, and honest rows up to this number


@dataclass(frozen=True)
class NetworkPlan:
    """How a network of a table is trained.

    Parameters
    ----------
    learning_rate, weight_decay : float
    batch_size : int
        Of many rows; small data get smaller batches.
    steps : int
        Steps that a training takes in all, from which the number of epochs follows.
    epochs : tuple of int
        Fewest and most epochs.
    """

    learning_rate: float = 3e-3
    weight_decay: float = 1e-3
    batch_size: int = 1_024
    steps: int = 660
    epochs: tuple[int, int] = (3, 40)

    def for_rows(self, count: int) -> tuple[int, int]:
        """Return batch size and epochs for so many rows."""
        batch = int(min(self.batch_size, max(16, count // 20)))
        return batch, int(np.clip(round(self.steps * batch / max(1, count)), *self.epochs))


class NetworkModel(TableModel):
    """A network of a table: subclasses say what goes in besides the table, and build the body.

    Parameters
    ----------
    networks : int
        How many networks of different seeds are averaged (their log-odds); ``options["networks"]`` comes first. The
        first one learns the embeddings of categories, the others take them over.
    """

    name = "network"
    plan = NetworkPlan()

    def __init__(self, networks: int = 1) -> None:
        self.networks = networks
        self.encoder = TableEncoder()
        self.tables: list[np.ndarray] = []  # embeddings of each categorical column, (size, width)
        self.gamma = self.shift = 0.0
        self.shape: dict[str, Any] = {}  # what the body is built from
        self.history: list[dict[str, float]] = []
        self._knots: np.ndarray | None = None
        self._bodies: list[keras.Model] = []
        self._graph: keras.Model | None = None

    def _next_name(self) -> str:
        return f"{self.name}_{len(self._bodies)}"  # names within one graph must differ

    def _prepare(self, train: Dataset) -> None:
        """Set ``self.shape`` and the knots from training rows."""
        step = max(1, len(train) * self.encoder.width // SAMPLE)
        self._knots = knots(self.encoder.numbers(train)[::step], PIECES)
        pieces = self._knots.shape[1] - 1
        self.shape = {"numbers": self.encoder.width, "pieces": pieces, "embedded": sum(self._widths())}

    def _curved(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        """Return the table's part of the inputs (n, D) with its numbers as learned curves."""
        width, embedded = self.shape["numbers"], self.shape["embedded"]
        if not width:
            return inputs[:, :embedded]
        layer = Curves(self.shape["pieces"], int(np.clip(MOST_CURVES // width, 1, CURVES)), name="curves")
        curves = layer(inputs[:, :width])
        if self._knots is not None:
            layer.place(self._knots)
        if not embedded:
            return curves
        return keras.layers.Concatenate(name="table_features")([curves, inputs[:, width : width + embedded]])

    def _beside(self, data: Dataset) -> np.ndarray:
        """Return what goes in beside the table, (n, extra) float32."""
        return np.zeros((len(data), 0), dtype=np.float32)

    def _beside_columns(self, start: int) -> list[InputColumn]:
        """Return the columns of what goes in beside the table, from place ``start``."""
        return []

    @abstractmethod
    def _build(self) -> keras.Model:
        """Return a fresh body: (n, D) to logits (n, 2)."""

    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Train from random weights drawn from the seed; the epoch with the best average precision is kept."""
        self.classes = train.classes
        train, y, weight = learnable(train, context.sample_weight)
        context.progress(0.0, "Preparing features")
        self.encoder = TableEncoder.fit(train)
        if not self.encoder.numeric and not self.encoder.categorical:
            raise SchemaError("all features are constant in the training rows", todo="add feature columns")
        self._prepare(train)
        known = _judged(*known_rows(validation), context.seed)
        weights = self._weights(y, context, weight)
        self._fit_all((train, y), known, context, weights)

    def _fit_all(
        self,
        train: tuple[Dataset, np.ndarray],
        known: tuple[Dataset, np.ndarray],
        context: FitContext,
        weights: np.ndarray,
    ) -> None:
        """Train the networks one after the other, as far as there is time for more than the first."""
        self._bodies, self.tables, self._graph, self.history = [], [], None, []
        count = max(1, int(context.options.get("networks") or self.networks))
        for number in range(count):
            if number and context.out_of_time():
                break
            self._fit_one(number, train, known, context.part(number / count, (number + 1) / count), weights)

    def _weights(self, y: np.ndarray, context: FitContext, given: np.ndarray | None) -> np.ndarray:
        """Return each row's weight (n,); set what makes the logits honest again.

        Class weights are softened: fraud counts by the root of its rarity. Full balance lost 0.004 of average precision
        in trials on the Fraud Detection Handbook's earlier weeks.
        """
        imbalance = context.options.get("imbalance", "weights")
        self.gamma, self.shift = FOCAL if imbalance == "focal" else 0.0, 0.0
        weights = row_weights(y, 2, given, balanced=False)
        if imbalance == "weights":
            totals = np.bincount(y, weights=weights, minlength=2)
            self.shift = 0.5 * float(np.log(totals[0] / totals[1])) if totals.min() > 0 else 0.0
            weights = weights * np.where(y == 1, np.exp(self.shift), 1.0)
        return weights / weights.mean()

    def _fit_one(
        self,
        number: int,
        train: tuple[Dataset, np.ndarray],
        known: tuple[Dataset, np.ndarray],
        context: FitContext,
        weights: np.ndarray,
    ) -> None:
        data, y = train
        keras.utils.set_random_seed(context.seed + 1_000 * number)
        body = self._build()
        network = self._trained_with(body) if not number else _softened(body)
        encode = self._coded if not number and self.encoder.categorical else self.inputs
        x = encode(data)
        batch, epochs = self.plan.for_rows(len(y))
        epochs = int(context.options.get("epochs") or epochs)
        plan = FitPlan(
            epochs=epochs,
            batch_size=batch,
            patience=epochs,
            learning_rate=self.plan.learning_rate,
            weight_decay=self.plan.weight_decay,
            monitor="val_auprc",
            name=f"{self.name}{number}",
            focal=self.gamma,
        )
        self.history += fit_keras(network, (x, y), (encode(known[0]), known[1]), context, plan, weights)
        if not number:
            layers = [network.get_layer(f"embedding{place}") for place in range(len(self.encoder.categorical))]
            self.tables = [np.asarray(layer.get_weights()[0]) for layer in layers]
        self._bodies.append(body)

    def update(self, new: Dataset, context: FitContext) -> bool:
        """Learn on from newly labelled rows, see `updating.learn_gently`; scaling, knots and embeddings stay."""
        rows, y = known_rows(new)
        networks = [(f"{self.name}{number}", _softened(body)) for number, body in enumerate(self._bodies)]
        plan = FitPlan(
            batch_size=self.plan.for_rows(len(y))[0], learning_rate=self.plan.learning_rate, focal=self.gamma
        )
        learn_gently(networks, (self.inputs(rows), y), plan, context, fraud_weight=float(np.exp(self.shift)))
        self._graph = None
        return True

    def _widths(self) -> list[int]:
        return [int(min(16, np.ceil(1.6 * size**0.5))) for size in self.encoder.sizes()]

    def _trained_with(self, body: keras.Model) -> keras.Model:
        """Return the network that is trained: numbers, categories' codes and the rest, (n, D'), to probabilities."""
        sizes, width = self.encoder.sizes(), self.encoder.width
        if not sizes:
            return _softened(body)
        extra = body.input_shape[-1] - width - sum(self._widths())
        inputs = keras.Input((width + len(sizes) + extra,))
        parts = [inputs[:, :width]]
        for place, (size, wide) in enumerate(zip(sizes, self._widths(), strict=True)):
            code = keras.ops.cast(inputs[:, width + place], "int32")
            parts.append(keras.layers.Embedding(size, wide, name=f"embedding{place}")(code))
        if extra:
            parts.append(inputs[:, width + len(sizes) :])
        joined = keras.layers.Concatenate()(parts)
        return keras.Model(inputs, keras.layers.Softmax()(body(joined)))

    def _coded(self, data: Dataset) -> np.ndarray:
        """Return numbers, codes of categories and what goes in beside them, (n, D') float32."""
        parts = [self.encoder.numbers(data), self.encoder.codes(data).astype(np.float32), self._beside(data)]
        return np.concatenate(parts, axis=1)

    def inputs(self, data: Dataset) -> np.ndarray:
        """Return numbers, embedded categories and what goes in beside them, (n, D) float32."""
        codes = self.encoder.codes(data)
        embedded = [table[codes[:, place]] for place, table in enumerate(self.tables)]
        parts = [self.encoder.numbers(data), *embedded, self._beside(data)]
        return np.concatenate(parts, axis=1) if len(parts) > 2 or parts[-1].shape[1] else parts[0]

    def input_columns(self) -> tuple[InputColumn, ...]:
        """Return the columns that cover 0…D."""
        columns = [InputColumn(span.name, span.start, span.stop) for span in self.encoder.spans]
        start = self.encoder.width
        for name, wide in zip(self.encoder.categorical, self._widths(), strict=True):
            columns.append(InputColumn(name, start, start + wide))
            start += wide
        return (*columns, *self._beside_columns(start))

    def graph(self) -> keras.Model:
        """Return the averaged networks from `inputs` (n, D) to honest probabilities (n, 2)."""
        if self._graph is None:
            bodies = fitted(self._bodies or None)
            inputs = keras.Input(bodies[0].input_shape[1:], name="table")
            logits = [HonestLogits(self.gamma, self.shift)(body(inputs)) for body in bodies]
            mean = keras.layers.Average()(logits) if len(logits) > 1 else logits[0]
            self._graph = keras.Model(inputs, keras.layers.Softmax(name="probabilities")(mean), name=self.name)
        return self._graph

    def scores(self, data: Dataset) -> np.ndarray:
        """Return honest probabilities (n, 2)."""
        raw = predict_batches(self.graph(), self.inputs(data), int(min(PREDICT_BATCH, max(1, len(data)))))
        return raw / raw.sum(axis=1, keepdims=True)  # float32 sums to 1 only nearly

    def parameters(self) -> int:
        """Return the number of learned numbers."""
        weights = [weight for body in self._bodies for weight in body.trainable_weights]
        return sum(int(np.prod(weight.shape)) for weight in weights) + sum(table.size for table in self.tables)

    def save(self, folder: Path) -> None:
        """Write encoder, embeddings and each network's weights."""
        self.encoder.save(folder)
        about = {"classes": list(self.classes), "gamma": self.gamma, "shift": self.shift, "shape": self.shape}
        save_about(folder, {**about, "networks": len(self._bodies)})
        save_weights(folder / "embeddings.npz", self.tables)
        for number, body in enumerate(self._bodies):
            save_weights(folder / f"network{number}.npz", body.get_weights())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the saved model."""
        about = load_about(folder)
        model = cls(networks=about["networks"])
        model.classes, model.gamma, model.shift = tuple(about["classes"]), about["gamma"], about["shift"]
        model.encoder, model.shape = TableEncoder.load(folder), about["shape"]
        model.tables = load_weights(folder / "embeddings.npz")
        for number in range(about["networks"]):
            body = model._build()
            body.set_weights(load_weights(folder / f"network{number}.npz"))
            model._bodies.append(body)
        return model


def _softened(body: keras.Model) -> keras.Model:
    """Return the body with probabilities instead of logits."""
    return keras.Model(body.inputs, keras.layers.Softmax()(body.outputs[0]))


def _judged(data: Dataset, y: np.ndarray, seed: int) -> tuple[Dataset, np.ndarray]:
    """Return the rows of validation that each epoch is judged by: all fraud, and some of the rest."""
    if len(y) <= JUDGED:
        return data, y
    rest = np.random.default_rng(seed).permutation(np.flatnonzero(y == 0))
    rows = np.sort(np.concatenate([np.flatnonzero(y == 1), rest[:JUDGED]]))
    return data.subset(data.ids[rows]), y[rows]
