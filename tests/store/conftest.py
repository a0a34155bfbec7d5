"""A store with a toy data set, and a toy run whose model is a text file."""

from __future__ import annotations

import pandas as pd
import pytest

from dl_core.data.dataset import Dataset, Source
from dl_core.data.splits import Splits
from dl_core.evaluate.results import Evaluation, Predictions
from dl_core.schema import Role
from dl_core.store import Store
from dl_core.train.run import FittedModel, Run, TrainSpec

PATIENT = "patient-4711"
SPEC = {"models": ["small_cnn"], "seed": 0, "options": {"size": 64}}


@pytest.fixture
def store(tmp_path):
    """A store in a workspace of its own."""
    built = Store(tmp_path / "home")
    yield built
    built.close()


def toy_dataset(name="toy", extra=()):
    """Return two labelled rows (and more, to change the content)."""
    rows = [PATIENT, "r2", *extra]
    table = pd.DataFrame({"label": ["a", "b", *["a"] * len(extra)]}, index=rows)
    source = Source("toy", licence="CC0", notice="toy only", simulated="all of it")
    return Dataset(name, table, {Role.LABEL: ("label",)}, source, classes=("a", "b"))


@pytest.fixture
def new_dataset():
    """Return how to make a toy data set."""
    return toy_dataset


@pytest.fixture
def add_dataset(store):
    """Put a toy data set into the store."""

    def add(owner="me", name="toy", extra=(), domain="toys"):
        folder = toy_dataset(name, extra).save(store.upload_folder("me") / "data")
        return store.add_dataset(owner, domain, folder)

    return add


@pytest.fixture
def toy_run(tmp_path):
    """A finished run on disk."""
    folder = tmp_path / "run"
    (folder / "models" / "tiny" / "inner").mkdir(parents=True)
    (folder / "models" / "tiny" / "weights.json").write_text("[1, 2]")
    (folder / "models" / "tiny" / "inner" / "shape.json").write_text("{}")
    (folder / "models" / "other").mkdir()
    (folder / "models" / "other" / "weights.json").write_text("[3]")
    (folder / "novelty.npz").write_bytes(b"npz")
    dataset = toy_dataset()
    columns = {"model": ["tiny"], "split": ["test"], "row": ["r2"], "y_true": ["b"], "y_pred": ["b"]}
    table = pd.DataFrame({**columns, "score_a": [0.2], "score_b": [0.8]})
    return Run(
        folder=folder,
        domain="toys",
        spec=TrainSpec(("tiny", "other"), options={"size": 8}),
        dataset={**dataset.describe(), "path": str(tmp_path / "secret" / "place")},
        splits=Splits((PATIENT,), (), ("r2",), "given", "given"),
        models={name: FittedModel(name, name.title(), "deep", validation=0.5) for name in ("tiny", "other")},
        predictions=Predictions(table, ("a", "b")),
        evaluation=Evaluation.__new__(Evaluation),
        environment={"python": "3.11"},
    )


@pytest.fixture
def add_run(store, add_dataset):
    """Put a run on a fresh data set into the store."""

    def add(owner="me", name="first", job_id="", dataset=None, **dataset_about):
        dataset = dataset or add_dataset(owner, **dataset_about)
        return store.add_run(owner, "toys", dataset.id, job_id, name, SPEC)

    return add
