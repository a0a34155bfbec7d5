"""What sequence models have in common: windows, tied item vectors, next-item training, gates, saving."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Held, Recommender
from dl_core.models.interactions.choosing import held_ndcg
from dl_core.models.interactions.sequence_fit import SequencePlan, fit_sequences
from dl_core.models.interactions.sequence_layers import ItemScores, ItemTable, LastStep, Presence, StartToken
from dl_core.models.interactions.sequence_loss import DRAWN, LARGE, NextItemLoss, training_graph
from dl_core.models.interactions.sequence_windows import suited_length, window_sizes
from dl_core.models.store import load_about, load_weights, save_about, save_weights

BLOCKS = (1, 32, 256)  # histories scored at once
Encode = Callable[[Any, Any], tuple[Any, list[Any]]]


class SequenceRecommender(Recommender):
    """A network that reads a history in order and says what comes next.

    A learned start token stands before the first item, so that an empty history has scores too: what people take first.
    Every step of a window predicts the item after it (all positions, cross-entropy over the whole catalogue, or over
    drawn items in catalogues above 2,000). Without times the order is that of the rows in the file, and a warning event
    says so.

    Parameters
    ----------
    size : int
        Numbers in an item's vector and in a state.
    dropout : float
    learning_rate, weight_decay : float
    epochs, patience : int
        Most epochs, and epochs without a better nDCG@10 of held users before training ends; option ``epochs`` above 0
        replaces the first.
    smoothing : float
        Of the targets.
    """

    name = "sequence"

    def __init__(
        self,
        *,
        size: int = 64,
        dropout: float = 0.2,
        learning_rate: float = 4e-3,
        weight_decay: float = 1e-3,
        epochs: int = 12,
        patience: int = 2,
        smoothing: float = 0.0,
    ) -> None:
        self.size, self.dropout, self.smoothing = size, dropout, smoothing
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.epochs, self.patience = epochs, patience
        self.chosen = {}
        self.length, self.seed = 0, 0

    @abstractmethod
    def _encoder(self) -> Encode:
        """Return a function of vectors (b, T, size) and gates (b, T) that adds layers to a graph.

        It returns states (b, T, size) and attention weights (b, heads, T, T) of each layer, and uses the same layers
        at every call. The first step is the start token, with gate 1.
        """

    def learn(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Learn from all users' histories; held users choose the number of epochs."""
        if known.times is None:
            context.emit({"event": "warning", "text": "No timestamps: histories are read in file order"})
        if held is not None or "length" not in self.chosen:
            wanted = int(context.options.get("sequence_length", 0) or 0)
            self.chosen["length"] = suited_length(known, wanted)
        self.length, self.seed = int(self.chosen["length"]), context.seed
        drawn = DRAWN if known.n_items > LARGE else 0
        self._build(known.n_items, drawn)
        most = int(context.options.get("epochs", 0) or 0) or self.epochs
        if held is None:
            most = int(self.chosen.get("epochs", most))
        plan = SequencePlan(
            epochs=most,
            patience=self.patience if held is not None else most + 1,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            length=self.length,
            drawn=drawn,
            name=self.name if held is not None else f"{self.name}_again",
        )
        judge = None if held is None else lambda: {"val_ndcg": held_ndcg(self.score_items, held)}
        trained = fit_sequences(self._training, known, judge, context, plan)
        if held is not None:
            self.chosen |= {"epochs": trained.epoch, "ndcg": trained.best["val_ndcg"]}

    def score_items(self, histories: Histories) -> np.ndarray:
        """Return scores (n, n_items) float32: logits of the next item after each history's last items."""
        out = np.zeros((len(histories), histories.n_items), dtype=np.float32)
        which = np.searchsorted(window_sizes(self.length)[:-1], histories.lengths)
        for place, size in enumerate(window_sizes(self.length)):  # short histories in short windows, the same scores
            users = np.flatnonzero(which == place)
            for start in range(0, len(users), BLOCKS[-1]):
                rows = users[start : start + BLOCKS[-1]]
                codes = histories.take(rows).sequences(size)
                count = next(block for block in BLOCKS if block >= len(rows))  # few shapes, filled up with nothing
                codes = np.concatenate([codes, np.zeros((count - len(rows), size), np.int32)])
                out[rows] = np.asarray(self._scorer.predict_on_batch(codes))[: len(rows)]
        return out

    def gated(self) -> keras.Model:
        """Return the graph with a gate on each item: it weighs how much later steps and the output see of that step.

        At gates of 0 the item might as well not be there, places included, to 1e-5 of the scores' spread; between 0
        and 1 the parts move smoothly.
        """
        return self._gated

    def parameters(self) -> int:
        """Return the number of learned numbers."""
        return int(self._scorer.count_params())

    def save(self, folder: Path) -> None:
        """Write catalogue, settings and weights into ``folder``."""
        self.catalogue.save(folder)
        save_about(folder, {"settings": self._settings(), "chosen": self.chosen, "length": self.length})
        save_weights(Path(folder) / "weights.npz", self._scorer.get_weights())

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        about = load_about(Path(folder))
        model = cls(**about["settings"])
        model.catalogue, model.chosen = Catalogue.load(folder), about["chosen"]
        model.length = int(about["length"])
        model._build(len(model.catalogue), 0)
        model._scorer.set_weights(load_weights(Path(folder) / "weights.npz"))
        return model

    def _settings(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        names = ("size", "dropout", "learning_rate", "weight_decay", "epochs", "patience", "smoothing")
        return {name: getattr(self, name) for name in names}

    def _build(self, n_items: int, drawn: int) -> None:
        """Make the graphs, which share their weights."""
        keras.utils.set_random_seed(self.seed)
        codes = keras.Input((None,), dtype="int32", name="codes")
        gates = keras.Input((None,), name="gates")
        table = ItemTable(n_items, self.size, name="items")
        last, scores, presence = LastStep(name="last"), ItemScores(table, name="scores"), Presence(name="presence")
        vectors = StartToken(name="start")(table(codes))  # (b, 1 + L, size)
        vectors = keras.layers.Dropout(self.dropout, name="dropped")(vectors)
        encode = self._encoder()
        there = presence([codes])
        states, weights = encode(vectors, there)
        self._states = keras.Model(codes, states, name=f"{self.name}_states")
        self._scorer = keras.Model(codes, scores(last([states, there])), name=f"{self.name}_scores")
        self._attention = keras.Model(codes, weights, name=f"{self.name}_attention") if weights else None
        loss = NextItemLoss(table, self.smoothing, name="loss")
        self._training = training_graph(codes, states, loss, drawn)
        there = presence([codes, gates])
        states, _ = encode(vectors, there)
        self._gated = keras.Model([codes, gates], scores(last([states, there])), name=self.name)
