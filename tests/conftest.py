"""What many tests share: a tiny image data set of two easy classes in every layout, and one small run trained on it."""

from __future__ import annotations

import gc
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.ratings import draw_ratings, zip_100k
from tests.transactions import write_transactions

if TYPE_CHECKING:
    from dl_core.data.dataset import Dataset
    from dl_core.domain import Domain
    from dl_core.train.run import Run

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for library in ("OMP", "OPENBLAS"):  # two test processes keep the cores busy; threads would only wait for each other
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
gc.set_threshold(50_000, 10, 10)  # tracing networks makes millions of objects: looking for dead ones was 15 % of a run

IMAGES = 60
SIDE = 32  # pixels
MODELS = ("majority", "pixels", "frozen_features")
FRAUD_MODELS = ("rules", "logistic", "boosting", "feed_forward")
LIST_MODELS = ("popularity", "item_neighbours", "ease", "mult_vae")


def pytest_collection_finish() -> None:
    """Spare what was imported from every later search for dead objects."""
    gc.freeze()


def draw_images(count: int = IMAGES, seed: int = 0) -> tuple[np.ndarray, pd.DataFrame]:
    """Return images (n, 32, 32) uint8 and their table: "ill" ones hold a bright disc; two images a patient."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    images, lines = [], []
    for at in range(count):
        ill = (at // 2) % 2 == 1
        image = rng.normal(90, 12, (SIDE, SIDE))
        if ill:
            y, x = rng.integers(10, 22, 2)
            image += 110 * ((rows - y) ** 2 + (columns - x) ** 2 < 36)
        images.append(np.clip(image, 0, 255).astype(np.uint8))
        patient = at // 2
        lines.append(
            {
                "file": f"img_{at:03d}.png",
                "label": "ill" if ill else "healthy",
                "patient": f"p{patient:02d}",
                "sex": "f" if (patient // 2) % 2 else "m",
                "age": 30 + 4 * (patient % 13),
                "scanner": ("North", "South")[(patient // 3) % 2],
            }
        )
    return np.stack(images), pd.DataFrame(lines)


def write_images(folder: Path, count: int = IMAGES, seed: int = 0, labels: bool = True) -> Path:
    """Write images and, with ``labels``, ``metadata.csv`` into ``folder`` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    images, table = draw_images(count, seed)
    for image, name in zip(images, table["file"], strict=True):
        Image.fromarray(image).save(folder / name)
    if labels:
        table.to_csv(folder / "metadata.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 images and their table as a folder."""
    return write_images(tmp_path_factory.mktemp("tiny") / "images")


@pytest.fixture(scope="session")
def tiny_zip(tiny_folder: Path) -> Path:
    """The same as a zip."""
    path = tiny_folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(tiny_folder.iterdir()):
            packed.write(file, file.name)
    return path


@pytest.fixture(scope="session")
def new_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four unlabelled images that no training saw."""
    return write_images(tmp_path_factory.mktemp("new") / "cases", count=4, seed=7, labels=False)


@pytest.fixture(scope="session")
def medical_imaging() -> Domain:
    """The domain."""
    import dl_core.domains  # noqa: F401 - makes the domains known
    from dl_core.domain import get_domain

    return get_domain("medical_imaging")


@pytest.fixture(scope="session")
def tiny_dataset(tiny_folder: Path, medical_imaging: Domain) -> Dataset:
    """The same as a `Dataset`."""
    from dl_core import pipeline
    from dl_core.domain import ReadRequest

    options = medical_imaging.parse_options({})
    return pipeline.ingest(medical_imaging, ReadRequest((tiny_folder,), options=options, name="Tiny"))


def _train(
    folder: Path, domain: Domain, dataset: Dataset, models: tuple[str, ...], more: dict[str, str] | None = None
) -> Run:
    """Train in ``folder``, or take what another test process trained there."""
    from dl_core import pipeline
    from dl_core.engine.shared import HomeLock
    from dl_core.train.run import Run, TrainSpec

    folder.mkdir(parents=True, exist_ok=True)
    with HomeLock(folder / "lock").hold():
        if (folder / "run" / "comparison.json").exists():
            return Run.load(folder / "run")
        options = domain.parse_options({"test_share": "0.3", **(more or {})})
        splits = pipeline.split(domain, dataset, 0, options)
        spec, work = TrainSpec(models, seed=0, options=options), pipeline.Work(cache=folder / "cache")
        return pipeline.train(domain, dataset, splits, spec, folder / "run", work)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset, medical_imaging: Domain) -> Run:
    """A finished run of three models. Tests read it and never write into its folder."""
    return _train(_shared(tmp_path_factory) / "tiny_run", medical_imaging, tiny_dataset, MODELS)


@pytest.fixture(scope="session")
def plain_run(tmp_path_factory: pytest.TempPathFactory, tiny_dataset: Dataset, medical_imaging: Domain) -> Run:
    """A finished run of two baselines, for what needs no deep model."""
    return _train(_shared(tmp_path_factory) / "plain_run", medical_imaging, tiny_dataset, MODELS[:2])


@pytest.fixture(scope="session")
def fraud_detection() -> Domain:
    """The domain."""
    import dl_core.domains  # noqa: F401 - makes the domains known
    from dl_core.domain import get_domain

    return get_domain("fraud_detection")


@pytest.fixture(scope="session")
def transactions_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,000 transactions as a CSV."""
    return write_transactions(tmp_path_factory.mktemp("transactions") / "transactions.csv")


@pytest.fixture(scope="session")
def transactions(transactions_csv: Path, fraud_detection: Domain) -> Dataset:
    """The same as a `Dataset`."""
    from dl_core import pipeline
    from dl_core.domain import ReadRequest

    options = fraud_detection.parse_options({})
    return pipeline.ingest(fraud_detection, ReadRequest((transactions_csv,), options=options, name="Payments"))


@pytest.fixture(scope="session")
def fraud_run(tmp_path_factory: pytest.TempPathFactory, transactions: Dataset, fraud_detection: Domain) -> Run:
    """A finished run on them. Tests read it and never write into its folder."""
    return _train(_shared(tmp_path_factory) / "fraud_run", fraud_detection, transactions, FRAUD_MODELS, {"epochs": "8"})


@pytest.fixture(scope="session")
def recommendation() -> Domain:
    """The domain."""
    import dl_core.domains  # noqa: F401 - makes the domains known
    from dl_core.domain import get_domain

    return get_domain("recommendation")


@pytest.fixture(scope="session")
def ratings_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """3,037 ratings of 80 films by 150 people, with titles, genres and groups, laid out like ml-100k.zip."""
    return zip_100k(tmp_path_factory.mktemp("ratings") / "ratings.zip", draw_ratings())


@pytest.fixture(scope="session")
def ratings(ratings_zip: Path, recommendation: Domain) -> Dataset:
    """The same as a `Dataset`."""
    from dl_core import pipeline
    from dl_core.domain import ReadRequest

    options = recommendation.parse_options({})
    return pipeline.ingest(recommendation, ReadRequest((ratings_zip,), options=options, name="Films"))


@pytest.fixture(scope="session")
def lists_run(tmp_path_factory: pytest.TempPathFactory, ratings: Dataset, recommendation: Domain) -> Run:
    """A finished run on them. Tests read it and never write into its folder."""
    return _train(_shared(tmp_path_factory) / "lists_run", recommendation, ratings, LIST_MODELS, {"epochs": "6"})


def _shared(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that the processes of one test session share."""
    own = factory.getbasetemp()
    return own.parent / "shared" if os.environ.get("PYTEST_XDIST_WORKER") else own / "shared"
