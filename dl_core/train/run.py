"""The noun `Run`: everything one training left behind, as a folder that command line and dashboard open alike."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.splits import Splits
from dl_core.errors import OptionError, RunError
from dl_core.evaluate.choice import best_model
from dl_core.evaluate.decide import DecisionRule
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.evaluate.results import Evaluation, Predictions
from dl_core.evaluate.series.forecasts import Forecasts
from dl_core.files import read_json, write_json
from dl_core.models.base import Model, Offer
from dl_core.schema import Role

REFERENCE = "reference"  # folder of a few training rows, where a domain keeps them
JUDGED = "judged"  # folder in a model's, where the model that was judged went on to the test rows afterwards
Said = Predictions | Rankings | Forecasts  # what the models of a run said of held-out rows
FORMAT = 1  # raised when a run folder of an older version can no longer be read


@dataclass(frozen=True)
class TrainSpec:
    """What was asked for.

    ``time_budget`` is in seconds for the whole run, or None. ``options`` are checked and typed by the domain.
    """

    models: tuple[str, ...]
    seed: int = 0
    time_budget: float | None = None
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FittedModel:
    """What a run knows about one of its models.

    ``validation`` is the primary metric on validation rows, turned so that higher is better, with its standard
    error; with ``parameters`` they pick the best model (`evaluate.choice`). ``threshold`` is the operating point
    for the positive class picked on validation (binary tasks), ``temperature`` the calibration, and
    ``uncertain_below`` the top probability under which a prediction is flagged. ``state`` is ``"done"``, ``"failed"``
    or ``"skipped"``, with ``reason``. ``chosen`` are the settings that validation chose, where a model tells them.
    ``refit`` says that the model that is used has learned from the test rows, too, once they had judged it.
    """

    name: str
    label: str
    kind: str
    state: str = "done"
    reason: str = ""
    validation: float = float("nan")
    validation_error: float = 0.0
    fit_seconds: float = 0.0
    predict_ms: float = 0.0
    size_bytes: int = 0
    parameters: int = 0
    temperature: float = 1.0
    threshold: float | None = None
    uncertain_below: float | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    chosen: dict[str, Any] = field(default_factory=dict)
    refit: bool = False

    @property
    def rule(self) -> DecisionRule:
        """How this model's scores become decisions."""
        return DecisionRule(self.temperature, self.threshold)


@dataclass(frozen=True)
class Run:
    """A finished training. Models stay on disk under ``folder/models/<name>`` until asked for.

    The folder holds ``run.json``, ``splits.json``, ``predictions.parquet``, ``evaluation.json``, ``models/<name>/``,
    ``novelty.npz`` and, unless the data set lives elsewhere (``dataset`` in ``run.json``), ``dataset/``.
    """

    folder: Path
    domain: str
    spec: TrainSpec
    dataset: dict[str, Any]  # Dataset.describe() and "path": absolute, or relative to the run's folder
    splits: Splits
    models: dict[str, FittedModel]
    predictions: Said
    evaluation: Evaluation
    seconds: float = 0.0
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def trained(self) -> list[str]:
        """Names of the models that were trained to the end, in the order of the run."""
        return [name for name, model in self.models.items() if model.state == "done"]

    @property
    def best(self) -> str:
        """Name of the model that was best on validation rows."""
        name = best_model(self.models)
        if name is None:
            raise RunError("no model of this run was trained to the end", where=self.folder.name)
        return name

    def check_model(self, name: str | None) -> str:
        """Return ``name`` if the run has that model, the best one for None.

        Raises
        ------
        OptionError
            If the run has no such model.
        """
        if name is None:
            return self.best
        done = [model.name for model in self.models.values() if model.state == "done"]
        if name not in done:
            raise OptionError(f"this run has no model {name!r}", where=self.folder.name, expected=", ".join(done))
        return name

    def model_folder(self, name: str) -> Path:
        """Folder of a model's files."""
        return self.folder / "models" / name

    def load_model(self, name: str, offer: Offer, *, judged: bool = False) -> Model:
        """Return a trained model, loaded as its own class reads it.

        With ``judged`` it is the one that the test rows judged, where the model went on to learn from them afterwards.
        """
        place = self.model_folder(name)
        return offer.load().load(place / JUDGED if judged and (place / JUDGED).is_dir() else place)

    def load_dataset(self) -> Dataset:
        """Return the data set that the run was trained on."""
        return Dataset.load(self.folder / self.dataset["path"])

    def reference(self) -> Dataset | None:
        """Return the few training rows that explanations compare a case with; None where none were kept."""
        folder = self.folder / REFERENCE
        return Dataset.load(folder) if folder.is_dir() else None

    def history(self) -> Dataset | None:
        """Return the rows that new cases go on from: all but those given as the test set and nothing else."""
        dataset = self.load_dataset()
        if dataset.fixed_split is None:
            return dataset
        return dataset.subset(dataset.ids[(dataset.fixed_split != "test").to_numpy()])

    def read_options(self) -> dict[str, Any]:
        """Return the options by which new rows are read as the training rows were, and go on from their history."""
        options = {**self.spec.options, "like": self.dataset}
        place = self.folder / self.dataset.get("path", "dataset")
        if self.dataset["roles"].get(Role.HISTORY) and (place / "dataset.json").is_file():
            options["history"] = str(place)
        return options

    def units(self) -> pd.Series | None:
        """Return the unit (patient) of every row, for intervals that resample whole units; None where there is none."""
        return self.load_dataset().values(Role.UNIT)

    def costs(self, models: Sequence[str]) -> pd.DataFrame:
        """Return what ``models`` cost, one a row: kind, seconds to fit, milliseconds a case, bytes, learned numbers."""
        kept = ("kind", "fit_seconds", "predict_ms", "size_bytes", "parameters")
        rows = [{"model": name, **{key: getattr(self.models[name], key) for key in kept}} for name in models]
        return pd.DataFrame(rows, columns=["model", *kept])

    def summary(self) -> dict[str, Any]:
        """Return what lists and pages need, as plain JSON, without rows."""
        return {
            "format": FORMAT,
            "domain": self.domain,
            "spec": asdict(self.spec),
            "dataset": self.dataset,
            "protocol": self.splits.protocol,
            "counts": self.splits.counts(),
            "models": {name: asdict(model) for name, model in self.models.items()},
            "seconds": self.seconds,
            "environment": self.environment,
        }

    def save(self) -> Path:
        """Write everything but the models, which wrote themselves; ``run.json`` comes last and marks a whole run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(self.folder / "splits.json", self.splits.as_dict())
        self.predictions.table.to_parquet(self.folder / "predictions.parquet", index=False)
        write_json(self.folder / "evaluation.json", self.evaluation.as_dict())
        write_json(self.folder / "run.json", self.summary())
        return self.folder

    @classmethod
    def load(cls, folder: Path) -> Run:
        """Return the run in ``folder``.

        Raises
        ------
        RunError
            If there is no whole run of a known format.
        """
        folder = Path(folder)
        if not (folder / "run.json").is_file():
            raise RunError(
                "there is no finished run", where=str(folder.name), todo="train first, or name another folder"
            )
        try:
            about = read_json(folder / "run.json")
            if about["format"] != FORMAT:
                raise RunError(f"the run has format {about['format']}", where=folder.name, expected=str(FORMAT))
            evaluation = Evaluation.from_dict(read_json(folder / "evaluation.json"))
            return cls(
                folder=folder,
                domain=about["domain"],
                spec=TrainSpec(**{**about["spec"], "models": tuple(about["spec"]["models"])}),
                dataset=about["dataset"],
                splits=Splits.from_dict(read_json(folder / "splits.json")),
                models={name: FittedModel(**model) for name, model in about["models"].items()},
                predictions=_said(pd.read_parquet(folder / "predictions.parquet"), evaluation),
                evaluation=evaluation,
                seconds=about["seconds"],
                environment=about["environment"],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError("the run is damaged", where=folder.name, todo="train again") from error


def _said(table: pd.DataFrame, evaluation: Evaluation) -> Said:
    """Return the noun that a run's table is."""
    noun = next((noun for noun in (Forecasts, Rankings) if noun.fit(table)), None)
    return Predictions(table, evaluation.classes) if noun is None else noun(table)


def few(data: Dataset, most: int, seed: int) -> Dataset:
    """Return ``most`` rows drawn at random in their order, or all where there are no more."""
    if len(data) <= most:
        return data
    return data.subset(data.ids[np.sort(np.random.default_rng(seed).choice(len(data), most, replace=False))])


def environment() -> dict[str, str]:
    """Return the versions and the machine that made a run."""
    packages = {name: metadata.version(name) for name in ("keras", "numpy", "pandas", "scikit-learn")}
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": str(os.cpu_count()),
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        **packages,
    }
