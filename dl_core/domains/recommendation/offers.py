"""The models that recommendations offer, deep ones and the plain ones they must beat."""

from __future__ import annotations

from dl_core.discover import lazy
from dl_core.models.base import Offer

OFFERS = (
    Offer(
        "popularity",
        "Popularity",
        "baseline",
        "Non-personalised: the items with the most users.",
        lazy("dl_core.models.interactions.popularity:Popularity"),
    ),
    Offer(
        "recent_popularity",
        "Recent popularity",
        "baseline",
        "Non-personalised: the items with the most recent users.",
        lazy("dl_core.models.interactions.popularity:Popularity"),
        {"recent": True},
    ),
    Offer(
        "own_frequent",
        "Own most frequent",
        "baseline",
        "The user's own most frequent items; the baseline to beat where consumption repeats (repeats = keep).",
        lazy("dl_core.models.interactions.own_frequent:OwnFrequent"),
        wants={"repeats": "keep"},
    ),
    Offer(
        "item_neighbours",
        "Item neighbours",
        "baseline",
        "Item-based collaborative filtering (item-kNN): items similar to those in the history; the common "
        "production baseline.",
        lazy("dl_core.models.interactions.neighbours:ItemNeighbours"),
    ),
    Offer(
        "ease",
        "EASE (linear)",
        "baseline",
        "Linear item-item model in closed form: one weight per item pair; a strong baseline on small catalogues.",
        lazy("dl_core.models.interactions.ease:Ease"),
    ),
    Offer(
        "matrix_factorisation",
        "Matrix factorisation (ALS)",
        "baseline",
        "Latent factors of users and items, fitted by alternating least squares (implicit feedback).",
        lazy("dl_core.models.interactions.factors:MatrixFactorisation"),
    ),
    Offer(
        "mult_vae",
        "Variational autoencoder",
        "deep",
        "Encodes a history into a latent vector and decodes item probabilities (Mult-VAE).",
        lazy("dl_core.models.interactions.mult_vae:MultVAE"),
    ),
    Offer(
        "deep_blend",
        "Wide and deep blend",
        "deep",
        "A linear item-item component and an autoencoder, combined with weights fitted on held-out items.",
        lazy("dl_core.models.interactions.blend:DeepBlend"),
    ),
    Offer(
        "two_tower",
        "Two-tower",
        "deep",
        "User and item encoders in one embedding space; item features (titles, categories) allow new items to be "
        "ranked.",
        lazy("dl_core.models.interactions.two_tower:TwoTower"),
    ),
    Offer(
        "sasrec",
        "Self-attention over the sequence (SASRec)",
        "deep",
        "Self-attention over the interaction sequence for next-item prediction.",
        lazy("dl_core.models.interactions.sasrec:SASRec"),
    ),
    Offer(
        "gru4rec",
        "Recurrent network (GRU4Rec)",
        "deep",
        "Recurrent network over the interaction sequence for next-item prediction.",
        lazy("dl_core.models.interactions.gru4rec:GRU4Rec"),
    ),
)

FAST = ("popularity", "item_neighbours", "ease", "deep_blend", "two_tower")  # in the order in which they are trained
