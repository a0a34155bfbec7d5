"""Jobs that judge a finished run."""

from __future__ import annotations

import pytest


def test_compare_is_the_verdict(plain):
    found = plain.do("compare", run=plain.run)
    assert found["sentence"] and {row["model"] for row in found["costs"]} == {"majority", "pixels"}
    assert plain.submit("compare", run=plain.run, models=["pixels"]).error["kind"] == "OptionError"


def test_robustness_starts_from_the_clean_images(plain, plain_run):
    rows = plain.ask("corrupted_images", run=plain.run, models=["pixels"], corruption="noise")["rows"]
    clean = next(row for row in rows if row["strength"] == 0)
    assert clean["metric"] == "accuracy" and clean["n"] == len(plain_run.splits.test)
    truth = plain_run.predictions.of("pixels")
    scores = truth[plain_run.predictions.score_columns].to_numpy()
    likeliest = [plain_run.predictions.classes[k] for k in scores.argmax(axis=1)]
    assert clean["value"] == pytest.approx((truth["y_true"] == likeliest).mean())
    assert plain.put("corrupted_images", run=plain.run, corruption="gravity").error["kind"] == "OptionError"


def test_cases_are_right_or_wrong_and_can_be_searched(plain, plain_run):
    kinds = {kind: plain.ask("cases", run=plain.run, model="pixels", kind=kind) for kind in ("all", "right", "wrong")}
    assert kinds["all"]["total"] == len(plain_run.splits.test)
    assert kinds["right"]["total"] + kinds["wrong"]["total"] == kinds["all"]["total"]
    assert all(case["right"] for case in kinds["right"]["cases"])
    sure = [case["confidence"] for case in kinds["all"]["cases"]]
    assert sure == sorted(sure, reverse=True)
    assert kinds["all"]["cases"][0]["image"].startswith("data:image/png;base64,")
    row = kinds["all"]["cases"][0]["row"]
    assert plain.ask("cases", run=plain.run, model="pixels", search=row)["total"] == 1
    assert plain.ask("cases", run=plain.run, search="no such words")["cases"] == []
    assert plain.ask("cases", run=plain.run, page=99)["cases"] == []


def test_mistaken_questions_name_what_there_is(plain):
    for args in ({"kind": "odd"}, {"model": "oracle"}):
        job = plain.put("cases", run=plain.run, **args)
        assert job.error["kind"] == "OptionError", args
    assert plain.submit("compare").error["kind"] == "OptionError"
    assert plain.submit("compare", run={"prepared": "astrology"}).error["kind"] == "OptionError"


def test_bias_names_the_columns_there_are(plain):
    found = plain.do("bias", run=plain.run, model="pixels", columns=["sex"], metrics=["accuracy"])
    assert {"sex", "age", "scanner"} <= set(found["columns"])
    assert {row["column"] for row in found["groups"]} == {"sex"}
    assert plain.submit("bias", run=plain.run, columns=["shoe"]).error["kind"] == "OptionError"


def test_both_remedies_tell_before_and_after(plain):
    for method in ("thresholds", "reweighing"):
        found = plain.ask("mitigation", run=plain.run, model="pixels", column="sex", method=method)
        assert found["before"]["model"] == "pixels" and found["after"]["groups"]
    assert plain.put("mitigation", run=plain.run, column="sex", method="magic").error["kind"] == "OptionError"


def test_learning_curve_passes_its_seeds_on(plain, monkeypatch):
    import dl_core.transfer.learning_curve as stage

    asked = []

    def drawn(train, validation, test, **options):
        asked.append((len(train), len(test), options["seeds"]))
        return [{"model": "frozen_features", "labels": 8, "seed": 0, "metric": "auroc", "value": 0.9}]

    monkeypatch.setattr(stage, "learning_curve", drawn)
    rows = plain.ask("learning_curve", run=plain.run, seeds=2)["rows"]
    assert rows[0]["labels"] == 8 and asked[0][2] in (2, range(2), (0, 1), [0, 1])
