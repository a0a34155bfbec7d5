"""A recurrent network over each account's last transactions, joined with what is known of the current one."""

from __future__ import annotations

import keras
import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.data.table.recent import RECENT_FEATURES
from dl_core.errors import SchemaError
from dl_core.models.table.base import InputColumn
from dl_core.models.table.layers import StepAttention
from dl_core.models.table.network import NetworkModel

STATE = 24  # of the recurrent layer
UNITS = 64
DROPOUT = 0.3


class Recurrent(NetworkModel):
    """A GRU over the account's last transactions with attention, beside the current row's learned curves.

    The current row asks, its account's last transactions answer: attention (Bahdanau et al. 2015) over the states of a
    GRU (Cho et al. 2014), weighed by the current row's features. Needs ``arrays["recent"]`` (n, T, F), which exists
    where a table has times and accounts.
    """

    name = "recurrent"

    def _prepare(self, train: Dataset) -> None:
        _, steps, features = _recent(train).shape
        super()._prepare(train)
        self.shape |= {"steps": int(steps), "features": int(features)}

    def _beside(self, data: Dataset) -> np.ndarray:
        found = _recent(data)
        return np.asarray(found, dtype=np.float32).reshape(len(data), found.shape[1] * found.shape[2])

    def _beside_columns(self, start: int) -> list[InputColumn]:
        steps, features, columns = self.shape["steps"], self.shape["features"], []
        for place in range(steps * features):
            back, name = steps - 1 - place // features, RECENT_FEATURES[place % features]
            when = f"{back} transaction{'s' * (back > 1)} ago" if back else "this transaction"
            columns.append(InputColumn(f"{name}, {when}", start + place, start + place + 1))
        return columns

    def _build(self) -> keras.Model:
        layers, steps, features = keras.layers, self.shape["steps"], self.shape["features"]
        table = self.shape["numbers"] + self.shape["embedded"]
        inputs = keras.Input((table + steps * features,), name="inputs")
        now = layers.Dense(UNITS, activation="relu", kernel_initializer="he_normal", name="now")(self._curved(inputs))
        now = layers.Dropout(DROPOUT, name="dropped_now")(now)
        recent = layers.Reshape((steps, features), name="recent")(inputs[:, table:])  # (n, T, F)
        states = layers.GRU(STATE, return_sequences=True, name="states")(recent)  # (n, T, STATE)
        past = StepAttention(STATE, name="attention")([states, now, recent[:, :, 0]])  # (n, STATE)
        x = layers.Concatenate(name="joined")([now, past, states[:, -1]])
        x = layers.Dense(UNITS, activation="relu", kernel_initializer="he_normal", name="dense")(x)
        x = layers.Dropout(DROPOUT, name="dropped")(x)
        return keras.Model(inputs, layers.Dense(2, name="logits")(x), name=self._next_name())


def _recent(data: Dataset) -> np.ndarray:
    """Return the accounts' last transactions, (n, T, F).

    Raises
    ------
    SchemaError
        If the data have none.
    """
    if "recent" not in data.arrays:
        raise SchemaError(
            "there is no sequence of transactions to read",
            expected="a column of times and one of accounts",
            todo="name them, or do without the recurrent network",
        )
    return data.arrays["recent"]
