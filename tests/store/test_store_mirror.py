"""Finished runs on a tracking server, tried on one that only takes notes."""

from __future__ import annotations

import sys
import types
from pathlib import Path

from dl_core.store.mirror import parameters, scores


class FakeMlflow(types.ModuleType):
    """Takes notes of what it is told."""

    def __init__(self, fails=False):
        super().__init__("mlflow")
        self.told, self.fails = {}, fails

    def set_experiment(self, name):
        if self.fails:
            raise ConnectionError("the server is away")
        self.told["experiment"] = name

    def start_run(self, run_name):
        self.told["name"] = run_name
        return self

    def __enter__(self):
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id="far"))

    def __exit__(self, *_):
        return False

    def set_tags(self, tags):
        self.told["tags"] = tags

    def log_params(self, values):
        self.told["params"] = values

    def log_metrics(self, values):
        self.told["metrics"] = values

    def log_artifact(self, path):
        self.told.setdefault("files", []).append(Path(path).name)

    def log_artifacts(self, path, artifact_path):
        self.told["models"] = (Path(path).name, artifact_path)


def test_a_finished_run_is_mirrored_without_its_rows(store, add_run, monkeypatch):
    fake = FakeMlflow()
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    run = add_run()
    for name in ("run.json", "predictions.parquet", "splits.json"):
        (store.run_folder(run.id) / name).write_text("{}")
    (store.run_folder(run.id) / "models").mkdir()
    summary = {"scores": {"cnn": {"auroc": 0.9, "f1": None}}, "models": {"cnn": {"label": "CNN", "fit_seconds": 2}}}
    store.update_run(run.id, state="done", summary=summary)
    assert fake.told == {}  # not asked for
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:1")
    store.update_run(run.id, state="done", summary=summary)
    assert (fake.told["experiment"], fake.told["name"]) == ("daylight-toys", "first")
    assert fake.told["params"] == {"models": "small_cnn", "seed": "0", "options.size": "64"}
    assert fake.told["metrics"] == {"cnn.auroc": 0.9, "cnn.fit_seconds": 2.0}
    assert fake.told["files"] == ["run.json"]
    assert fake.told["models"] == ("models", "models")


def test_a_tracking_server_that_is_away_spoils_no_run(store, add_run, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "mlflow", FakeMlflow(fails=True))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:1")
    run = add_run()
    assert store.update_run(run.id, state="done", summary={}).state == "done"
    assert "was not mirrored" in caplog.text


def test_flat_parameters_and_scores():
    assert parameters({"a": {"b": [1, 2]}, "c": None}) == {"a.b": "1,2", "c": "None"}
    assert scores({}) == {}
