"""Fraud detection: score transactions, see why one was flagged, how models age and whom they burden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dl_core.data.catalogue import KnownData
from dl_core.data.dataset import Dataset
from dl_core.discover import deferred
from dl_core.domain import Domain, Option, Sample, offered, presets
from dl_core.domains.fraud_detection.offers import FAST
from dl_core.reading.table.schema import TRANSACTION_SCHEMA
from dl_core.schema import Role

if TYPE_CHECKING:
    from dl_core.explain.explanation import Explanation
    from dl_core.explain.request import ExplainRequest

SAMPLE_FOLDER = Path(__file__).parents[3] / "sample_data" / "fraud_detection"
DAY = np.timedelta64(1, "D")
BACKGROUND = 200  # honest rows that explanations compare a transaction with
SHARE_REVIEWED = 0.01  # of a day's transactions, where no budget is given
NUMBERS = (Role.AMOUNT, Role.FEATURE, Role.HISTORY)


def explain(request: ExplainRequest) -> list[Explanation]:
    """Say what made a transaction's score what it is, against typical honest ones of the training rows."""
    from dl_core.explain.table.background import draw_background
    from dl_core.explain.table.explain import explain_table

    if request.beside is not None:
        request = replace(request, beside=draw_background(request.beside, BACKGROUND, seed=0))
    return [*explain_table(request)]


def slices(dataset: Dataset) -> pd.DataFrame:
    """Return the group columns, and the amount and the time of day where there are any."""
    table = dataset.table[[column for column in dataset.roles.get(Role.GROUP, ()) if column in dataset.table]].copy()
    amount, time = dataset.values(Role.AMOUNT), dataset.values(Role.TIME)
    if amount is not None:
        table["size of the amount"] = amount
    if time is not None:
        hours = pd.to_datetime(time).dt.hour
        parts = pd.cut(
            hours, [-1, 5, 11, 17, 23], labels=["night 0–5", "morning 6–11", "afternoon 12–17", "evening 18–23"]
        )
        table["time of day"] = parts.astype(object)
    return table


def prediction_table(predictions: pd.DataFrame, data: Dataset) -> pd.DataFrame:
    """Return the columns that ``predict`` writes: row, score (of the positive class), flagged, and the row's own id."""
    positive = data.classes[-1]
    table = pd.DataFrame(
        {
            "row": predictions["row"].to_numpy(),
            "score": predictions[f"score_{positive}"].to_numpy(),
            "flagged": (predictions["y_pred"] == positive).to_numpy(),
        }
    )
    ids = data.values(Role.ID)
    return table if ids is None else table.assign(**{str(ids.name): ids.reindex(table["row"]).to_numpy()})


def novelty(dataset: Dataset, cache: Path | None) -> np.ndarray:
    """Return the numbers by which a new row is compared with training rows, (n, d) float32: signed logarithms."""
    table = inputs(dataset).select_dtypes("number")
    values = table.replace([np.inf, -np.inf], np.nan).to_numpy(dtype=np.float32)  # (n, d)
    return np.nan_to_num(np.sign(values) * np.log1p(np.abs(values)))


def inputs(dataset: Dataset) -> pd.DataFrame:
    """Return what models read of a row: amount, features and history, by row id."""
    columns = dict.fromkeys(column for role in NUMBERS for column in dataset.roles.get(role, ()))
    return dataset.table[[column for column in columns if column in dataset.table]]


def about_rows(dataset: Dataset, options: Mapping[str, Any]) -> pd.DataFrame:
    """Return what metrics need besides scores, by row id: day, account, amount, and the user's budget and costs."""
    about = pd.DataFrame(index=dataset.ids)
    time, account, amount = (dataset.values(role) for role in (Role.TIME, Role.ENTITY, Role.AMOUNT))
    if time is not None:
        about["day"] = pd.to_datetime(time).to_numpy().astype("datetime64[D]").astype(np.int64)
        about["budget"] = float(options.get("review_budget") or 0) or _usual_budget(about["day"])
    if account is not None:
        about["account"] = pd.factorize(account)[0]
    if amount is not None:
        about["amount"] = amount.fillna(0.0).abs()
        about["review_cost"] = float(options.get("review_cost", 5.0))
        about["loss_share"] = float(options.get("loss_share", 1.0))
    return about


def _usual_budget(day: pd.Series) -> float:
    """Return one in a hundred of a usual day's transactions, and at least one."""
    return max(1.0, round(SHARE_REVIEWED * float(day.value_counts().median()))) if len(day) else 1.0


def pick_threshold(y: np.ndarray, scores: np.ndarray, about: pd.DataFrame | None) -> float | None:
    """Return the operating point that saves most money on validation rows; without labels, the top hundredth."""
    known = y >= 0
    if not known.any():
        return float(np.quantile(scores[:, 1], 1 - SHARE_REVIEWED)) if len(scores) else None
    from dl_core.evaluate.calibration import pick_threshold_for_money

    return pick_threshold_for_money(y[known], scores[known], None if about is None else about[known])


def learning_curve(
    train: Dataset, validation: Dataset, test: Dataset, seeds: int, work: Any, options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return average precision against the number of known frauds: a pretrained encoder, and one from scratch."""
    from dl_core.models.table.pretrained import label_curve

    return label_curve(train, validation, test, seeds, work)


KNOWN = (
    KnownData(
        name="ulb_credit_card",
        title="ULB credit-card fraud (2013)",
        task="284,807 card payments of two days in Europe, 492 frauds; 28 anonymous components, amount and seconds",
        licence="Public domain mark (OpenML 1597); cite Dal Pozzolo et al. 2015",
        url="https://www.openml.org/data/get_csv/1673544/phpKo8OWT",
        file="ulb_credit_card.csv",
        size_bytes=150_000_000,
        rows=284_807,
    ),
)

MODELS = offered(__name__)

DOMAIN = Domain(
    name="fraud_detection",
    title="Fraud detection",
    purpose="Score transactions for fraud, explain each alert, track model ageing and check for bias.",
    icon="💳",
    symbol=":material/credit_card_off:",
    order=20,
    upload_help="A table of transactions (CSV, TSV, Parquet, Excel or JSON lines), with or without labels",
    schema=TRANSACTION_SCHEMA,
    read=deferred("dl_core.reading.table.read:read_transactions"),
    inspect=deferred("dl_core.data.table.check:check_transactions"),
    mend=deferred("dl_core.data.table.leakage:mend_transactions"),
    split=deferred("dl_core.data.table.split:split_transactions"),
    models=MODELS,
    presets=presets(MODELS, FAST),
    primary_metric="auprc",
    metrics=(
        *("auprc", "auroc", "card_precision", "precision_at_k", "recall_at_k"),
        *("money_saved", "sensitivity", "false_positive_rate", "brier"),
    ),
    group_metrics=("false_positive_rate", "sensitivity", "selection_rate", "money_lost", "review_burden", "auroc"),
    explainers=("expected_gradients", "integrated_gradients", "shapley_sampling"),
    explain=explain,
    slices=slices,
    prediction_table=prediction_table,
    novelty=novelty,
    learning_curve=learning_curve,
    about_rows=about_rows,
    pick_threshold=pick_threshold,
    inputs=inputs,
    ages=True,
    reference_rows=1_000,
    words={"row": ("transaction", "transactions"), "selected": "flagged", "score": "risk"},
    options=(
        Option(
            "review_budget",
            int,
            0,
            "review budget: transactions that can be reviewed per day; 0: automatic, 1 % of the daily transactions",
        ),
        Option("review_cost", float, 5.0, "cost of one review, in the amount's currency"),
        Option("loss_share", float, 1.0, "loss given missed fraud: share of the amount, 0 to 1"),
        Option("positive", str, "", "values of the label that mean fraud, parted by |; empty: as its words tell"),
        Option("unlabelled", str, "", "values of the label that are none, such as pending, parted by |; with positive"),
        Option(
            "dates",
            str,
            "auto",
            "order of day and month in dates such as 03/04/2024; auto: as the dates and the order of rows tell",
            ("auto", "day-first", "month-first"),
        ),
        Option(
            "delay_days",
            float,
            7.0,
            "label delay (verification latency): days until it is known whether a transaction was fraud",
        ),
        Option(
            "imbalance",
            str,
            "weights",
            "class-imbalance handling in training: class weights, focal loss or none",
            ("weights", "focal", "none"),
        ),
        Option(
            "rules",
            str,
            "",
            "one rule per line, such as: amount > 220 and night = 1: 3; empty: suggested from training data",
            lines=True,
        ),
        Option("test_share", float, 0.2, "share of the time span (or of the rows) held out as test set, 0.05 to 0.5"),
        Option(
            "validation_share", float, 0.15, "share of the training period used as validation set, for model selection"
        ),
        Option("test_days", int, 0, "length of the test period in days; 0: automatic, by the test share"),
        Option(
            "train_days",
            int,
            0,
            "length of the training period before validation in days; 0: automatic, all available days",
        ),
        Option("test_start", str, "", "first day of the test period such as 2018-08-08; empty: latest possible"),
        Option(
            "validation",
            str,
            "latest",
            "validation period: latest (after the training period) or earlier (before it)",
            ("latest", "earlier"),
        ),
        Option(
            "epochs", int, 0, "maximum number of training epochs of the networks; 0: automatic, by the number of rows"
        ),
        Option("networks", int, 1, "ensemble size: networks trained with different seeds and averaged"),
    ),
    sample=Sample(
        SAMPLE_FOLDER,
        "Card transactions, simulated",
        SAMPLE_FOLDER / "prepared_run.zip",
        SAMPLE_FOLDER / "new_transactions.csv",
    ),
    known_data=KNOWN,
    notice="A score is a reason to look, not proof of fraud.",
    limits=(
        "Concept drift: fraud patterns change, so performance degrades in the weeks after training; see the "
        "ageing chart.",
        "Label noise: unreported fraud is labelled legitimate, as in every labelled set of transactions.",
        "Groups with few frauds have wide intervals: read interval and n before the estimate.",
    ),
)
