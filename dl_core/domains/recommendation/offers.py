"""The models that recommendations offer, deep ones and the plain ones they must beat."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from dl_core.models.base import Model, Offer


def _from(module: str, name: str) -> Callable[[], type[Model]]:
    """Return a loader, so that describing a model imports neither Keras nor SciPy."""
    return lambda: getattr(import_module(f"dl_core.models.interactions.{module}"), name)


OFFERS = {
    offer.name: offer
    for offer in (
        Offer(
            "popularity",
            "Popularity",
            "baseline",
            "The same list for everyone: what most users took.",
            _from("popularity", "Popularity"),
        ),
        Offer(
            "recent_popularity",
            "Recent popularity",
            "baseline",
            "The same list for everyone: what many users took lately.",
            _from("popularity", "Popularity"),
            {"recent": True},
        ),
        Offer(
            "item_neighbours",
            "Item neighbours",
            "baseline",
            "Items that the same users took as those in the history; the shop window's usual choice.",
            _from("neighbours", "ItemNeighbours"),
        ),
        Offer(
            "ease",
            "EASE (linear)",
            "baseline",
            "One weight for each pair of items, solved in one step; hard to beat on small catalogues.",
            _from("ease", "Ease"),
        ),
        Offer(
            "matrix_factorisation",
            "Matrix factorisation (ALS)",
            "baseline",
            "A short list of tastes for each user and item, solved in turns.",
            _from("factors", "MatrixFactorisation"),
        ),
        Offer(
            "mult_vae",
            "Variational autoencoder",
            "deep",
            "Squeezes a whole history through a few numbers and rebuilds what else belongs to it (Mult-VAE).",
            _from("mult_vae", "MultVAE"),
        ),
        Offer(
            "deep_blend",
            "Wide and deep blend",
            "deep",
            "A linear path for the obvious pairs and an autoencoder for the rest, weighed on held-out items.",
            _from("blend", "DeepBlend"),
        ),
        Offer(
            "two_tower",
            "Two towers",
            "deep",
            "One network for users and one for items that reads titles and categories too, so new items have a place.",
            _from("two_tower", "TwoTower"),
        ),
        Offer(
            "sasrec",
            "Self-attention over the sequence (SASRec)",
            "deep",
            "Reads a history in its order and attends to the items that matter for what comes next.",
            _from("sasrec", "SASRec"),
        ),
        Offer(
            "gru4rec",
            "Recurrent network (GRU4Rec)",
            "deep",
            "Reads a history item by item and keeps a running state.",
            _from("gru4rec", "GRU4Rec"),
        ),
    )
}

PRESETS = {
    "fast": ("popularity", "item_neighbours", "ease", "deep_blend", "two_tower"),
    "all": tuple(OFFERS),
}
