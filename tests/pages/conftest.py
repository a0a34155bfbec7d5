"""A workspace of its own for each test, work done inline, and a small prepared run in place of the real sample's."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dl_core.domains  # noqa: F401 - registers the domains
from dl_core import domain as registry
from dl_core.data.dataset import Dataset, Finding, Source
from dl_core.data.splits import Splits
from dl_core.domain import Sample
from dl_core.evaluate.results import Evaluation, Predictions
from dl_core.probes import get_probe, probes
from dl_core.schema import Role
from dl_core.train.run import FittedModel, Run, TrainSpec

ROWS = 40
MODELS = {"majority": 0.5, "pixels": 0.61, "frozen_features": 0.942}


def answered(monkeypatch: pytest.MonkeyPatch, name: str, rows: list[dict[str, Any]]) -> None:
    """Have a probe answer with these rows."""
    verb = lambda domain, run, work, arguments: {"rows": rows}  # noqa: E731 - it is as long as its name
    monkeypatch.setitem(probes(), name, dataclasses.replace(get_probe(name), verb=verb))


def small_dataset(name: str = "Small sample") -> Dataset:
    """Return 40 grey images of 16 × 16 pixels, of two classes by turns, with sex and patient."""
    rng = np.random.default_rng(0)
    ids = [f"case{at:02d}" for at in range(ROWS)]
    table = pd.DataFrame(
        {
            "label": ["healthy" if at % 2 else "lesion" for at in range(ROWS)],
            "sex": ["f" if at % 3 else "m" for at in range(ROWS)],
            "patient": [f"p{at // 2}" for at in range(ROWS)],
        },
        index=ids,
    )
    return Dataset(
        name=name,
        table=table,
        roles={Role.LABEL: ("label",), Role.GROUP: ("sex",), Role.UNIT: ("patient",), Role.IMAGE: ("image",)},
        source=Source("Drawn for tests", licence="CC0", simulated="simulated lesions on real anatomy"),
        arrays={"image": rng.integers(0, 255, (ROWS, 16, 16, 1), dtype=np.uint8)},
        classes=("healthy", "lesion"),
        notes=(
            Finding("warning", "exact-duplicate", "2 images stand twice.", ("case00", "case02"), "exact-duplicate"),
        ),
    )


def small_run(folder: Path, dataset: Dataset) -> Run:
    """Write and return a finished run of three models on ``dataset``."""
    ids = list(dataset.ids)
    splits = Splits(tuple(ids[:28]), tuple(ids[28:32]), tuple(ids[32:]), "by unit", "70/10/20 % by patient, seed 0")
    dataset.save(folder / "dataset")
    truth = dataset.table["label"].loc[list(splits.test)]
    tables = []
    for model in MODELS:
        right = 0.9 if model == "frozen_features" else 0.5
        score = np.where(truth == "lesion", right, 1 - right)
        tables.append(
            pd.DataFrame(
                {
                    "model": model,
                    "split": "test",
                    "row": truth.index,
                    "y_true": truth.to_numpy(),
                    "y_pred": np.where(score > 0.5, "lesion", "healthy"),
                    "score_healthy": 1 - score,
                    "score_lesion": score,
                }
            )
        )
    metrics = [
        {"model": model, "metric": metric, "value": value, "low": value - 0.04, "high": min(1, value + 0.03), "n": 8}
        for model, value in MODELS.items()
        for metric in ("auroc", "accuracy")
    ]
    point = {"threshold": 0.5, "sensitivity": 0.75, "specificity": 0.75}
    calibration = {"predicted": [0.1, 0.9], "observed": [0.0, 1.0]}
    curves = {model: {"calibration": calibration, "operating_point": point, "temperature": 1.0} for model in MODELS}
    fitted = {
        model: FittedModel(model, model, "deep" if model == "frozen_features" else "baseline", "done", "", value, 2.8)
        for model, value in MODELS.items()
    }
    run = Run(
        folder=folder,
        domain="medical_imaging",
        spec=TrainSpec(tuple(MODELS)),
        dataset={**dataset.describe(), "path": "dataset"},
        splits=splits,
        models=fitted,
        predictions=Predictions(pd.concat(tables, ignore_index=True), dataset.classes),
        evaluation=Evaluation(pd.DataFrame(metrics), curves, splits.protocol, dataset.classes),
        seconds=12.0,
    )
    run.save()
    return run


@pytest.fixture(scope="session")
def prepared_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder in which the runs that ship are unpacked, once for all tests."""
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture
def workspace(tmp_path: Path, prepared_runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a workspace, empty but for the runs that ship, in which jobs run at once in this process."""
    (tmp_path / "home" / "cache").mkdir(parents=True)
    (tmp_path / "home" / "cache" / "prepared").symlink_to(prepared_runs, target_is_directory=True)
    monkeypatch.setenv("DAYLIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAYLIGHT_ENGINE", "inline")
    return tmp_path / "home"


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Put a small prepared run in the place of the sample's and return it."""
    run = small_run(tmp_path / "sample" / "prepared_run", small_dataset())
    known = registry.get_domain("medical_imaging")
    small = Sample(run.folder.parent, "Small sample", run.folder)
    monkeypatch.setitem(registry._DOMAINS, "medical_imaging", dataclasses.replace(known, sample=small))
    return run
