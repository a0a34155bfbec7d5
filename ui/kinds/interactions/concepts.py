"""Recommendations in a few words: what a list is judged by, which models make it, what it shows, and what is new."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from dl_core.tasks.prepared import kept_answer
from ui.kinds.interactions import bias
from ui.panels.concepts import Idea, judged_of, leaderboard
from ui.shell import charts, folders, samples, theme
from ui.shell.words import number

NDCG = (
    "A list is good if the user's next interactions are in it, near the top. *nDCG@10* gives a hit at rank r the "
    "gain 1 / log2(r + 1): 1 at rank 1, 0.63 at rank 2, 0.29 at rank 10, and divides by the gain of the ideal "
    "list. *Recall@10* only counts hits among the ten, whatever their rank.\n\nThe test interactions are held "
    "out, and models rank the *full catalogue*, not a hundred sampled items: sampled metrics look far better and "
    "can reverse the order of models."
)
MODELS = (
    "*Popularity* recommends the same items to everyone. *Item neighbours* use item-item similarity. *EASE* fits "
    "one weight for each pair of items in closed form, and is a strong baseline. A *variational autoencoder* "
    "(Mult-VAE) encodes a history into a latent vector and decodes item probabilities. *SASRec* and *GRU4Rec* "
    "model the sequence, by self-attention or recurrence. *Two-tower* models embed users and items in one "
    "space.\n\nA network is worth its cost only where it beats EASE on the same users."
)
EXPOSURE = (
    "*Exposure* is the share of recommendation slots that an item or group gets. Models tend to favour popular "
    "items (*popularity bias*); users mostly choose from what is shown, and the next training learns from that: a "
    "*feedback loop*. So each group's share of exposure is compared with its share of interactions. The *Gini "
    "index* sums up inequality: 0 is equal exposure, near 1 is a few items everywhere.\n\n*Re-ranking* trades a "
    "little relevance for fairer exposure or more diverse lists; the slider sets how much."
)
COLD = (
    "A new user has few interactions; a new item has none, only its title and category. Most models learn one "
    "embedding per item id, so they cannot score a new item. An item tower that encodes titles and categories "
    "embeds it near similar items: that is what transfer means here.\n\nIt is measured by holding a tenth of the "
    "users and of the items out of training and evaluating on them."
)


def _discount(domain: Domain | None) -> None:
    ranks = list(range(1, 11))
    gains = [1 / math.log2(rank + 1) for rank in ranks]
    chart = charts.figure("Gain of a hit by rank", x="Rank in the list", y="Gain", height=300)
    chart.add_bar(x=ranks, y=gains, marker_color=theme.DEEP[0], hovertemplate="rank %{x}: %{y:.2f}<extra></extra>")
    chart.update_xaxes(dtick=1)
    said = "; ".join(f"rank {rank}: {number(gain, 2)}" for rank, gain in zip(ranks, gains, strict=True))
    charts.draw(chart, f"Gain of a hit by rank. {said}.", key="concept_ndcg")


def _models(domain: Domain | None) -> None:
    """Draw the sample's leaderboard, or the models in a table before there is a run."""
    judged = judged_of(domain)
    if domain is None or judged is None:
        st.markdown(
            "| Model | Input | Paper |\n|---|---|---|\n| EASE | item pairs | Steck 2019 |\n| Mult-VAE | history "
            "as a set | Liang et al. 2018 |\n| SASRec | sequence | Kang and McAuley 2018 |\n| GRU4Rec | sequence "
            "| Hidasi et al. 2016 |\n| Two-tower | history and features | Covington et al. 2016 |"
        )
        return
    title = "On the sample: deep models in colour"
    leaderboard(domain, judged, title, "nDCG@10; whiskers: 95 % interval", "concept_recommenders", "ndcg")


def _answer(domain: Domain | None, task: str, more: dict[str, Any]) -> dict[str, Any] | None:
    """Return the kept answer about the sample's best model."""
    folder = samples.prepared_run(domain) if domain is not None else None
    if folder is None:
        return None
    summary = folders.run_summary(folder) or {"models": {}}
    models = {name: one for name, one in summary["models"].items() if one["state"] == "done"}
    return kept_answer(folder, task, {"model": best_model(models), **more})


def _lorenz(domain: Domain | None) -> None:
    found = _answer(domain, "exposure", {"by": "popularity"})
    if found is None:
        return
    title = (
        f"On the sample: Gini of exposure {number(found['gini']['value'], 2)}, of interactions "
        f"{number(found['gini_interactions'], 2)}"
    )
    charts.draw(bias.lorenz(found["lorenz"], title, theme.DEEP[0]), f"{title}.", key="concept_exposure")


def _cold(domain: Domain | None) -> None:
    st.markdown(
        "| Cold-start case | Models that can score it |\n|---|---|\n| User with a few interactions | all |\n| "
        "User with features only | two-tower; others fall back to popularity |\n| Item with a title | two-tower "
        "|\n| Item with an id only | none |"
    )
    st.caption("The Compare tab measures it: *Cold start: new users, new items*.")


IDEAS = (
    Idea("Top-k lists and nDCG", NDCG, _discount, alone=True),
    Idea("Recommenders, from simple to deep", MODELS, _models, alone=True),
    Idea("Exposure", EXPOSURE, _lorenz, alone=True),
    Idea("Cold start", COLD, _cold, alone=True),
)
