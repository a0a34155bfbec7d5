"""A variational autoencoder of histories with a multinomial likelihood."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext, fitted
from dl_core.models.interactions.autoencoder_fit import RebuildingPlan, fit_rebuilding
from dl_core.models.interactions.base import Held, Recommender
from dl_core.models.interactions.choosing import held_ndcg
from dl_core.models.interactions.multi_hot import GatedMultiHot, NormalCode, UnitLength, score_rows
from dl_core.models.store import load_about, load_weights, save_about, save_weights

UNITS, FEWEST_UNITS = 600, 128
LARGEST_LAYER = 5_000_000  # weights of the first layer, above which it gets fewer units
CODE = 200
EPOCHS = 40  # of a model that nobody chose the epochs of
FEWEST_STEPS = 800  # few users make few steps an epoch, so that annealing and patience take more epochs


def build_mult_vae(n_items: int, units: int, code: int, dropout: float, seed: int) -> keras.Model:
    """Return the network from (n, n_items) ones to logits (n, n_items).

    Parameters
    ----------
    n_items, units, code : int
        Widths of the input, of the hidden layers and of the code.
    dropout : float
        Share of the input that is hidden in training: the network must say it from the rest.
    seed : int
    """
    seeds = np.random.default_rng(seed).integers(0, 2**31 - 1, 8).tolist()
    glorot = [keras.initializers.GlorotUniform(seed=one) for one in seeds[:5]]
    inputs = keras.Input((n_items,), name="taken")
    x = keras.layers.Dropout(dropout, seed=seeds[5], name="hidden_items")(UnitLength(name="unit_length")(inputs))
    x = keras.layers.Dense(units, activation="tanh", kernel_initializer=glorot[0], name="encoder")(x)
    mean = keras.layers.Dense(code, kernel_initializer=glorot[1], name="mean")(x)
    log_variance = keras.layers.Dense(code, kernel_initializer=glorot[2], name="log_variance")(x)
    x = NormalCode(seeds[6], name="code")([mean, log_variance])
    x = keras.layers.Dense(units, activation="tanh", kernel_initializer=glorot[3], name="decoder")(x)
    return keras.Model(inputs, keras.layers.Dense(n_items, kernel_initializer=glorot[4], name="logits")(x))


def gated_graph(network: keras.Model, n_items: int) -> keras.Model:
    """Return a network of ones (n, n_items) as one of item codes and gates, as `Recommender.gated` describes it."""
    codes = keras.Input((None,), dtype="int32", name="codes")
    gates = keras.Input((None,), dtype="float32", name="gates")
    return keras.Model([codes, gates], network(GatedMultiHot(n_items, name="gated")([codes, gates])))


class MultVAE(Recommender):
    """Mult-VAE: what a user took is one draw from a multinomial over all items, whose logits a small code decides.

    Liang, Krishnan, Hoffman and Jebara 2018 (*Variational autoencoders for collaborative filtering*): 600 – 200 – 600
    units with tanh, half of the input hidden in training, the KL term's weight raised from 0 to 0.2 and the epoch
    chosen by nDCG of held-out items. Deviations: nDCG@10 of held-out items of known users chooses, where the paper
    holds out whole users and takes nDCG@100; very large catalogues get fewer units.

    Parameters
    ----------
    code : int
        Numbers in the code.
    dropout : float
    plan : RebuildingPlan or None
        How to train; None for what suits the number of users.
    """

    def __init__(self, code: int = CODE, dropout: float = 0.5, plan: RebuildingPlan | None = None) -> None:
        self.code, self.dropout, self.plan = code, dropout, plan
        self.chosen: dict = {}
        self.history: list[dict[str, float]] = []
        self.network: keras.Model | None = None
        self._shape: dict[str, Any] = {}

    def learn(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Train; with ``held`` until its nDCG@10 no longer rises, without it for the epochs chosen before."""
        rows = known.matrix()
        plan = self._plan(rows.shape[0], held is not None, context)
        units = suiting_units(known.n_items)
        self._shape = {"n_items": known.n_items, "units": units, "code": self.code, "dropout": self.dropout}
        self.network = build_mult_vae(**self._shape, seed=context.seed)
        judge = None if held is None else partial(self._judge, held)
        trained = fit_rebuilding(self.network, rows, context, plan, judge)
        self.history = trained.history
        if held is not None:
            best = trained.best.get("val_ndcg", 0.0)
            self.chosen = {"epochs": trained.epoch, "units": units, "code": self.code, "held_ndcg": best}
        context.progress(1.0, "Mult-VAE")

    def _plan(self, users: int, chooses: bool, context: FitContext) -> RebuildingPlan:
        plan = self.plan or suiting_plan(users)
        epochs = int(context.options.get("epochs") or 0) or plan.epochs
        if not chooses:
            epochs = int(self.chosen.get("epochs") or context.options.get("epochs") or EPOCHS)
        return replace(plan, epochs=epochs, name="mult_vae" if chooses else "mult_vae_again")

    def _judge(self, held: Held) -> dict[str, float]:
        return {"val_ndcg": held_ndcg(self.score_items, held)}

    def score_items(self, histories: Histories) -> np.ndarray:
        """Return logits (n, n_items) float32; an empty history gets those of an empty input."""
        return score_rows(fitted(self.network), histories.matrix())

    def gated(self) -> keras.Model:
        """Return the network behind item codes and gates."""
        return gated_graph(fitted(self.network), self._shape["n_items"])

    def parameters(self) -> int:
        """Return the number of weights."""
        return int(sum(np.prod(variable.shape) for variable in fitted(self.network).trainable_variables))

    def save(self, folder: Path) -> None:
        """Write catalogue, weights and choices."""
        self.catalogue.save(folder)
        save_weights(Path(folder) / "network.npz", fitted(self.network).get_weights())
        save_about(folder, {"shape": self._shape, "chosen": self.chosen, "history": self.history})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        about = load_about(folder)
        model = cls(about["shape"]["code"], about["shape"]["dropout"])
        model.catalogue, model.chosen, model.history = Catalogue.load(folder), about["chosen"], about["history"]
        model._shape = about["shape"]
        model.network = build_mult_vae(**model._shape, seed=0)
        model.network.set_weights(load_weights(Path(folder) / "network.npz"))
        return model


def suiting_plan(users: int) -> RebuildingPlan:
    """Return batch size and epochs for so many users."""
    batch = int(np.clip(users // 16, 32, 512))
    steps = max(1, users // batch)
    most = int(np.clip(round(4 * FEWEST_STEPS / steps), 30, 200))
    return RebuildingPlan(epochs=most, batch_size=batch, patience=max(5, most // 8), anneal=max(5, most // 4))


def suiting_units(n_items: int) -> int:
    """Return the units of the hidden layers for so many items."""
    return int(np.clip(LARGEST_LAYER // max(1, n_items), FEWEST_UNITS, UNITS))
