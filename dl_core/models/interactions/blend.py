"""The default deep recommender: a linear path between items and autoencoders, weighed on held-out items."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Self

import keras
import numpy as np
from scipy import sparse
from scipy.special import softmax

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.models.base import FitContext
from dl_core.models.interactions.autoencoder_fit import RebuildingPlan, fit_rebuilding
from dl_core.models.interactions.base import Held, Recommender
from dl_core.models.interactions.blend_weights import choose_weights
from dl_core.models.interactions.choosing import held_ndcg
from dl_core.models.interactions.denoising import CODE, DROPOUT, build_denoising, shallow_plan, start_at_popularity
from dl_core.models.interactions.factor_path import FactorPath
from dl_core.models.interactions.factors import Settings, choose_settings
from dl_core.models.interactions.linear import takers
from dl_core.models.interactions.linear_path import NOTHING_CHOSEN, SMALLEST_SPREAD, LinearPath, choose_linear
from dl_core.models.interactions.mult_vae import EPOCHS
from dl_core.models.interactions.multi_hot import GatedMultiHot, score_rows
from dl_core.models.store import load_about, load_arrays, load_weights, save_about, save_arrays, save_weights

NETWORKS = 2  # of different seeds, whose probabilities are averaged
CELLS_FOR_ONE = 100_000_000  # users times items beyond which a single network is trained
WEIGHTS = {"linear": 1 / 2, "neighbours": 0.0, "factors": 1 / 2, "deep": 0.0}  # unless others are clearly better
LEAST_DEEP = 1e-3  # the deep path's weight at least: it orders items that no other path names
FITTED = ("reg", "alpha")  # of the factors' settings, those that held-out users choose
ONE_WILL_DO = 0.01  # weight of the deep path under which only one network is trained again

Wide = LinearPath | FactorPath


class DeepBlend(Recommender):
    """A wide and deep recommender: linear paths for the obvious pairs of items, a deep one for the taste behind them.

    Scores are a weighted sum of four paths' scores, each of them standardised: a user's scores less their mean over
    all items, over their standard deviation. To the variance of the three wide paths that of a single item's scores is
    added first: scores then grow smoothly out of an empty history, so that gradients along that way can say why.

    - *linear* is a denoising linear autoencoder, in closed form (Steck 2020; with a dropout of 0 it is EASE, Steck
      2019): one weight for each pair of items. Nothing of it is trained by gradients;
    - *neighbours* is the sum of cosines to the items of the history, counted, not trained;
    - *factors* are those of alternating least squares (Hu, Koren & Volinsky 2008), solved anew for each history;
    - *deep* is the mean probability of shallow variational autoencoders with a multinomial likelihood (after Mult-VAE,
      Liang et al. 2018; see `build_denoising`), trained by gradients, of different seeds.

    Wide and deep models: Cheng et al. 2016. Deviation: the paths are learned apart and weighed afterwards, because a
    wide path that was solved on the same users leaves a jointly trained deep one nothing to learn (measured). Held-out
    items choose the settings of the linear path and the factors, the epochs, and the paths' weights on a grid of sixths
    that includes each path alone; equal parts of linear path and factors stay unless others are clearly better.
    ``chosen["held_ndcg"]`` says what each path reaches there by itself, what those without the deep one reach together
    (``wide``), and EASE (``ease``).

    Parameters
    ----------
    networks : int
        ``options["networks"]`` of the run comes first where it is more.
    plan : RebuildingPlan or None
        How to train; None for what suits the number of users.
    """

    def __init__(self, networks: int = NETWORKS, plan: RebuildingPlan | None = None) -> None:
        self.networks, self.plan = networks, plan
        self.chosen: dict = {}
        self.history: list[dict[str, float]] = []
        self.wide: dict[str, Wide] = {}
        self.deep: list[keras.Model] = []

    def learn(self, known: Histories, held: Held | None, context: FitContext) -> None:
        """Solve for the linear path and train the deep one; with ``held`` choose settings, epochs and weights."""
        chosen = dict(self.chosen)
        if held is not None:
            chosen = {"linear": choose_linear(known, held, context.part(0.0, 0.15))}
            chosen["factors"] = asdict(choose_settings(known, held, context.part(0.15, 0.3), FITTED))
        self._solve(known, chosen, context.part(0.3, 0.4))
        epochs = self._train(known, held, chosen.get("epochs") or [], context.part(0.4, 0.95))
        if held is not None:
            chosen["epochs"] = epochs
            chosen.update(self._weigh(held, chosen["linear"]))
        self.chosen = {"weights": dict(WEIGHTS), **chosen}
        context.progress(1.0, "Wide and deep blend")

    def _solve(self, known: Histories, chosen: dict, context: FitContext) -> None:
        """Fit the paths that need no gradients."""
        context.progress(0.0, "Fitting the linear component")
        self.wide = {
            "linear": LinearPath.learn(known, chosen.get("linear") or NOTHING_CHOSEN),
            "neighbours": LinearPath.neighbours(known, context.part(0.2, 0.4)),
            "factors": FactorPath.learn(known, chosen.get("factors") or asdict(Settings()), context.part(0.4, 1.0)),
        }

    def _train(self, known: Histories, held: Held | None, epochs: list[int], context: FitContext) -> list[int]:
        """Train the networks and return their best epochs."""
        rows, found = known.matrix(), []
        self.deep = []
        count = max(self.networks, int(context.options.get("networks") or 0))
        if held is None and self.chosen.get("weights", WEIGHTS)["deep"] < ONE_WILL_DO:
            epochs = epochs[:1]  # held-out items gave it nearly no say
        count = len(epochs) or (1 if rows.shape[0] * rows.shape[1] > CELLS_FOR_ONE else count)
        for number in range(count):
            if number and context.out_of_time():
                break
            network = build_denoising(known.n_items, CODE, DROPOUT, context.seed + 1_000 * number)
            start_at_popularity(network, takers(known))
            part = replace(context.part(number / count, (number + 1) / count), seed=context.seed + 1_000 * number)
            judge = None if held is None else partial(_judge, network, held)
            plan = self._plan(len(known), epochs[number] if epochs else 0, held is not None, part)
            trained = fit_rebuilding(network, rows, part, replace(plan, name=f"{plan.name}_{number}"), judge)
            self.history = trained.history
            self.deep.append(network)
            found.append(trained.epoch)
        return found

    def _plan(self, users: int, epochs: int, chooses: bool, context: FitContext) -> RebuildingPlan:
        plan = self.plan or shallow_plan(users)
        wanted = int(context.options.get("epochs") or 0)
        if chooses:
            return replace(plan, epochs=wanted or plan.epochs, name="denoising")
        return replace(plan, epochs=epochs or wanted or EPOCHS, name="denoising_again")

    def _weigh(self, held: Held, linear: dict) -> dict:
        """Return the paths' ``weights`` and what each reaches by itself on held-out items."""
        weights, alone = choose_weights(lambda some: self._paths(some.matrix()), held, WEIGHTS, "deep")
        weights["deep"] = max(weights["deep"], LEAST_DEEP)
        return {"weights": weights, "held_ndcg": {"ease": linear["ease_ndcg"], **alone}}

    def _paths(self, rows: sparse.csr_matrix) -> dict[str, np.ndarray]:
        """Return each path's standardised scores (n, n_items) for ones (n, n_items)."""
        found = {name: standardised(path.scores(rows), path.spread) for name, path in self._fitted().items()}
        deep = [softmax(score_rows(network, rows), axis=1) for network in self.deep]
        return {**found, "deep": standardised(np.mean(deep, axis=0))}

    def _fitted(self) -> dict[str, Wide]:
        if not self.wide:
            raise RuntimeError("the model was not fitted")
        return self.wide

    def score_items(self, histories: Histories) -> np.ndarray:
        """Return blended scores (n, n_items) float32; an empty history gets the deep path's."""
        paths = self._paths(histories.matrix())
        return blended(paths, self.chosen["weights"])

    def gated(self) -> keras.Model:
        """Return all paths behind item codes and gates, as one graph."""
        wide, weights = self._fitted(), self.chosen["weights"]
        codes = keras.Input((None,), dtype="int32", name="codes")
        gates = keras.Input((None,), dtype="float32", name="gates")
        x = GatedMultiHot(wide["linear"].n_items, name="gated")([codes, gates])
        found = [keras.layers.Softmax()(network(x)) for network in self.deep]
        deep = keras.layers.Average()(found) if len(found) > 1 else found[0]
        parts = [Standardised(weights[name], path.spread)(path.layer(x)) for name, path in wide.items()]
        return keras.Model([codes, gates], keras.layers.Add()([*parts, Standardised(weights["deep"])(deep)]))

    def parameters(self) -> int:
        """Return the number of weights of all paths; of neighbours only the cosines that are kept."""
        deep = sum(int(np.prod(one.shape)) for network in self.deep for one in network.trainable_variables)
        return deep + sum(path.parameters() for path in self._fitted().values())

    def save(self, folder: Path) -> None:
        """Write catalogue, all paths (large wide ones as float16) and choices."""
        wide, folder = self._fitted(), Path(folder)
        self.catalogue.save(folder)
        arrays = {name: path.stored() for name, path in wide.items()}
        save_arrays(folder / "wide.npz", {"kept": wide["linear"].kept, **arrays})
        factors = {name: path.settings() for name, path in wide.items() if isinstance(path, FactorPath)}
        for number, network in enumerate(self.deep):
            save_weights(folder / f"network_{number}.npz", network.get_weights())
        about = {"n_items": wide["linear"].n_items, "networks": len(self.deep), **factors}
        save_about(folder, {**about, "chosen": self.chosen, "history": self.history})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        about, arrays = load_about(folder), load_arrays(Path(folder) / "wide.npz")
        model = cls(about["networks"])
        model.catalogue, model.chosen, model.history = Catalogue.load(folder), about["chosen"], about["history"]
        kept, n_items = arrays["kept"], about["n_items"]
        for name in ("linear", "neighbours"):
            model.wide[name] = LinearPath(kept, arrays[name].astype(np.float32), n_items)
        if about.get("factors"):  # blends of before have none
            model.wide["factors"] = FactorPath(kept, arrays["factors"], n_items, **about["factors"])
        for number in range(about["networks"]):
            network = build_denoising(about["n_items"], CODE, DROPOUT, number)
            network.set_weights(load_weights(Path(folder) / f"network_{number}.npz"))
            model.deep.append(network)
        return model


def blended(paths: dict[str, np.ndarray], weights: dict[str, float]) -> np.ndarray:
    """Return the weighted sum (n, n_items) float32 of the paths' scores."""
    parts = np.stack([np.float32(weights[name]) * scores for name, scores in paths.items()])
    return parts.sum(axis=0, dtype=np.float32)


class Standardised(keras.layers.Layer):
    """Rows (n, d) less their mean, over their standard deviation with ``least`` in it, times a fixed weight."""

    def __init__(self, weight: float, least: float = SMALLEST_SPREAD, **rest: float) -> None:
        super().__init__(**rest)
        self.weight, self.least = weight, least

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Return x standardised."""
        away = x - keras.ops.mean(x, axis=-1, keepdims=True)
        spread = keras.ops.sqrt(keras.ops.mean(keras.ops.square(away), axis=-1, keepdims=True) + self.least**2)
        return self.weight * away / spread


def standardised(scores: np.ndarray, least: float = SMALLEST_SPREAD) -> np.ndarray:
    """Return scores (n, n_items) less their mean, over the root of their variance and ``least`` squared, float32."""
    away = scores - scores.mean(axis=1, keepdims=True)
    return away / np.sqrt(np.square(away).mean(axis=1, keepdims=True) + np.float32(least**2))


def _judge(network: keras.Model, held: Held) -> dict[str, float]:
    return {"val_ndcg": held_ndcg(lambda some: score_rows(network, some.matrix()), held)}
