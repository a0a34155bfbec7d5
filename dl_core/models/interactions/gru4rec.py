"""GRU4Rec: a recurrent network over each user's sequence."""

from __future__ import annotations

from typing import Any

import keras

from dl_core.models.interactions.sequence_base import Encode, SequenceRecommender
from dl_core.models.interactions.sequence_layers import GatedCell


class GRU4Rec(SequenceRecommender):
    """A GRU that reads what a user took, in order, and predicts the next item after each.

    Hidasi et al. 2016, "Session-based recommendations with recurrent neural networks", with the cross-entropy and tied
    vectors of Hidasi and Karatzoglou 2018. Deviations: whole windows of a user's history instead of parallel sessions;
    cross-entropy over the catalogue or over items drawn for the batch (see `NextItemLoss`) instead of negatives from
    other sessions only; a learned start token.

    Parameters
    ----------
    **settings
        As in `SequenceRecommender`.
    """

    name = "gru4rec"

    def _encoder(self) -> Encode:
        layers = keras.layers
        inputs = layers.Dense(3 * self.size, name="inputs")
        joined = layers.Concatenate(name="with_gates")
        column = layers.Reshape((-1, 1), name="gate_column")
        states = layers.RNN(GatedCell(self.size, name="cell"), return_sequences=True, name="states")
        drop = layers.Dropout(self.dropout, name="dropped_states")
        outer = layers.Dense(self.size, name="outer")

        def encode(vectors: Any, gates: Any) -> tuple[Any, list[Any]]:
            steps = joined([inputs(vectors), column(gates)])  # (b, T, 3 size + 1)
            return outer(drop(states(steps))), []

        return encode
