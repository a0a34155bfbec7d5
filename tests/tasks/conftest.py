"""A workspace with one person's data and finished run, and jobs that run at once in this process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dl_core.engine import Job
from dl_core.engine.inline import InlineEngine
from dl_core.store import Store, get_store


@dataclass(frozen=True)
class Workplace:
    """The engine and store of a workspace, with the run of its owner ``"me"``."""

    home: Path
    engine: InlineEngine
    store: Store
    dataset_id: str
    run: dict[str, str]

    def submit(self, task: str, owner: str = "me", **args: Any) -> Job:
        """Return the ended job of a task."""
        return self.engine.submit(f"dl_core.tasks:{task}", {"owner": owner, **args}, owner=owner)

    def put(self, probe: str, owner: str = "me", cases: dict[str, Any] | None = None, **arguments: Any) -> Job:
        """Return the ended job of a probe; ``run`` may be among the arguments."""
        run = {"run": arguments.pop("run")} if "run" in arguments else {}
        return self.submit("probe", owner, probe=probe, arguments=arguments, **run, **(cases or {}))

    def ask(self, probe: str, **arguments: Any) -> Any:
        """Return a probe's answer, which must be plain JSON."""
        job = self.put(probe, **arguments)
        assert job.state == "done", job.error
        json.dumps(job.result, allow_nan=False)
        return job.result

    def do(self, task: str, **args: Any) -> Any:
        """Return a task's result, which must be plain JSON."""
        job = self.submit(task, **args)
        assert job.state == "done", job.error
        json.dumps(job.result, allow_nan=False)
        return job.result


@pytest.fixture(scope="session")
def make_workplace(tmp_path_factory, tiny_dataset) -> Callable[[Any], Workplace]:
    """Return a function that puts a finished run into a workspace of its own."""

    def make(run: Any) -> Workplace:
        home = tmp_path_factory.mktemp("home")
        store = get_store(home)
        tiny_dataset.save(home / "uploads" / "read")
        record = store.add_dataset("me", "medical_imaging", home / "uploads" / "read")
        known = store.add_run("me", "medical_imaging", record.id, "", "First", {"models": run.trained})
        folder = store.run_folder(known.id)
        shutil.copytree(run.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("dataset"))
        about = json.loads((folder / "run.json").read_text())
        about["dataset"]["path"] = str(store.dataset_folder(record.id))
        (folder / "run.json").write_text(json.dumps(about))
        store.update_run(known.id, state="done", summary={})
        return Workplace(home, InlineEngine(home), store, record.id, {"id": known.id})

    return make


@pytest.fixture(scope="session")
def plain(make_workplace, plain_run) -> Workplace:
    """Return a workspace with a run of baselines."""
    return make_workplace(plain_run)


@pytest.fixture(scope="session")
def deep(make_workplace, tiny_run) -> Workplace:
    """Return a workspace with a run that has a deep model."""
    return make_workplace(tiny_run)


def upload(workplace: Workplace, source: Path, name: str) -> str:
    """Copy files into a folder that ``"me"`` uploaded, and return its name."""
    name = f"me-{name}"
    folder = workplace.home / "uploads" / name
    folder.mkdir(parents=True)
    for path in [source] if source.is_file() else source.iterdir():
        shutil.copy(path, folder)
    return name
