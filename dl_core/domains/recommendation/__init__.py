"""Recommendations: rank items for users, see why one was recommended, and who and what is neglected."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.interactions.known import KNOWN_INTERACTIONS
from dl_core.discover import deferred
from dl_core.domain import Domain, Option, Sample, offered, presets
from dl_core.domains.recommendation.offers import FAST
from dl_core.problems.ranking import ACTIVITY, RANKING, users_table
from dl_core.reading.interactions.schema import INTERACTION_SCHEMA

SAMPLE_FOLDER = Path(__file__).parents[3] / "sample_data" / "recommendation"


def slices(dataset: Dataset) -> pd.DataFrame:
    """Return what is known of each user, and how much the user took before, by user id."""
    return users_table(dataset).rename(columns={ACTIVITY: "items taken before"})


def prediction_table(predictions: pd.DataFrame, data: Dataset) -> pd.DataFrame:
    """Return the columns that ``predict`` writes: user, rank, item, score."""
    return predictions[["row", "rank", "item", "score"]].rename(columns={"row": "user"}).reset_index(drop=True)


def prediction_notes(predictions: pd.DataFrame) -> list[str]:
    """Return what is to be said of users whose lists do not rest on a history."""
    users = predictions.drop_duplicates("row")["basis"].value_counts()
    words = {
        "features": "have no interaction history: recommendations from user features",
        "nothing": "are unknown: popularity recommendations; add their interactions to the file for personal ones",
    }
    return [f"{users[basis]} of {users.sum()} users {text}." for basis, text in words.items() if users.get(basis)]


def learning_curve(
    train: Dataset, validation: Dataset, test: Dataset, seeds: int, work: Any, options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return nDCG against the number of known users of a small market, carried over from a large one and not."""
    from dl_core.transfer.interactions.transfer import transfer_curve

    return transfer_curve(train, validation, test, seeds, work)


MODELS = offered(__name__)

DOMAIN = Domain(
    name="recommendation",
    title="Recommendations",
    purpose="Rank items for each user, explain recommendations, and check exposure and bias.",
    icon="🛍️",
    symbol=":material/recommend:",
    order=30,
    upload_help="User-item interactions (CSV, TSV, Parquet, Excel or JSON lines), with item and user tables if any",
    schema=INTERACTION_SCHEMA,
    read=deferred("dl_core.reading.interactions.read:read_interactions"),
    inspect=deferred("dl_core.data.interactions.check:check_interactions"),
    mend=deferred("dl_core.data.interactions.check:mend_interactions"),
    split=deferred("dl_core.data.interactions.split:split_interactions"),
    models=MODELS,
    presets=presets(MODELS, FAST),
    primary_metric="ndcg",
    metrics=(
        *("ndcg", "recall", "precision", "map", "mrr", "hit_rate"),
        *("coverage", "novelty", "diversity", "popularity_lift"),
    ),
    group_metrics=("ndcg", "recall", "hit_rate", "mrr", "novelty", "diversity", "popularity_lift"),
    explainers=("integrated_gradients", "leave_one_out", "attention", "exact"),
    explain=deferred("dl_core.explain.interactions.explain:explain_users"),
    slices=slices,
    prediction_table=prediction_table,
    prediction_notes=prediction_notes,
    problem=RANKING,
    learning_curve=learning_curve,
    options=(
        Option("refit", bool, True, "refit the models on all rows, test rows included, after the evaluation on them"),
        Option("k", int, 10, "list length k at which ranking metrics are computed, 1 to 50"),
        Option(
            "split",
            str,
            "auto",
            "split strategy: which interactions are held out",
            ("auto", "last", "last day", "random", "by item", "date"),
        ),
        Option("held_out", int, 1, "held-out items (or days) per user, where the last or random ones are held out"),
        Option(
            "test_share",
            float,
            0.2,
            "share of the interactions held out as test set when splitting by item or by date",
        ),
        Option(
            "validation_share",
            float,
            0.1,
            "share of each user's, or of all, interactions that select models and settings",
        ),
        Option(
            "test_from",
            str,
            "",
            "first day of the test period such as 2011-11-01, when splitting by date; empty: by the test share",
        ),
        Option(
            "positive_from",
            float,
            0.0,
            "positive-feedback threshold: lowest rating that counts as positive; 0: every interaction",
        ),
        Option(
            "taken",
            str,
            "",
            "kinds of events that count, with their weights, such as view=1,purchase=5; all: every row; empty: by "
            "content, or asked",
        ),
        Option(
            "zero",
            str,
            "",
            "what a rating of 0 means: the lowest rating, taken but not rated, or shown only (left out); empty: asked "
            "where it matters",
            ("", "lowest", "unrated", "left out"),
        ),
        Option("min_user", int, 1, "minimum interactions per user (k-core filter)"),
        Option("min_item", int, 1, "minimum interactions per item (k-core filter)"),
        Option(
            "repeats",
            str,
            "fold",
            "duplicate interactions: fold merges repeats of a user and item; keep allows "
            "recommending consumed items again",
            ("fold", "keep"),
        ),
        Option("sequence_length", int, 0, "maximum history length read by the sequence models; 0: automatic"),
        Option("epochs", int, 0, "maximum number of training epochs of the networks; 0: automatic"),
    ),
    sample=Sample(
        SAMPLE_FOLDER,
        "Online retail, one year of real purchases",
        SAMPLE_FOLDER / "prepared_run.zip",
        SAMPLE_FOLDER / "new_customers.csv",
    ),
    known_data=KNOWN_INTERACTIONS,
    notice="",
    limits=(
        "Exposure bias: held-out interactions depend on what was shown at the time; an online A/B test is "
        "stronger evidence.",
        "Implicit feedback: a missing interaction is not a negative; the item may not have been seen.",
        "Users with short histories get near-popularity recommendations; see the metrics by user activity.",
    ),
)
