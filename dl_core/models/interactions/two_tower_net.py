"""The two towers as Keras layers: items from ids and features, users from their histories and features."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

FAR = -1e9  # added to the logit of a candidate that must not count


@dataclass(frozen=True)
class Shape:
    """What the towers are built from.

    Parameters
    ----------
    n_items : int
    item_features, user_features : int
        Numbers known of an item and of a user; 0 where nothing is.
    width : int
        Of an item's and a user's vector.
    units : int
        Of the hidden layers.
    id_dropout : float
        Share of items whose id is hidden in a step.
    input_dropout : float
        Of the pooled history.
    """

    n_items: int
    item_features: int = 0
    user_features: int = 0
    width: int = 160
    units: int = 192
    id_dropout: float = 0.3
    input_dropout: float = 0.2

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON."""
        return asdict(self)


class ItemTower(keras.layers.Layer):
    """Item id and item features to vectors and biases.

    An item's vector is its id's embedding plus what a small network makes of its features. The whole embedding of an
    id is dropped at random (DropoutNet, Volkovs et al. 2017), so that features alone learn to place an item; ids that
    no training row holds (`taken` 0) are always left out. We deviate in adding the two parts rather than feeding both
    to one network, and in training on interactions rather than on factors of another model.
    """

    def __init__(self, shape: Shape, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = shape
        self.hidden = keras.layers.Dense(shape.units, activation="gelu", name="hidden")
        self.hidden_dropout = keras.layers.Dropout(0.2)
        self.out = keras.layers.Dense(shape.width + 1, name="out")  # the vector and the bias
        self.seeds = keras.random.SeedGenerator()

    def build(self, input_shape: Any = None) -> None:
        """Make the table of ids (n_items, width + 1), with the bias last, and the network of features."""
        shape = self.shape
        start = keras.initializers.RandomNormal(stddev=shape.width**-0.5 / 2)
        self.ids = self.add_weight(shape=(shape.n_items, shape.width + 1), initializer=start, name="ids")
        if shape.item_features:
            self.hidden.build((None, shape.item_features))
            self.out.build((None, shape.units))
        self.built = True

    def call(self, features: Any, taken: Any, rows: Any = None, training: bool = False) -> tuple[Any, Any]:
        """Return vectors (m, width) and biases (m,) of the items ``rows`` (m,) int32, or of all.

        ``features`` (n_items, item_features) and ``taken`` (n_items, 1) of all items.
        """
        ids = self.ids
        if rows is not None:
            ids, features, taken = (ops.take(table, rows, axis=0) for table in (ids, features, taken))
        if training and self.shape.item_features and self.shape.id_dropout:
            drawn = keras.random.uniform(ops.shape(taken), seed=self.seeds)
            taken = taken * ops.cast(drawn >= self.shape.id_dropout, taken.dtype)
        x = ids * taken  # (m, width + 1)
        if self.shape.item_features:
            x = x + self.out(self.hidden_dropout(self.hidden(features), training=training))
        return x[:, :-1], x[:, -1]


class Towers(keras.Model):
    """Both towers and their product: a batch of users against candidate items."""

    def __init__(self, shape: Shape, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = shape
        self.history = ItemTower(shape, name="history_items")
        self.candidates = ItemTower(shape, name="candidate_items")
        self.pooled_dropout = keras.layers.Dropout(shape.input_dropout)
        self.hidden = keras.layers.Dense(shape.units, activation="gelu", name="user_hidden")
        self.hidden_dropout = keras.layers.Dropout(0.2)
        self.out = keras.layers.Dense(shape.width, name="user_out")
        self.straight = keras.layers.Dense(shape.width, use_bias=False, kernel_initializer="identity", name="straight")
        self.groups = keras.layers.Dense(shape.width, use_bias=False, kernel_initializer="zeros", name="user_features")

    def build(self, input_shape: Any = None) -> None:
        """Make all weights, and the tables of what is known of the items and of which were taken in training."""
        shape = self.shape
        table = (shape.n_items, shape.item_features)
        self.features = self.add_weight(shape=table, initializer="zeros", trainable=False, name="features")
        self.taken = self.add_weight(shape=(shape.n_items, 1), initializer="ones", trainable=False, name="taken")
        self.history.build()
        self.candidates.build()
        self.hidden.build((None, shape.width))
        self.out.build((None, shape.units))
        self.straight.build((None, shape.width))
        if shape.user_features:
            self.groups.build((None, shape.user_features))
        self.built = True

    def pool(self, weights: Any, vectors: Any) -> Any:
        """Return the pooled histories (b, width): sums of vectors (m, width) over the root of how many there are.

        ``weights`` (b, m) says how much each item counts in each history.
        """
        return ops.matmul(weights, vectors) / norm(ops.sum(weights, axis=1, keepdims=True))

    def users(self, pooled: Any, features: Any = None, training: bool = False) -> Any:
        """Return users' vectors (b, width) from pooled histories (b, width) and features (b, user_features).

        The features' part is added, so that a user without any gets the same vector but for it.
        """
        x = self.pooled_dropout(pooled, training=training)
        hidden = self.hidden_dropout(self.hidden(x), training=training)
        vectors = self.straight(x) + self.out(hidden)
        return vectors if features is None else vectors + self.groups(features)

    def call(self, batch: dict[str, Any], training: bool = False) -> Any:
        """Return logits (b, c).

        ``batch`` holds ``weights`` (b, m) of the histories, ``correction`` (b, c) to be added to the logits, where
        there are any ``features`` (b, f) of the users, and where not all items take part ``rows`` (m,) and ``columns``
        (c,), the items that histories and candidates speak of.
        """
        vectors, _ = self.history(self.features, self.taken, batch.get("rows"), training=training)
        users = self.users(self.pool(batch["weights"], vectors), batch.get("features"), training=training)
        items, biases = self.candidates(self.features, self.taken, batch.get("columns"), training=training)
        return ops.matmul(users, ops.transpose(items)) + biases + batch["correction"]

    def compute_output_shape(self, input_shape: dict[str, Any]) -> tuple:
        """Return (b, c)."""
        return input_shape["correction"]

    def set_tables(self, features: np.ndarray, taken: np.ndarray) -> None:
        """Set what is known of the items, (n_items, item_features), and which of them (n_items,) bool were taken."""
        self.features.assign(features)
        self.taken.assign(taken.astype(np.float32)[:, None])

    def admit(self, items: np.ndarray) -> None:
        """Let the ids of ``items`` (n_items,) bool count from now on; they start at nothing, so that features go on."""
        rest = (~items).astype(np.float32)[:, None]
        for tower in (self.history, self.candidates):
            tower.ids.assign(np.asarray(tower.ids) * rest)
        self.taken.assign(np.maximum(np.asarray(self.taken), 1 - rest))

    def item_vectors(self, history: bool = False) -> tuple[Any, Any]:
        """Return vectors (n_items, width) and biases (n_items,) of all items, as candidates or in a history."""
        return (self.history if history else self.candidates)(self.features, self.taken)


def norm(counts: Any) -> Any:
    """Return the root of how much a history holds, at least 1, by which its sum is divided."""
    return ops.sqrt(ops.maximum(counts, 1.0))


class GatedScores(keras.layers.Layer):
    """Codes (b, length) and gates (b, length) to scores of all items (b, n_items), for explanations."""

    def __init__(self, towers: Towers, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.towers = towers

    def call(self, codes: Any, gates: Any) -> Any:
        """Pool the gated vectors of a history, code 0 being no item, and score all items."""
        vectors, _ = self.towers.item_vectors(history=True)
        vectors = ops.concatenate([ops.zeros_like(vectors[:1]), vectors])  # place 0 is no item
        gates = gates * ops.cast(codes > 0, gates.dtype)
        summed = ops.einsum("bl,bld->bd", gates, ops.take(vectors, codes, axis=0))
        users = self.towers.users(summed / norm(ops.sum(gates, axis=1, keepdims=True)))
        items, biases = self.towers.item_vectors()
        return ops.matmul(users, ops.transpose(items)) + biases

    def compute_output_shape(self, codes_shape: tuple, gates_shape: tuple) -> tuple:
        """Return (b, n_items)."""
        return (codes_shape[0], self.towers.shape.n_items)
