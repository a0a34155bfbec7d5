"""Fraud detection from a table to the report, on transactions whose frauds can be told by amount and history."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dl_core import pipeline
from dl_core.domain import ReadRequest
from dl_core.errors import OptionError
from dl_core.probes import get_probe
from dl_core.schema import Role
from dl_core.train.run import TrainSpec
from tests.transactions import draw_transactions


def test_roles_are_guessed_and_history_is_added(transactions):
    assert len(transactions) == 3_000 and transactions.classes == ("honest", "fraud")
    assert transactions.column(Role.TIME) == "time" and transactions.column(Role.AMOUNT) == "amount"
    assert transactions.column(Role.ENTITY) == transactions.column(Role.UNIT) == "customer"
    assert transactions.column(Role.COUNTERPARTY) == "merchant"
    assert set(transactions.roles[Role.GROUP]) == {"age", "region"}
    assert len(transactions.roles[Role.HISTORY]) > 10 and "recent" in transactions.arrays


def test_the_split_runs_with_time_and_waits_for_labels(transactions, fraud_run):
    times = pd.to_datetime(transactions.table["time"])
    part = {name: times.loc[list(getattr(fraud_run.splits, name))] for name in ("train", "validation", "test")}
    assert part["train"].max() < part["validation"].min()
    assert part["test"].min() - part["validation"].max() >= pd.Timedelta(days=7)
    assert "label delay" in fraud_run.splits.protocol


def test_models_find_most_frauds_and_the_rules_find_some(fraud_run):
    chance = fraud_run.evaluation.curves["boosting"]["pr"]["precision"][-1]
    for name in ("boosting", "feed_forward"):
        assert fraud_run.evaluation.value(name, "auroc") > 0.75
    assert fraud_run.evaluation.value("rules", "auprc") > chance
    assert 0 < fraud_run.evaluation.bounds["card_precision"] <= 1


def test_metrics_of_money_and_review_stand_with_intervals(fraud_run):
    table = fraud_run.evaluation.metrics
    assert {"card_precision", "precision_at_k", "recall_at_k", "money_saved"} <= set(table["metric"])
    rows = table[table["metric"] == "auprc"]
    assert (rows["low"] <= rows["value"]).all() and (rows["value"] <= rows["high"]).all()


def test_predicting_rows_of_the_run_gives_its_own_scores(fraud_run, transactions, fraud_detection):
    rows = list(fraud_run.splits.test[:20])
    for name in fraud_run.trained:
        again = pipeline.predict(fraud_detection, fraud_run, name, transactions.subset(rows))
        known = fraud_run.predictions.of(name).loc[rows]
        np.testing.assert_allclose(again["score_fraud"], known["score_fraud"], atol=1e-5)
    table = fraud_detection.prediction_table(again, transactions.subset(rows))
    assert list(table) == ["row", "score", "flagged"]


def test_new_rows_go_on_from_the_run_s_history(fraud_run, fraud_detection, tmp_path):
    table = draw_transactions().iloc[-30:].drop(columns="fraud")
    table.to_csv(tmp_path / "new.csv", index=False)
    history = str(fraud_run.folder / fraud_run.dataset["path"])
    options = {**fraud_detection.parse_options({}), "like": fraud_run.dataset, "history": history}
    data = pipeline.ingest(fraud_detection, ReadRequest((tmp_path / "new.csv",), options=options, labelled=False))
    assert len(data) == 30
    counts = [column for column in data.roles[Role.HISTORY] if "count" in column]
    assert (data.table[counts].max() > 1).any()
    assert len(pipeline.predict(fraud_detection, fraud_run, None, data)) == 30


def test_reasons_add_up_and_name_values(fraud_run, transactions, fraud_detection):
    rows = list(fraud_run.splits.test[:2])
    for name, method in (("feed_forward", "expected_gradients"), ("boosting", "shapley_sampling")):
        found = pipeline.explain(fraud_detection, fraud_run, name, transactions.subset(rows), methods=[method])
        assert [explanation.row for explanation in found] == rows
        assert "amount" in found[0].features and len(found[0].values) == len(found[0].features)
        assert found[0].faithfulness is not None
        said = pipeline.predict(fraud_detection, fraud_run, name, transactions.subset(rows)).set_index("row")
        assert [one.score for one in found] == pytest.approx(said["score_fraud"].tolist())  # the calibrated one
        assert {one.target for one in found} == {"fraud"}


def test_bias_by_region_finds_nothing_where_nothing_is(fraud_run, fraud_detection):
    report = pipeline.check_bias(fraud_detection, fraud_run, "boosting", ["region"])
    assert {"north", "south"} <= set(report.groups["group"])


def test_ageing_is_told_by_week_with_and_without_updates(fraud_run, fraud_detection):
    def ageing(**asked):
        return pd.DataFrame(get_probe("ageing").ask(fraud_detection, fraud_run, pipeline.Work(), asked)["rows"])

    still = ageing(models=["rules", "boosting"])
    assert set(still["model"]) == {"rules", "boosting"} and still["week"].nunique() >= 2
    learned = ageing(models=["logistic"], update=True)
    assert set(learned["model"]) == {"logistic, updated"}
    assert learned["n"].sum() == len(fraud_run.splits.test)


def test_drift_ranks_the_inputs(fraud_run, fraud_detection):
    rows = get_probe("drift").ask(fraud_detection, fraud_run, pipeline.Work(), {})["rows"]
    assert "amount" in [next(iter(row.values())) for row in rows]


def test_report_and_card_speak_of_transactions(fraud_run, fraud_detection, tmp_path):
    html = pipeline.report(fraud_detection, fraud_run, tmp_path / "report.html").read_text(encoding="utf-8")
    assert "label delay" in html and "images" not in html.split("</style>")[-1]
    card = pipeline.model_card(fraud_detection, fraud_run, None, tmp_path / "card.md").read_text(encoding="utf-8")
    assert "images" not in card


def test_without_labels_only_anomalies_are_found(fraud_detection, tmp_path):
    draw_transactions(800).drop(columns="fraud").to_csv(tmp_path / "bare.csv", index=False)
    options = fraud_detection.parse_options({"epochs": "2"})
    data = pipeline.ingest(fraud_detection, ReadRequest((tmp_path / "bare.csv",), options=options, name="Bare"))
    assert data.classes == ("ordinary", "unusual") and not data.labelled
    splits = pipeline.split(fraud_detection, data, 0, options)
    spec = TrainSpec(("logistic", "isolation", "autoencoder"), options=options)  # the first needs labels
    run = pipeline.train(fraud_detection, data, splits, spec, tmp_path / "run")
    assert run.trained == ["isolation", "autoencoder"] and run.evaluation.metrics.empty
    table = fraud_detection.prediction_table(pipeline.predict(fraud_detection, run, None, data), data)
    assert 0 < table["flagged"].mean() < 0.1
    with pytest.raises(OptionError, match="label"):
        get_probe("ageing").ask(fraud_detection, run, pipeline.Work(), {})
