"""Every command does what its line in the contract says, in this process, on tiny data."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dl_core.domains  # noqa: F401 - makes the domains known
from dl_core import domain as registry
from dl_core.__main__ import main
from dl_core.train.run import Run
from tests.conftest import write_images


@pytest.fixture(scope="module")
def bundle(plain_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "pixels.zip"
    assert main(["export", "--run", str(plain_run.folder), "--model", "pixels", "--out", str(path)]) == 0
    return path


@pytest.fixture
def quick(monkeypatch):
    """Compare new rows by their mean grey level, so that training needs no network."""
    domain = registry.get_domain("medical_imaging")
    cheap = replace(domain, novelty=lambda data, cache: data.images.reshape(len(data), -1).mean(axis=1, keepdims=True))
    monkeypatch.setitem(registry._DOMAINS, "medical_imaging", cheap)


def test_domains_lists_a_line_each(capsys):
    assert main(["domains"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("medical_imaging\t") for line in lines)


def test_train_reads_a_zip_and_prints_the_leaderboard(tiny_zip, tmp_path, capsys):
    folder = tmp_path / "run"
    arguments = ["train", "medical_imaging", "--data", str(tiny_zip), "--models", "majority,pixels"]
    assert main([*arguments, "--option", "test_share=0.3", "--seed", "3", "--run", str(folder)]) == 0
    printed = capsys.readouterr()
    assert "protocol" in printed.out and "pixels" in printed.out and "majority: done" in printed.err
    run = Run.load(folder)
    assert run.spec.seed == 3 and run.spec.options["test_share"] == 0.3
    assert (folder / "dataset" / "dataset.json").is_file()


def test_rows_given_as_test_are_the_test_and_nothing_else(tiny_folder, tmp_path, quick):
    held_out = write_images(tmp_path / "held_out", count=12, seed=42)
    for path in held_out.glob("*.png"):
        path.rename(path.with_name(path.name.replace("img", "other")))
    table = pd.read_csv(held_out / "metadata.csv")
    table["file"], table["patient"] = table["file"].str.replace("img", "other"), "q" + table["patient"]
    table.to_csv(held_out / "metadata.csv", index=False)
    arguments = ["train", "medical_imaging", "--data", str(tiny_folder), "--test", str(held_out)]
    assert main([*arguments, "--models", "majority", "--run", str(tmp_path / "run")]) == 0
    run = Run.load(tmp_path / "run")
    assert sorted(run.splits.test) == [f"other_{at:03d}.png" for at in range(12)]
    chosen = [*run.splits.train, *run.splits.validation]
    assert len(chosen) == 60 and all(row.startswith("img_") for row in chosen)
    patients = run.load_dataset().table["patient"]
    assert not set(patients.loc[list(run.splits.test)]) & set(patients.loc[chosen])


def test_a_time_budget_leaves_models_out_and_says_so(tiny_folder, tmp_path, capsys, quick):
    arguments = ["train", "medical_imaging", "--data", str(tiny_folder), "--models", "majority,pixels"]
    status = main([*arguments, "--time-budget", "0.000001", "--run", str(tmp_path / "run")])
    error = capsys.readouterr().err
    if status == 0:  # the majority class may be faster than any clock
        assert Run.load(tmp_path / "run").models["pixels"].state == "skipped"
    else:
        assert status == 2 and "time" in error.splitlines()[-1]


def test_predict_writes_the_columns_of_the_contract(plain_run, new_images, tmp_path):
    out = tmp_path / "below" / "predictions.csv"
    assert main(["predict", "--run", str(plain_run.folder), "--data", str(new_images), "--out", str(out)]) == 0
    table = pd.read_csv(out)
    columns = ["file", "predicted", "score_healthy", "score_ill", "uncertain"]
    assert list(table) in (columns, [*columns, "unlike_training"])
    assert sorted(table["file"]) == sorted(path.name for path in new_images.iterdir())
    np.testing.assert_allclose(table["score_healthy"] + table["score_ill"], 1, atol=1e-6)
    assert table["uncertain"].dtype == bool


def test_a_bundle_predicts_as_its_run(plain_run, bundle, new_images, tmp_path):
    files = []
    for name, source in (("run", plain_run.folder), ("bundle", bundle)):
        files.append(tmp_path / f"{name}.csv")
        arguments = ["predict", "--run", str(source), "--model", "pixels", "--data", str(new_images)]
        assert main([*arguments, "--out", str(files[-1])]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()


def test_without_a_model_the_best_on_validation_predicts(plain_run, new_images, tmp_path):
    files = [tmp_path / "best.csv", tmp_path / "named.csv"]
    base = ["predict", "--run", str(plain_run.folder), "--data", str(new_images), "--out"]
    assert main([*base, str(files[0])]) == 0
    assert main([*base, str(files[1]), "--model", plain_run.best]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (["evaluate"], {"metrics", "protocol", "classes"}),
        (["compare"], {"pairs", "sentence", "costs"}),
        (["compare", "--models", "majority,pixels"], {"pairs", "sentence"}),
        (["bias", "--model", "pixels", "--groups", "sex,scanner"], {"groups", "disparities", "warnings"}),
    ],
)
def test_json_and_text(plain_run, command, keys, capsys):
    arguments = [*command, "--run", str(plain_run.folder)]
    assert main([*arguments, "--json"]) == 0
    assert keys <= set(json.loads(capsys.readouterr().out))
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert text.strip() and not text.lstrip().startswith("{")


def test_bias_shows_two_columns_as_pairs_as_well(plain_run, capsys):
    assert main(["bias", "--run", str(plain_run.folder), "--groups", "sex,scanner", "--json"]) == 0
    assert {row["column"] for row in json.loads(capsys.readouterr().out)["groups"]} == {
        "sex",
        "scanner",
        "sex × scanner",
    }


def test_evaluate_on_other_labelled_data(plain_run, tiny_zip, capsys):
    assert main(["evaluate", "--run", str(plain_run.folder), "--data", str(tiny_zip), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["n"] for row in found["metrics"]} == {60} and "60 labelled rows" in found["protocol"]


def test_explain_writes_an_overlay_for_each_case(plain_run, new_images, tmp_path):
    out = tmp_path / "maps"
    arguments = ["explain", "--run", str(plain_run.folder), "--model", "pixels", "--methods", "occlusion"]
    assert main([*arguments, "--data", str(next(new_images.iterdir())), "--out", str(out)]) == 0
    assert len(list(out.glob("*.png"))) == 1
    table = pd.read_csv(out / "explanations.csv")
    assert {"file", "model", "method", "target", "deletion", "insertion"} <= set(table) and len(table) == 1


def test_report_and_export(plain_run, bundle, tmp_path):
    out = tmp_path / "new" / "report.html"
    assert main(["report", "--run", str(plain_run.folder), "--out", str(out)]) == 0
    assert out.read_text().startswith("<!doctype html>")
    with zipfile.ZipFile(bundle) as packed:
        names = packed.namelist()
    assert "manifest.json" in names and not any("dataset" in Path(name).name for name in names)
