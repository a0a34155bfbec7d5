"""Jobs that explain, predict, and write what people take along."""

from __future__ import annotations

import base64
import io
import zipfile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.tasks.conftest import upload


def picture(uri: str) -> np.ndarray:
    """Return the pixels of a data URI."""
    head, _, content = uri.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_explain_gives_a_map_for_each_model_and_method(deep, tiny_run):
    rows = list(tiny_run.splits.test[:2])
    asked = {"models": ["frozen_features", "pixels"], "methods": ["gradcam"], "faithfulness": False, "target": "ill"}
    cases = deep.ask("explain_rows", run=deep.run, rows=rows, **asked)["cases"]
    assert [case["row"] for case in cases] == rows
    for case in cases:
        assert {(one["model"], one["target"]) for one in case["maps"]} == {
            ("frozen_features", "ill"),
            ("pixels", "ill"),
        }
        assert picture(case["image"]).shape == (32, 32)
        for one in case["maps"]:
            assert picture(one["heat"]).shape == (32, 32) and 0 <= one["probability"] <= 1


def test_explain_refuses_what_does_not_exist(plain, plain_run):
    row = plain_run.splits.test[0]
    for args in ({"models": ["oracle"]}, {"methods": ["leaves"]}, {"target": "purple"}):
        assert plain.put("explain_rows", run=plain.run, rows=[row], **args).error["kind"] == "OptionError", args
    assert plain.put("explain_rows", run=plain.run, rows=["no such row"]).error["kind"] == "RunError"


def test_layers_go_from_early_to_deep(deep, tiny_run):
    found = deep.ask("feature_maps", run=deep.run, model="frozen_features", row=tiny_run.splits.test[0])["layers"]
    assert len(found) >= 3
    assert [layer["depth"] for layer in found] == sorted(layer["depth"] for layer in found)
    assert found[0]["shape"][0] > found[-1]["shape"][0]
    assert picture(found[0]["tiles"][0]).ndim == 2


def test_layers_of_a_baseline_are_none(plain, plain_run):
    assert plain.ask("feature_maps", run=plain.run, model="pixels", row=plain_run.splits.test[0])["layers"] == []


def test_an_upload_is_predicted_and_then_deleted(plain, new_images):
    name = upload(plain, new_images, "new-cases")
    found = plain.ask("scored_images", run=plain.run, model="pixels", cases={"upload": name})
    table = pd.read_csv(plain.home / found["csv"])
    assert found["rows"] == len(table) == len(found["cases"]) == 4
    assert list(table)[:2] == ["file", "predicted"]
    assert {case["row"] for case in found["cases"]} == {path.name for path in new_images.iterdir()}
    assert all(case["map"] is None and picture(case["image"]).shape == (32, 32) for case in found["cases"])
    assert not (plain.home / "uploads" / name).exists()


def test_rows_of_the_run_are_predicted_as_the_run_did(plain, plain_run):
    rows = list(plain_run.splits.test[:3])
    found = plain.ask("scored_images", run=plain.run, model="pixels", cases={"rows": rows}, explain="occlusion")
    known = plain_run.predictions.of("pixels")
    for case in found["cases"]:
        assert case["score_ill"] == pytest.approx(known.loc[case["row"], "score_ill"], abs=1e-5)
        assert case["y_true"] == known.loc[case["row"], "y_true"] and case["map"]["method"] == "occlusion"


def test_the_examples_that_ship_can_be_predicted(plain, medical_imaging):
    if not medical_imaging.sample.examples.is_dir():
        pytest.skip("the examples do not ship in this copy")
    found = plain.ask("scored_images", run=plain.run, model="pixels", cases={"examples": True})
    assert found["rows"] >= 1 and found["cases"][0]["y_true"] is None


def test_what_if_leaves_an_unchanged_image_alone(plain, plain_run):
    row = plain_run.splits.test[0]
    same = plain.ask("what_if_image", run=plain.run, row=row)["scores"]
    assert [one["model"] for one in same] == ["majority", "pixels"]
    assert all(one["before"] == pytest.approx(one["after"]) for one in same)
    changed = plain.ask("what_if_image", run=plain.run, row=row, changes={"brightness": 5})
    pixels = next(one for one in changed["scores"] if one["model"] == "pixels")
    assert pixels["before"] != pytest.approx(pixels["after"], abs=1e-6)
    assert plain.put("what_if_image", run=plain.run, row=row, changes={"gravity": 1}).error["kind"] == "OptionError"


def test_report_card_and_bundle_lie_below_the_workspace(plain):
    written = plain.do("report", run=plain.run)
    bundle = plain.do("export", run=plain.run, model="pixels")
    for path in (written["html"], written["model_card"], bundle["zip"]):
        assert not path.startswith("/") and ".." not in path and (plain.home / path).is_file()
    assert zipfile.is_zipfile(plain.home / bundle["zip"]) and bundle["model"] == "pixels"


def test_warming_up_opens_the_best_model(plain, plain_run):
    assert plain.do("warm_up", run=plain.run) == {"model": plain_run.best}
