"""The models that recommendations offer, deep ones and the plain ones they must beat."""

from __future__ import annotations

from dl_core.discover import lazy
from dl_core.models.base import Offer

OFFERS = (
    Offer(
        "popularity",
        "Popularity",
        "baseline",
        "The same list for everyone: what most users took.",
        lazy("dl_core.models.interactions.popularity:Popularity"),
    ),
    Offer(
        "recent_popularity",
        "Recent popularity",
        "baseline",
        "The same list for everyone: what many users took lately.",
        lazy("dl_core.models.interactions.popularity:Popularity"),
        {"recent": True},
    ),
    Offer(
        "item_neighbours",
        "Item neighbours",
        "baseline",
        "Items that the same users took as those in the history; the shop window's usual choice.",
        lazy("dl_core.models.interactions.neighbours:ItemNeighbours"),
    ),
    Offer(
        "ease",
        "EASE (linear)",
        "baseline",
        "One weight for each pair of items, solved in one step; hard to beat on small catalogues.",
        lazy("dl_core.models.interactions.ease:Ease"),
    ),
    Offer(
        "matrix_factorisation",
        "Matrix factorisation (ALS)",
        "baseline",
        "A short list of tastes for each user and item, solved in turns.",
        lazy("dl_core.models.interactions.factors:MatrixFactorisation"),
    ),
    Offer(
        "mult_vae",
        "Variational autoencoder",
        "deep",
        "Squeezes a whole history through a few numbers and rebuilds what else belongs to it (Mult-VAE).",
        lazy("dl_core.models.interactions.mult_vae:MultVAE"),
    ),
    Offer(
        "deep_blend",
        "Wide and deep blend",
        "deep",
        "A linear path for the obvious pairs and an autoencoder for the rest, weighed on held-out items.",
        lazy("dl_core.models.interactions.blend:DeepBlend"),
    ),
    Offer(
        "two_tower",
        "Two towers",
        "deep",
        "One network for users and one for items that reads titles and categories too, so new items have a place.",
        lazy("dl_core.models.interactions.two_tower:TwoTower"),
    ),
    Offer(
        "sasrec",
        "Self-attention over the sequence (SASRec)",
        "deep",
        "Reads a history in its order and attends to the items that matter for what comes next.",
        lazy("dl_core.models.interactions.sasrec:SASRec"),
    ),
    Offer(
        "gru4rec",
        "Recurrent network (GRU4Rec)",
        "deep",
        "Reads a history item by item and keeps a running state.",
        lazy("dl_core.models.interactions.gru4rec:GRU4Rec"),
    ),
)

FAST = ("popularity", "item_neighbours", "ease", "deep_blend", "two_tower")  # in the order in which they are trained
