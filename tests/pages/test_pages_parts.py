"""The parts of the pages that compute something: names of uploads, progress from events, estimates, warnings."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dl_core import domain as registry
from dl_core.errors import FileError, LimitError
from dl_core.tasks.probing import allowed
from tests.pages.conftest import small_dataset, small_run
from ui.kinds.images import preview
from ui.panels import concepts, estimate, progress, report, runs
from ui.shell import services, uploads


class Uploaded(io.BytesIO):
    """A file as the browser's uploader hands it over."""

    def __init__(self, name: str, content: bytes) -> None:
        super().__init__(content)
        self.name, self.size = name, len(content)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.png", "a.png"),
        ("cats/a.png", "cats/a.png"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\scans\\a.png", "C/scans/a.png"),
        ("a\x00b\n.png", "ab.png"),
        ("..", "unnamed"),
        ("", "unnamed"),
    ],
)
def test_safe_name(name: str, safe: str) -> None:
    assert uploads.safe_name(name) == safe


@given(st.text(max_size=30))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    root = Path("/root/of/uploads")
    place = Path(f"{root}/{uploads.safe_name(name)}")
    assert ".." not in place.parts
    assert place.is_relative_to(root)
    assert place != root


@pytest.mark.usefixtures("workspace")
def test_upload_keeps_folders_and_numbers_names_that_stand_twice() -> None:
    files = [Uploaded("cats/a.png", b"1"), Uploaded("cats/a.png", b"22"), Uploaded("../b.png", b"333")]
    name, total = uploads.write_upload(files, "me")
    folder = services.home() / "uploads" / name
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {"cats/a.png": b"1", "cats/a_2.png": b"22", "b.png": b"333"}
    assert total == 6


@pytest.mark.usefixtures("workspace")
def test_empty_upload_is_refused_by_name() -> None:
    with pytest.raises(FileError, match=r"nothing\.png: the file is empty"):
        uploads.write_upload([Uploaded("nothing.png", b"")], "me")
    with pytest.raises(FileError, match="No file was selected"):
        uploads.write_upload([], "me")


@pytest.mark.usefixtures("workspace")
def test_upload_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 10)
    with pytest.raises(LimitError, match="the files hold 11 B"):
        uploads.write_upload([Uploaded("big.png", b"x" * 11)], "me")
    assert list((services.home() / "uploads").glob("*")) == []


def test_events_become_progress_of_each_model() -> None:
    events = [
        {"event": "model", "model": "a", "state": "running"},
        {"event": "progress", "done": 0.5, "text": "half"},
        {"event": "model", "model": "a", "state": "done"},
        {"event": "model", "model": "b", "state": "running"},
        {"event": "epoch", "epoch": 1, "loss": 0.7, "val_loss": 0.8},
        {"event": "epoch", "epoch": 2, "loss": 0.6, "val_loss": 0.7},
        {"event": "epoch", "epoch": 2, "loss": 0.5, "val_loss": 0.6},
        {"event": "progress", "model": "b", "done": 0.25, "text": "Epoch 2 of 8"},
        {"event": "progress", "model": "stranger", "done": 1.0, "text": ""},
    ]
    found = progress.collect(events, ["a", "b", "c"])
    assert (found["a"].state, found["a"].done) == ("done", 1.0)
    assert (found["b"].state, found["b"].done, found["b"].text) == ("running", 0.25, "Epoch 2 of 8")
    assert [entry["loss"] for entry in found["b"].epochs] == [0.7, 0.5]
    assert found["c"].state == "waiting"


def test_estimate_adds_up_measured_speeds() -> None:
    summary = {
        "counts": {"train": 100},
        "models": {
            "slow": {"state": "done", "fit_seconds": 20.0},
            "quick": {"state": "done", "fit_seconds": 1.0},
            "lost": {"state": "failed", "fit_seconds": 9.0},
        },
    }
    speeds = estimate.speeds(summary)
    assert speeds == {"slow": 0.2, "quick": 0.01}
    found = estimate.estimate(["slow", "quick"], 200, speeds, "here")
    assert found.seconds == pytest.approx(estimate.START + 40 + 2)
    assert found.line == "Takes about 40 s (here)."


def test_estimate_is_unknown_if_one_model_was_never_measured() -> None:
    found = estimate.estimate(["slow", "new"], 200, {"slow": 0.2}, "here")
    assert found.seconds is None
    assert "first training" in found.line


def test_preview_takes_classes_in_turn() -> None:
    assert preview.mixed_by_class(["b", "a", "a", "a", "b"]) == [1, 0, 2, 4, 3]


def test_runs_on_other_data_or_rows_are_warned_about() -> None:
    one = {"name": "one", "fingerprint": "x", "protocol": "p", "test": frozenset({"1"})}
    assert runs.warnings([one, {**one, "name": "two"}]) == []
    assert "different data sets" in runs.warnings([one, {**one, "fingerprint": "y"}])[0]
    assert "different test rows" in runs.warnings([one, {**one, "test": frozenset({"2"})}])[0]
    assert "one: p; two: q" in runs.warnings([one, {**one, "name": "two", "protocol": "q"}])[0]


def test_wilson_interval_by_hand() -> None:
    # 90 of 100: Wilson (1927) gives 0.8256 to 0.9448
    low, high = concepts.wilson(90, 100)
    assert low == pytest.approx(0.8256, abs=1e-4)
    assert high == pytest.approx(0.9448, abs=1e-4)


@pytest.mark.usefixtures("workspace")
def test_a_result_cannot_point_outside_the_workspace() -> None:
    assert services.cut_to_home("runs/x/report.html").is_relative_to(services.home())
    with pytest.raises(ValueError, match="outside the workspace"):
        services.cut_to_home("../elsewhere")


def test_the_report_lists_what_the_run_can_be_asked_with_its_command(tmp_path: Path) -> None:
    run = small_run(tmp_path / "run", small_dataset())
    found = report.commands(allowed(registry.get_domain("medical_imaging"), run.summary())).set_index("Analysis")
    assert found.loc["Corrupted images", "Tab"] == "Compare"
    command = "python -m dl_core probe corrupted_images --run DIR --option corruption=…"
    assert found.loc["Corrupted images", "Command"] == command
    assert found.loc["New images", "Command"].endswith("scored_images --run DIR --out DIR")
    assert not {"Exposure", "Feature drift", "Queue"} & set(found.index)  # not of images
