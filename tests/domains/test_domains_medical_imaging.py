"""Medical imaging from files to report, on images that can be told apart at a glance."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dl_core import pipeline
from dl_core.domain import ReadRequest
from dl_core.errors import OptionError, SchemaError
from dl_core.probes import get_probe
from dl_core.schema import Role
from dl_core.train.run import Run, TrainSpec


def test_reading_finds_labels_patients_and_groups_by_their_names(tiny_dataset):
    assert len(tiny_dataset) == 60
    assert tiny_dataset.images.shape == (60, 32, 32, 1)
    assert tiny_dataset.classes == ("healthy", "ill")
    assert tiny_dataset.column(Role.LABEL) == "label"
    assert tiny_dataset.column(Role.UNIT) == "patient"
    assert set(tiny_dataset.roles[Role.GROUP]) == {"sex", "age", "scanner"}


def test_zip_and_folder_give_the_same_data(tiny_zip, tiny_dataset, medical_imaging):
    packed = pipeline.ingest(medical_imaging, ReadRequest((tiny_zip,), options=medical_imaging.parse_options({})))
    assert packed.fingerprint == tiny_dataset.fingerprint


def test_no_patient_stands_on_two_sides_of_the_split(tiny_run, tiny_dataset):
    part = tiny_run.splits.part_of()
    patients = tiny_dataset.table["patient"].groupby(part.reindex(tiny_dataset.ids)).unique()
    assert not set(patients["train"]) & set(patients["test"])
    assert not set(patients["train"]) & set(patients["validation"])
    assert "patient" in tiny_run.splits.protocol


def test_findings_of_clean_data_hold_no_error(tiny_dataset, tiny_run, medical_imaging):
    findings = pipeline.inspect(medical_imaging, tiny_dataset, tiny_run.splits)
    assert [finding for finding in findings if finding.level == "error"] == []


def test_frozen_features_beat_the_majority(tiny_run):
    assert tiny_run.evaluation.value("majority", "auroc") == 0.5
    assert tiny_run.evaluation.value("frozen_features", "auroc") > 0.9
    assert tiny_run.best != "majority"


def test_scores_are_probabilities_and_rows_keep_their_identity(tiny_run, tiny_dataset):
    table = tiny_run.predictions.table
    scores = table[tiny_run.predictions.score_columns]
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
    known = tiny_dataset.table["label"].loc[table["row"]].to_numpy()
    assert (table["y_true"].to_numpy() == known).all()


def test_the_run_read_back_says_the_same(tiny_run):
    again = Run.load(tiny_run.folder)
    assert json.dumps(again.summary()) == json.dumps(tiny_run.summary())
    pd.testing.assert_frame_equal(again.predictions.table, tiny_run.predictions.table)


def test_predicting_training_rows_again_gives_the_run_s_own_scores(tiny_run, tiny_dataset, medical_imaging):
    rows = list(tiny_run.splits.test[:5])
    again = pipeline.predict(medical_imaging, tiny_run, "frozen_features", tiny_dataset.subset(rows))
    known = tiny_run.predictions.of("frozen_features").loc[rows]
    np.testing.assert_allclose(again["score_ill"], known["score_ill"], atol=1e-4)
    assert again["row"].tolist() == rows


def test_a_picture_of_noise_is_unlike_training(tiny_run, tiny_dataset, medical_imaging):
    rng = np.random.default_rng(0)
    noise = rng.choice(np.array([0, 255], dtype=np.uint8), size=(3, 32, 32, 1))
    strange = type(tiny_dataset).from_images(noise, tiny_dataset.classes)
    assert pipeline.predict(medical_imaging, tiny_run, None, strange)["unlike_training"].all()
    usual = tiny_dataset.subset(tiny_run.splits.train[:10])
    assert pipeline.predict(medical_imaging, tiny_run, None, usual)["unlike_training"].mean() < 0.5


def test_prediction_table_has_the_contract_s_columns_in_order(tiny_run, tiny_dataset, medical_imaging):
    few = tiny_dataset.subset(tiny_dataset.ids[:2])
    table = medical_imaging.prediction_table(pipeline.predict(medical_imaging, tiny_run, None, few), few)
    assert list(table)[:5] == ["file", "predicted", "score_healthy", "score_ill", "uncertain"]
    assert list(table)[5:] == ["unlike_training"]


def test_evaluating_on_labelled_rows_counts_them_all(tiny_run, tiny_dataset, medical_imaging):
    some = tiny_dataset.subset(tiny_run.splits.test)
    found = pipeline.evaluate(medical_imaging, tiny_run, some)
    assert found.protocol.startswith(f"all {len(some)} labelled rows")
    assert set(found.metrics["n"]) == {len(some)}
    own, other = (e.value("frozen_features", "auroc") for e in (tiny_run.evaluation, found))
    assert other == pytest.approx(own)


def test_evaluating_rows_without_labels_is_refused(tiny_run, tiny_dataset, medical_imaging):
    bare = type(tiny_dataset).from_images(np.asarray(tiny_dataset.images[:2]))
    with pytest.raises(SchemaError, match="no labels"):
        pipeline.evaluate(medical_imaging, tiny_run, bare)


def test_bias_by_sex_and_by_pairs(tiny_run, medical_imaging):
    report = pipeline.check_bias(medical_imaging, tiny_run, "pixels", ["sex", "sex×scanner"])
    groups = report.groups[report.groups["metric"] == "accuracy"]
    by_sex = groups[groups["column"] == "sex"]
    assert set(by_sex["group"]) == {"female", "male"}
    assert by_sex["n"].sum() == len(tiny_run.splits.test)
    assert not by_sex["enough"].any()  # a group of nine says nothing, and the report must say so


@pytest.mark.parametrize(
    "verb",
    [
        lambda domain, run: pipeline.compare(domain, run, ["pixels"]),
        lambda domain, run: pipeline.compare(domain, run, ["pixels", "oracle"]),
        lambda domain, run: pipeline.check_bias(domain, run, None, ["shoe size"]),
        lambda domain, run: pipeline.check_bias(domain, run, "oracle", ["sex"]),
        lambda domain, run: get_probe("mitigation").ask(
            domain, run, pipeline.Work(), {"column": "sex", "method": "magic"}
        ),
        lambda domain, run: pipeline.explain(domain, run, None, run.load_dataset(), methods=["tea leaves"]),
    ],
)
def test_what_does_not_exist_is_named(tiny_run, medical_imaging, verb):
    with pytest.raises(OptionError):
        verb(medical_imaging, tiny_run)


def test_maps_point_at_the_disc(tiny_run, tiny_dataset, medical_imaging):
    table = tiny_run.predictions.of("frozen_features")
    rows = table[(table["y_true"] == "ill") & (table["y_pred"] == "ill")].index[:4]
    data = tiny_dataset.subset(rows)
    maps = pipeline.explain(
        medical_imaging, tiny_run, "frozen_features", data, methods=["occlusion"], target="ill", faithfulness=False
    )
    inside = []
    for one, image in zip(maps, data.images, strict=True):
        disc = np.asarray(image)[..., 0] > 150
        inside.append(one.heat[disc].mean() > one.heat[~disc].mean())
    assert len(maps) == len(rows) and np.mean(inside) >= 0.75


def test_the_explained_class_is_the_predicted_one(tiny_run, tiny_dataset, medical_imaging):
    rows = list(tiny_run.splits.test[:12])
    data = tiny_dataset.subset(rows)
    said = pipeline.predict(medical_imaging, tiny_run, "pixels", data).set_index("row")
    flipped = float(said["score_ill"].sort_values().iloc[1])  # an operating point under one half, where it decides
    models = {**tiny_run.models, "pixels": replace(tiny_run.models["pixels"], temperature=3.0, threshold=flipped)}
    moved = replace(tiny_run, models=models)
    said = pipeline.predict(medical_imaging, moved, "pixels", data).set_index("row")
    maps = pipeline.explain(medical_imaging, moved, "pixels", data, methods=["occlusion"], faithfulness=False)
    assert [one.target for one in maps] == said["y_pred"].tolist()
    sure = [said.at[one.row, f"score_{one.target}"] for one in maps]
    assert [one.score for one in maps] == pytest.approx(sure)
    assert min(sure) < 0.5  # else the operating point decided nothing


def test_data_with_an_error_are_not_trained_on(tiny_dataset, medical_imaging, tmp_path):
    from dl_core.data.dataset import Finding

    broken = replace(tiny_dataset, notes=(Finding("error", "test", "two things are one"),))
    splits = pipeline.split(medical_imaging, tiny_dataset)
    with pytest.raises(SchemaError, match="two things are one"):
        pipeline.train(medical_imaging, broken, splits, TrainSpec(("majority",)), tmp_path / "run")


def test_reweighing_trains_again_and_keeps_the_run(tiny_run, medical_imaging, tmp_path):
    before = sorted(path.name for path in tiny_run.folder.iterdir())
    work = pipeline.Work(cache=tmp_path)
    asked = {"model": "pixels", "column": "sex", "method": "reweighing"}
    found = get_probe("mitigation").ask(medical_imaging, tiny_run, work, asked)
    assert found["before"]["model"] == found["after"]["model"] == "pixels"
    assert sorted(path.name for path in tiny_run.folder.iterdir()) == before
    again = next((tmp_path / "mitigated").glob("*/run.json"))
    assert len(Run.load(again.parent).load_dataset()) == 60
