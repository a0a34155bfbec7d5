"""Recommendations in a few words: what a list is judged by, which models make it, what it shows, and what is new."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import streamlit as st

from dl_core.domain import Domain, domains
from dl_core.evaluate.choice import best_model
from dl_core.tasks.prepared import kept_answer
from ui.shell import charts, folders, samples, theme
from ui.shell.words import number

NDCG = (
    "A list is good if what the user takes next stands in it, and high up. *nDCG@10* counts a hit in place r as "
    "1 / log2(r + 1): 1 in the first place, 0.63 in the second, 0.29 in the tenth, and divides by the best list there "
    "could be. *Recall* only asks whether it is among the ten.\n\n"
    "What was taken is hidden from the models, and they rank *all* items, not a hundred drawn at random: scores by "
    "drawn items look far better and can turn the order of models round."
)
MODELS = (
    "*Popularity* offers everyone the same. *Neighbours* look at which items go together. *EASE* finds one weight for "
    "each pair of items in one step, and is hard to beat. A *variational autoencoder* (Mult-VAE) squeezes a history "
    "through a few numbers and rebuilds what else belongs to it. *SASRec* and *GRU4Rec* read a history in its order, "
    "by attention or step by step. *Two towers* give users and items a place each in one space.\n\n"
    "A network earns its keep only where it beats EASE on the same users."
)
EXPOSURE = (
    "Ten places a user are all there is to give away. Models tend to give them to what is popular already; users can "
    "take only what they see, and the next training learns from that: a *feedback loop*. So the share of places that "
    "each kind of item gets stands beside its share of what users took. *Gini* sums up how uneven that is: 0 is all "
    "alike, near 1 is a few items everywhere.\n\n"
    "*Re-ranking* trades a little relevance for a fairer share or more varied lists; the slider shows how much."
)
COLD = (
    "Of a new user little is known, of a new item nothing but its title and category. Most models know an item by its "
    "id, so that a new one has no place in their lists. A tower that reads titles and categories can place it beside "
    "those like it: that is what transfer means here.\n\n"
    "It is measured by training without a tenth of the users and of the items, and asking for them."
)


def entries() -> list[tuple[str, str, Any]]:
    """Return (title, text, function that draws the right half from the sample's run) of each idea."""
    return [
        ("Lists, and nDCG", NDCG, _discount),
        ("Recommenders, from simple to deep", MODELS, _models),
        ("Exposure", EXPOSURE, _lorenz),
        ("Cold start", COLD, _cold),
    ]


def example() -> Domain | None:
    """Return the domain whose sample holds recommendations, once there is a prepared run."""
    for domain in domains().values():
        summary = samples.summary(domain)
        if summary and summary["dataset"]["roles"].get("item"):
            return domain
    return None


def _discount(domain: Domain | None) -> None:
    ranks = list(range(1, 11))
    gains = [1 / math.log2(rank + 1) for rank in ranks]
    chart = charts.figure("What a hit counts, by its place", x="Place in the list", y="Gain", height=300)
    chart.add_bar(x=ranks, y=gains, marker_color=theme.DEEP[0], hovertemplate="place %{x}: %{y:.2f}<extra></extra>")
    chart.update_xaxes(dtick=1)
    said = "; ".join(f"place {rank}: {number(gain, 2)}" for rank, gain in zip(ranks, gains, strict=True))
    charts.draw(chart, f"Gain of a hit by its place. {said}.", key="concept_ndcg")


def _models(domain: Domain | None) -> None:
    """Draw the sample's leaderboard, or the models in a table before there is a run."""
    judged = folders.evaluation(Path(domain.sample.prepared_run)) if domain is not None else None
    if judged is None:
        st.markdown(
            "| Model | Reads | Paper |\n|---|---|---|\n"
            "| EASE | pairs of items | Steck 2019 |\n"
            "| Mult-VAE | the whole history | Liang et al. 2018 |\n"
            "| SASRec | the order | Kang and McAuley 2018 |\n"
            "| GRU4Rec | the order | Hidasi et al. 2016 |\n"
            "| Two towers | features too | Covington et al. 2016 |"
        )
        return
    rows = judged.metrics[judged.metrics["metric"] == "ndcg"]
    colours = theme.model_colours(domain.models)
    dots = [
        {**row, "label": domain.models[row["model"]].label, "colour": colours[row["model"]]}
        for row in rows.to_dict("records")
        if row["model"] in domain.models
    ]
    dots.sort(key=lambda row: -row["value"])
    said = "; ".join(f"{row['label']} {number(row['value'])}" for row in dots)
    chart = charts.dots(dots, "On the sample: deep models in colour", x="nDCG@10; whiskers: 95 % interval")
    charts.draw(chart, f"nDCG of each model on the sample. {said}.", key="concept_recommenders")


def _answer(domain: Domain | None, task: str, more: dict[str, Any]) -> dict[str, Any] | None:
    """Return the kept answer about the sample's best model."""
    if domain is None:
        return None
    folder = Path(domain.sample.prepared_run)
    models = {name: one for name, one in folders.run_summary(folder)["models"].items() if one["state"] == "done"}
    return kept_answer(folder, task, {"model": best_model(models), **more})


def _lorenz(domain: Domain | None) -> None:
    found = _answer(domain, "exposure", {"by": "popularity"})
    if found is None:
        return
    curve = found["lorenz"]
    series = [
        {"name": "shown", "x": curve["items"], "y": curve["exposure"], "colour": theme.DEEP[0]},
        {"name": "taken", "x": curve["items"], "y": curve["interactions"], "colour": theme.DEEP[1], "dash": "dash"},
        {"name": "all alike", "x": [0, 1], "y": [0, 1], "colour": theme.GREYS[0], "dash": "dot"},
    ]
    title = (
        f"On the sample: Gini {number(found['gini']['value'], 2)} shown, {number(found['gini_interactions'], 2)} taken"
    )
    chart = charts.lines(series, title, x="Share of items, the least shown first", y="Share of places", direct=False)
    charts.draw(chart, f"{title}.", key="concept_exposure")


def _cold(domain: Domain | None) -> None:
    st.markdown(
        "| What is new | Who can serve it |\n|---|---|\n"
        "| A user with a few items | every model, the better the more it makes of little |\n"
        "| A user with features only | two towers; others offer what is popular |\n"
        "| An item with a title | two towers |\n"
        "| An item with an id only | none |"
    )
    st.caption("The Compare tab measures it: *Cold start: new users, new items*.")
