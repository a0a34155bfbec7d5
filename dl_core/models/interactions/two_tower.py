"""Two towers: users from what they took, items from id and features, so that new items and new users get scores."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
from scipy import sparse

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.base import Held, Recommender
from dl_core.models.interactions.choosing import held_ndcg
from dl_core.models.interactions.item_features import TableFeatures
from dl_core.models.interactions.two_tower_batches import Batches
from dl_core.models.interactions.two_tower_net import GatedScores, Shape, Towers
from dl_core.models.interactions.two_tower_train import TowersPlan, fit_towers
from dl_core.models.store import load_about, load_weights, save_about, save_weights

FULL = 10_000  # items up to which every step ranks the whole catalogue
FEW_USERS = 1_000  # held users by whom epochs are chosen
PLAN = TowersPlan()
GENTLE = TowersPlan(epochs=16, batch_size=32, learning_rate=5e-4, judge_every=1, from_start=True, name="two_tower_on")


class TwoTower(Recommender):
    """A tower of users and a tower of items whose vectors' product is the score.

    A user is the pooled history (a sum over the root of its length, as in FISM, Kabbur et al. 2013) through a small
    network, plus the groups that are known; an item is its id's embedding plus its features, with ids dropped at random
    so that features stand alone for items nobody took yet (DropoutNet, Volkovs et al. 2017). Trained to find the hidden
    part of each history by a softmax over all items, or, where the catalogue is large, over the batch's targets with
    the logQ correction of Yi et al. 2019. We deviate from the latter in reading sets of items and no other context.

    Parameters
    ----------
    width : int
        Of an item's and a user's vector.
    full : int
        Items up to which the softmax is over all of them.
    id_dropout : float
        Share of items whose id is hidden in a step, where items have features.
    """

    def __init__(self, width: int = 160, full: int = FULL, id_dropout: float = 0.3) -> None:
        self.options: dict[str, Any] = {"width": width, "full": full, "id_dropout": id_dropout}
        self.chosen: dict[str, Any] = {}
        self.history: list[dict[str, float]] = []
        self._tables: dict[str, np.ndarray] | None = None

    @property
    def scores_new_items(self) -> bool:
        """Whether items that nobody took are ranked by what is known of them."""
        return self.net.shape.item_features > 0

    def learn(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Train from random weights; the epoch at which held users find most of their items is kept and noted."""
        context.progress(0.0, "Reading item and user features")
        taken = np.bincount(known.items, minlength=known.n_items) > 0
        table = self.catalogue.features if len(self.catalogue.features.columns) else None
        self.item_features = TableFeatures.fit(None if table is None else table[taken], context.seed)
        self.user_features = TableFeatures.fit(known.features, context.seed)
        features = self.item_features.transform(table, known.n_items)
        keras.utils.set_random_seed(context.seed)
        sizes = known.n_items, features.shape[1], self.user_features.width, int(self.options["width"])
        self._make(Shape(*sizes, id_dropout=self.options["id_dropout"]))
        self.net.set_tables(features, taken)
        self._train(known, held, context, PLAN)

    def fine_tune(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Go on learning from ``known`` alone, gently; weights from before stay where held users are best served so.

        Parameters
        ----------
        known : Histories
            Of other users than before, or of later days, in the same catalogue. What is known of items and users is
            read as before.
        held : Held or None
            Without it a third of the usual epochs is trained.
        context : FitContext
        """
        before = np.asarray(self.net.taken)[:, 0] > 0
        taken = np.bincount(known.items, minlength=known.n_items) > 0
        self.net.admit(taken & ~before)
        self.chosen = {}
        self._train(known, held, context, GENTLE)

    def copy(self) -> TwoTower:
        """Return the same model with weights of its own, to go on from without changing this one."""
        other = TwoTower(**self.options)
        other.catalogue, other.chosen = self.catalogue, dict(self.chosen)
        other.item_features, other.user_features = self.item_features, self.user_features
        other._make(self.net.shape)
        other.net.set_weights(self.net.get_weights())
        return other

    def _make(self, shape: Shape) -> None:
        self.net = Towers(shape)
        self.net.build()
        self._tables = None

    def _train(self, known: Histories, held: Held | None, context: FitContext, plan: TowersPlan) -> None:
        if held is not None and len(held.histories) > FEW_USERS:
            held = Held(held.histories.take(np.arange(FEW_USERS)), held.relevant[:FEW_USERS])
        features = self.user_features.transform(known.features, len(known))
        batches = Batches(known.matrix(), features, plan.batch_size, self.options["full"], context.seed)
        plan = replace(plan, epochs=int(context.options.get("epochs") or plan.epochs))
        judge, until = None, int(self.chosen.get("epochs", plan.epochs))
        if held is not None:
            judge, until = partial(self._judge, held), plan.epochs
        else:
            plan = replace(plan, name=f"{plan.name}_again")
        trained = fit_towers(self.net, batches, judge, context, plan, until)
        if held is not None:
            self.chosen["epochs"] = trained.epoch
        self.history, self._tables = trained.history, None

    def _judge(self, held: Held) -> dict[str, float]:
        self._tables = None
        return {"val_ndcg": held_ndcg(self.score_items, held)}

    def _item_tables(self) -> dict[str, np.ndarray]:
        """Return the vectors of all items as candidates and in histories, computed once."""
        if self._tables is None:
            items, biases = self.net.item_vectors()
            read, _ = self.net.item_vectors(history=True)
            self._tables = {"items": np.array(items), "biases": np.array(biases), "read": np.array(read)}
        return self._tables

    def embeddings(self) -> np.ndarray:
        """Return the items' vectors (n_items, width) float32 of length 1, by whose product items are similar."""
        vectors = self._item_tables()["items"]
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def user_vectors(self, histories: Histories) -> np.ndarray:
        """Return the users' vectors (n, width) float32."""
        shape = (len(histories), histories.n_items)
        ones = np.ones(len(histories.items), dtype=np.float32)
        summed = sparse.csr_matrix((ones, histories.items, histories.starts), shape=shape) @ self._item_tables()["read"]
        pooled = summed / np.sqrt(np.maximum(histories.lengths, 1))[:, None]
        features = self.user_features.transform(histories.features, len(histories))
        return np.array(self.net.users(pooled.astype(np.float32), features if features.shape[1] else None))

    def score_items(self, histories: Histories) -> np.ndarray:
        """Return scores (n, n_items) float32."""
        tables = self._item_tables()
        return self.user_vectors(histories) @ tables["items"].T + tables["biases"]

    def gated(self) -> keras.Model:
        """Return the graph of `Recommender.gated`.

        User features are left out of it: they add the same to an item's score whatever the history is, so that no
        part of a history item changes by it.
        """
        codes = keras.Input((None,), dtype="int32", name="codes")
        gates = keras.Input((None,), dtype="float32", name="gates")
        return keras.Model([codes, gates], GatedScores(self.net, name="scores")(codes, gates), name="two_tower")

    def parameters(self) -> int:
        """Return the number of learned numbers."""
        return sum(int(np.prod(weight.shape)) for weight in self.net.trainable_weights)

    def save(self, folder: Path) -> None:
        """Write catalogue, encoders of features, weights and settings."""
        self.catalogue.save(folder)
        self.item_features.save(folder, "item_features")
        self.user_features.save(folder, "user_features")
        save_weights(folder / "weights.npz", self.net.get_weights())
        save_about(folder, {"options": self.options, "chosen": self.chosen, "shape": self.net.shape.as_dict()})

    @classmethod
    def load(cls, folder: Path) -> TwoTower:
        """Return the saved model."""
        about = load_about(folder)
        model = cls(**about["options"])
        model.chosen, model.catalogue = about["chosen"], Catalogue.load(folder)
        model.item_features = TableFeatures.load(folder, "item_features")
        model.user_features = TableFeatures.load(folder, "user_features")
        model._make(Shape(**about["shape"]))
        model.net.set_weights(load_weights(folder / "weights.npz"))
        return model
