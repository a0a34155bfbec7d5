"""A small run of quick forecasters on made-up shops, and the workspace of its owner, for tests of jobs and pages."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import dl_core.domains  # noqa: F401 - makes the domains known
from dl_core import pipeline
from dl_core.domain import get_domain
from dl_core.engine.inline import InlineEngine
from dl_core.engine.shared import HomeLock
from dl_core.store import get_store
from dl_core.train.run import Run, TrainSpec
from tests.series import toy_dataset

if TYPE_CHECKING:
    import pytest

    from tests.tasks.conftest import Workplace

QUICK = ("seasonal_naive", "drift", "nlinear")
HORIZON, WINDOWS = 6, 2


def quick_run(folder: Path, n: int = 6, covariates: bool = True) -> Run:
    """Return a run of three quick forecasters on ``n`` monthly series, written into ``folder / "run"``."""
    domain = get_domain("forecasting")
    dataset = toy_dataset(n=n, length=96, covariates=covariates)
    options = domain.parse_options({"horizon": HORIZON, "windows": WINDOWS, "epochs": 2})
    splits = pipeline.split(domain, dataset, 0, options)
    spec = TrainSpec(QUICK, 0, None, options)
    return pipeline.train(domain, dataset, splits, spec, folder / "run", pipeline.Work(cache=folder / "cache"))


def shared_run(factory: pytest.TempPathFactory) -> Run:
    """Return `quick_run`, trained once for all modules and processes of a test session; nobody writes into it."""
    own = factory.getbasetemp()
    folder = (own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own) / "shared" / "forecast_run"
    folder.mkdir(parents=True, exist_ok=True)
    with HomeLock(folder / "lock").hold():
        if (folder / "run" / "comparison.json").exists():
            return Run.load(folder / "run")
        return quick_run(folder)


def workplace(home: Path, run: Run) -> Workplace:
    """Return the workspace of ``"me"`` with a copy of a run and its data."""
    from tests.tasks.conftest import Workplace

    store = get_store(home)
    run.load_dataset().save(home / "uploads" / "read")
    data = store.add_dataset("me", "forecasting", home / "uploads" / "read")
    known = store.add_run("me", "forecasting", data.id, "", "Shops", {"models": list(QUICK)})
    folder = store.run_folder(known.id)
    shutil.copytree(run.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("dataset"))
    about = json.loads((folder / "run.json").read_text())
    about["dataset"]["path"] = str(store.dataset_folder(data.id))
    (folder / "run.json").write_text(json.dumps(about))
    store.update_run(known.id, state="done", summary={})
    return Workplace(home, InlineEngine(home), store, data.id, {"id": known.id})
