"""Reading, training and asking through the pages: done, failed, owned by one browser only, kept over page switches."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dl_core.data.reading import Reading
from dl_core.errors import FileError
from dl_core.store import get_store
from tests.pages.conftest import small_dataset, small_run
from ui.shell import services

ROOT = Path(__file__).parents[2]


def ingest(args: dict[str, Any], context: Any) -> dict[str, Any]:
    """Register the small data set, or fail as a reader would."""
    if args.get("name") == "broken":
        raise FileError("the file is cut off", where="scan.png", todo="export it again")
    folder = context.home / "uploads" / "read"
    dataset = small_dataset(args["name"])
    dataset.save(folder)
    record = get_store(context.home).add_dataset(args["owner"], args["domain"], folder)
    return {"dataset_id": record.id, "reading": Reading("images", rows=len(dataset)).as_dict()}


def inspect(args: dict[str, Any], context: Any) -> dict[str, Any]:
    """Find a leak that can be mended."""
    finding = {
        "level": "warning",
        "kind": "leak",
        "message": "2 pairs leak.",
        "rows": ["case00"],
        "mend": "leak",
        "count": 2,
    }
    balance = {name: {"train": 14, "validation": 0, "test": 6} for name in ("healthy", "lesion")}
    split = {"kind": "by unit", "protocol": "by patient, seed 0", "train": 28, "validation": 0, "test": 12}
    return {"dataset_id": args.get("dataset_id"), "findings": [finding], "split": split, "balance": balance}


def train(args: dict[str, Any], context: Any) -> dict[str, Any]:
    """Write the small run, or fail by a fault of ours."""
    if args["seed"] == 13:
        raise RuntimeError("a fault of ours with a secret in it")
    store = get_store(context.home)
    context.emit({"event": "model", "model": "pixels", "state": "running"})
    small_run(store.run_folder(args["run_id"]), small_dataset())
    store.update_run(args["run_id"], state="done")
    return {"run_id": args["run_id"], "best": "frozen_features"}


@pytest.fixture(autouse=True)
def fake_tasks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put quick tasks in the place of the real ones."""
    module = types.ModuleType("daylight_fake_tasks")
    module.ingest, module.inspect, module.train = ingest, inspect, train
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(services, "TASKS", f"{module.__name__}:")
    yield


def opened(tab: str = "Data") -> AppTest:
    """Return a browser of its own at the medical page."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    test.session_state["tab"] = tab
    test = test.switch_page("pages/medical_imaging.py").run()
    assert not test.exception
    return test


def said(test: AppTest) -> str:
    """Return all text of the page."""
    kinds = ("title", "subheader", "caption", "markdown", "error", "warning", "info", "success")
    return "\n".join(str(element.value) for kind in kinds for element in getattr(test, kind))


def owner_of(test: AppTest) -> str:
    """Return the owner of that browser."""
    from ui.shell.owner import SESSION, owner_of

    return owner_of(test.session_state[SESSION])


def upload(test: AppTest, name: str) -> AppTest:
    """Upload a file under ``name`` through the dialog."""
    test.button(key="source_upload").click().run()
    test.file_uploader(key="upload_files").upload("cases.zip", b"not looked at here", "application/zip").run()
    assert "Personal DICOM header fields" in said(test)
    test.text_input(key="upload_name").set_value(name).run()
    test.button(key="upload_read").click().run()
    return test.run()


@pytest.mark.usefixtures("workspace", "sample")
def test_training_on_the_sample_reads_it_first_and_opens_the_run() -> None:
    test = opened("Train")
    assert [box.value for box in test.checkbox if "model_" in str(box.key)].count(True) == 4
    test.button(key="start_training").click().run()
    test.run()
    assert not test.exception
    assert "Done in" in said(test)
    (run,) = get_store().runs(owner_of(test))
    assert run.state == "done"
    assert test.query_params["run"] in (run.id, [run.id])


@pytest.mark.usefixtures("workspace", "sample")
def test_a_fault_in_training_shows_an_id_and_no_inside() -> None:
    test = opened("Train")
    test.number_input(key="medical_imaging_seed").set_value(13).run()
    test.button(key="start_training").click().run()
    test.run()
    words = said(test)
    assert "secret" not in words
    assert "Internal error" in words
    assert "earlier runs are untouched" in words
    assert test.button(key="resume").label == "Resume from checkpoint"


@pytest.mark.usefixtures("workspace", "sample")
def test_choices_survive_a_page_switch() -> None:
    test = opened("Train")
    test.checkbox(key="medical_imaging_model_small_cnn").check().run()
    test.switch_page("pages/runs.py").run()
    test.switch_page("pages/medical_imaging.py").run()
    assert test.checkbox(key="medical_imaging_model_small_cnn").value is True


@pytest.mark.usefixtures("workspace", "sample")
def test_preset_ticks_its_models() -> None:
    test = opened("Train")
    test.session_state["medical_imaging_preset"] = "all"
    from dl_core.domain import get_domain
    from ui.panels.train import _model_key

    for name in get_domain("medical_imaging").models:
        test.session_state[_model_key(get_domain("medical_imaging"), name)] = True
    test.run()
    assert all(box.value for box in test.checkbox if "model_" in str(box.key))


@pytest.mark.usefixtures("workspace", "sample")
def test_upload_shows_findings_that_can_be_mended() -> None:
    test = upload(opened(), "mine")
    assert not test.exception
    words = said(test)
    assert "**mine** · 40 images" in words
    assert "2 pairs leak." in words
    test.button(key="mend_leak").click().run()
    assert test.button(key="mend_leak").label == "Will be fixed"


@pytest.mark.usefixtures("workspace", "sample")
def test_failed_reading_says_where_what_and_what_to_do_and_keeps_what_was_there() -> None:
    test = upload(opened(), "broken")
    words = said(test)
    assert "scan.png: the file is cut off. Export it again." in words
    assert "Small sample" in words
    test.button(key="dismiss_ingest").click().run()
    assert "cut off" not in said(test)


@pytest.mark.usefixtures("workspace", "sample")
def test_two_browsers_see_nothing_of_each_other() -> None:
    first = upload(opened(), "private data")
    second = opened()
    assert owner_of(first) != owner_of(second)
    assert "private data" not in said(second)
    (record,) = get_store().datasets(owner_of(first))
    second.query_params["data"] = record.id
    del second.session_state["_bench_medical_imaging"]
    second.run()
    assert "private data" not in said(second)
    assert "there is no data set of that id here" in said(second).lower()
    assert get_store().datasets(owner_of(second)) == []


@pytest.mark.usefixtures("workspace", "sample")
def test_a_shared_run_opens_read_only_and_closes_when_sharing_ends() -> None:
    first = opened("Train")
    first.button(key="start_training").click().run()
    first.run()
    store, owner = get_store(), owner_of(first)
    (run,) = store.runs(owner)
    store.share_run(run.id, owner, True)
    second = opened("Train")
    second.query_params["run"] = run.id
    del second.session_state["_bench_medical_imaging"]
    second.run()
    assert "Shared with you, read-only" in said(second)
    assert "shared read-only" in said(second)
    store.share_run(run.id, owner, False)
    second.run()
    assert "there is no run of that id here" in said(second).lower()


@pytest.mark.usefixtures("workspace", "sample")
def test_run_is_listed_renamed_and_deleted() -> None:
    test = opened("Train")
    test.button(key="start_training").click().run()
    test.run()
    test.switch_page("pages/runs.py").run()
    assert not test.exception
    assert test.dataframe[0].value["Name"].tolist() == ["Small sample, 4 models"]
    test.text_input(key="runs_search").set_value("nothing like it").run()
    assert "No matching runs." in said(test)


def test_no_page_loads_keras_or_scikit_learn(tmp_path: Path) -> None:
    program = (
        "import sys, importlib\n"
        "import app_modules\n"
        "heavy = {'keras', 'tensorflow', 'sklearn', 'jax', 'torch', 'skimage'} & set(sys.modules)\n"
        "print(','.join(sorted(heavy)) or 'light')"
    )
    names = [path.stem for path in (ROOT / "ui").glob("*.py") if path.stem != "__init__"]
    lines = ["import dl_core.domains", *(f"import ui.{name}" for name in sorted(names))]
    (tmp_path / "app_modules.py").write_text("\n".join(lines), encoding="utf-8")
    environment = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": "/usr/bin", "DAYLIGHT_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, cwd=ROOT, check=False
    )
    assert done.stdout.strip() == "light", done.stderr[-500:]


@pytest.mark.usefixtures("workspace", "sample")
def test_data_set_is_deleted_only_after_a_second_press() -> None:
    test = upload(opened(), "mine")
    (record,) = get_store().datasets(owner_of(test))
    test.button(key="source_earlier").click().run()
    test.button(key=f"delete_{record.id}").click().run()
    assert len(get_store().datasets(owner_of(test))) == 1
    test.button(key=f"really_{record.id}").click().run()
    assert get_store().datasets(owner_of(test)) == []
    assert "**mine**" not in said(test.run())


@pytest.mark.usefixtures("workspace", "sample")
def test_a_page_asked_for_before_the_router_has_run_brings_the_whole_app() -> None:
    test = AppTest.from_file(str(ROOT / "pages" / "concepts.py"), default_timeout=60)
    test.run()
    assert not test.exception
    assert "Daylight" in [element.value for element in test.title]
