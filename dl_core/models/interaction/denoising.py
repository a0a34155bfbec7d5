"""The deep path of a blend: a denoising autoencoder with a multinomial likelihood."""

from __future__ import annotations

import keras
import numpy as np

from dl_core.models.interaction.multi_hot import UnitLength

CODE, DROPOUT = 200, 0.5


def build_denoising(n_items: int, code: int, dropout: float, seed: int) -> keras.Model:
    """Return the network from (n, n_items) ones to logits (n, n_items).

    Mult-DAE of Liang et al. 2018 (*Variational autoencoders for collaborative filtering*): history at unit length, a
    share hidden in training, ``code`` numbers with tanh, logits. One hidden layer; a second one was worse on few users.

    Parameters
    ----------
    n_items, code : int
    dropout : float
        Share of the input that is hidden in training.
    seed : int
    """
    seeds = np.random.default_rng(seed).integers(0, 2**31 - 1, 3).tolist()
    glorot = [keras.initializers.GlorotUniform(seed=one) for one in seeds[:2]]
    inputs = keras.Input((n_items,), name="taken")
    x = keras.layers.Dropout(dropout, seed=seeds[2], name="hidden_items")(UnitLength(name="unit_length")(inputs))
    x = keras.layers.Dense(code, activation="tanh", kernel_initializer=glorot[0], name="code")(x)
    return keras.Model(inputs, keras.layers.Dense(n_items, kernel_initializer=glorot[1], name="logits")(x))


def start_at_popularity(network: keras.Model, takers: np.ndarray) -> None:
    """Let the logits' bias begin at the log share of each item's takers (n_items,), half a taker added."""
    shares = (takers + 0.5) / (takers + 0.5).sum()
    network.get_layer("logits").bias.assign(np.log(shares).astype("float32"))
