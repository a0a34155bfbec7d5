"""Finished runs on an MLflow tracking server, for teams that have one; MLflow is optional and imported only here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dl_core.errors import OptionError
from dl_core.store.records import RunRecord

SHOWN_FILES = ("run.json", "evaluation.json")  # nothing that lists rows leaves this machine
_LONGEST = 500  # characters of a parameter, MLflow's own limit


def mirror_run(record: RunRecord, folder: Path) -> str:
    """Write a finished run to the server that ``MLFLOW_TRACKING_URI`` names and return its id there.

    What was asked for become parameters, the scores metrics named ``model.metric``, the files of `SHOWN_FILES` and the
    models artifacts.

    Raises
    ------
    OptionError
        If MLflow is not installed.
    """
    try:
        import mlflow
    except ImportError as error:
        raise OptionError(
            "MLFLOW_TRACKING_URI is set but MLflow is not installed", todo="install mlflow-skinny, or unset it"
        ) from error
    mlflow.set_experiment(f"daylight-{record.domain}")
    with mlflow.start_run(run_name=record.name) as started:
        mlflow.set_tags({"daylight.run": record.id, "daylight.dataset": record.dataset_name})
        mlflow.log_params(parameters(record.spec))
        mlflow.log_metrics(scores(record.summary))
        for name in SHOWN_FILES:
            if (folder / name).is_file():
                mlflow.log_artifact(str(folder / name))
        if (folder / "models").is_dir():
            mlflow.log_artifacts(str(folder / "models"), artifact_path="models")
        return started.info.run_id


def parameters(spec: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Return a spec as flat text: ``{"options.size": "64"}``."""
    flat: dict[str, str] = {}
    for name, value in spec.items():
        if isinstance(value, dict):
            flat.update(parameters(value, f"{prefix}{name}."))
        elif isinstance(value, list):
            flat[prefix + name] = ",".join(map(str, value))[:_LONGEST]
        else:
            flat[prefix + name] = str(value)[:_LONGEST]
    return flat


def scores(summary: dict[str, Any]) -> dict[str, float]:
    """Return scores and timings as flat numbers: ``{"small_cnn.auroc": 0.9}``."""
    flat = {
        f"{model}.{metric}": float(value)
        for model, values in summary.get("scores", {}).items()
        for metric, value in values.items()
        if value is not None
    }
    for model, about in summary.get("models", {}).items():
        if about.get("fit_seconds") is not None:
            flat[f"{model}.fit_seconds"] = float(about["fit_seconds"])
    return flat
