"""SASRec: self-attention over each user's sequence."""

from __future__ import annotations

from functools import reduce
from typing import Any

import keras
import numpy as np

from dl_core.models.interactions.sequence_base import Encode, SequenceRecommender
from dl_core.models.interactions.sequence_layers import CausalAttention

WIDER = 2  # inner size of the feed-forward layers, in states


class SASRec(SequenceRecommender):
    """Self-attention over what a user took, in order, that predicts the next item after each.

    Kang and McAuley 2018, "Self-attentive sequential recommendation". Deviations: cross-entropy over the catalogue
    instead of one drawn negative (see `NextItemLoss`); distances counted in items with a learned slope a head instead
    of place vectors (see `CausalAttention`), so that neither padding nor a window's length changes a score; a learned
    start token; normalisation before each block only; a bias an item.

    Parameters
    ----------
    layers, heads : int
        Blocks, and heads of attention in each. The paper has two blocks; one takes 60 % of the time and was as good as
        the recurrent network on a year of purchases.
    **settings
        As in `SequenceRecommender`.
    """

    name = "sasrec"

    def __init__(self, *, layers: int = 1, heads: int = 2, **settings: Any) -> None:
        super().__init__(**settings)
        self.layers, self.heads = layers, heads

    def _settings(self) -> dict[str, Any]:
        return {**super()._settings(), "layers": self.layers, "heads": self.heads}

    def _encoder(self) -> Encode:
        blocks = [_Block(self.size, self.heads, self.dropout, place) for place in range(self.layers)]
        final = keras.layers.LayerNormalization(epsilon=1e-6, name="final")

        def encode(vectors: Any, gates: Any) -> tuple[Any, list[Any]]:
            states, weights = vectors, []
            for block in blocks:
                states, seen = block.add(states, gates)
                weights.append(seen)
            return final(states), weights

        return encode

    def attention(self, codes: np.ndarray) -> np.ndarray | None:
        """Return how much the last step attends to each item of ``codes`` (n, length), (n, length) float32.

        Heads are averaged and layers rolled out: half of each layer's states comes from the step itself (Abnar and
        Zuidema 2020, "Quantifying attention flow in transformers"). The start token's part is left out and the rest
        divided by its sum, so that each row sums to 1 over its items; a row without items is all 0.
        None without blocks.
        """
        if self._attention is None:
            return None
        found = self._attention.predict_on_batch(np.asarray(codes, dtype=np.int32))
        first, *others = map(_mixed, found if isinstance(found, list) else [found])
        flow = reduce(lambda below, layer: layer @ below, others, first)
        items = flow[:, -1, 1:] * (codes > 0)
        total = items.sum(axis=1, keepdims=True)
        return np.divide(items, total, out=np.zeros_like(items), where=total > 0).astype(np.float32)


def _mixed(layer: Any) -> np.ndarray:
    """Return the mean of the heads' weights (n, heads, T, T), half of it the step itself, (n, T, T)."""
    mean = np.asarray(layer, dtype=np.float64).mean(axis=1)
    return 0.5 * mean + 0.5 * np.eye(mean.shape[-1])


class _Block:
    """Attention and a feed-forward layer, each beside the states that it reads."""

    def __init__(self, size: int, heads: int, dropout: float, place: int) -> None:
        layers = keras.layers
        self.before = layers.LayerNormalization(epsilon=1e-6, name=f"before_attention_{place}")
        self.attention = CausalAttention(heads, dropout, name=f"attention_{place}")
        self.between = layers.LayerNormalization(epsilon=1e-6, name=f"before_dense_{place}")
        self.inner = layers.Dense(WIDER * size, activation="gelu", name=f"inner_{place}")
        self.outer = layers.Dense(size, name=f"outer_{place}")
        self.drops = [layers.Dropout(dropout, name=f"dropped_{place}_{part}") for part in range(2)]

    def add(self, states: Any, gates: Any) -> tuple[Any, Any]:
        """Return new states (b, T, size) and the attention weights (b, heads, T, T)."""
        found, weights = self.attention([self.before(states), gates])
        states = states + self.drops[0](found)
        return states + self.drops[1](self.outer(self.inner(self.between(states)))), weights
