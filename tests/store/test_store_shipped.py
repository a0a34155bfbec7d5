"""Runs that ship as an archive: what is packed is unpacked again, once, and the archives that ship are whole."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.domain import domains
from dl_core.evaluate.series.forecasts import QUANTILES
from dl_core.files import write_json
from dl_core.store.shipped import RUN, restored, unpacked
from dl_core.train.run import Run
from sample_data import pack

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in the place of a run's, with one model of one matrix and one vector."""
    folder = tmp_path / "made"
    (folder / "models" / "net").mkdir(parents=True)
    write_json(folder / "run.json", {"models": {}})
    draw = np.random.default_rng(0)
    np.savez(folder / "models" / "net" / "w.npz", wide=draw.normal(size=(80, 60)), bias=draw.normal(size=60))
    return folder


@pytest.fixture
def long_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pack short tables too."""
    monkeypatch.setattr(pack, "FEW", 0)


def shipped(folder: Path, steps: dict[str, float]) -> Path:
    """The folder as an archive."""
    archive = folder.with_name(RUN)
    pack.write_archive(folder, archive, steps)
    return archive


def test_codes_by_hand() -> None:
    kept = np.array([[0, 1, 2, 3, 0], [0, 0, 0, 0, 1]], dtype=np.uint8)  # 0, 1, 2, 3 and 256
    found = restored(kept, {"shape": [5], "step": 0.5, "base": None})
    assert found.dtype == np.float32
    assert found.tolist() == [0.0, -0.5, 0.5, -1.0, 64.0]


def test_half_of_a_symmetric_matrix_by_hand() -> None:
    kept = np.array([[2, 4, 6]], dtype=np.uint8)  # 1, 2, 3 above the diagonal
    found = restored(kept, {"shape": [3, 3], "step": 1.0, "base": None, "scales": [1.0, 2.0, 4.0]})
    assert found.tolist() == [[0.0, 0.5, 0.5], [1.0, 0.0, 0.75], [2.0, 1.5, 0.0]]


def test_a_matrix_comes_back_within_half_a_step_and_all_else_as_it_was(folder: Path, tmp_path: Path) -> None:
    with np.load(folder / "models" / "net" / "w.npz") as before:
        wanted = dict(before)
    place = unpacked(shipped(folder, {"net": 0.5}), tmp_path / "home")
    with np.load(place / "models" / "net" / "w.npz") as after:
        step = 0.5 / pack.FINER * np.sqrt(np.mean(wanted["wide"] ** 2))
        apart = np.abs(after["wide"] - wanted["wide"])
        assert 0.4 * step < apart.max() <= 0.5001 * step
        assert np.array_equal(after["bias"], wanted["bias"])


def test_without_a_step_every_number_is_kept(folder: Path, tmp_path: Path) -> None:
    place = unpacked(shipped(folder, {}), tmp_path / "home")
    with np.load(place / "models" / "net" / "w.npz") as after, np.load(folder / "models" / "net" / "w.npz") as before:
        assert np.array_equal(after["wide"], before["wide"])


def test_what_barely_differs_from_shipped_weights_is_kept_as_the_difference(folder: Path, tmp_path: Path) -> None:
    base = np.load(pack.CORE / pack.BASES[1])
    draw = np.random.default_rng(1)
    near = {key: base[key] + (0.001 * draw.normal(size=base[key].shape)).astype(np.float32) for key in base.files}
    np.savez(folder / "models" / "net" / "w.npz", **near)
    place = unpacked(shipped(folder, {"net": 1.0}), tmp_path / "home")
    with np.load(place / "models" / "net" / "w.npz") as after:
        assert max(np.abs(after[key] - near[key]).max() for key in near) < 0.001


def test_scales_that_make_a_matrix_symmetric_are_found() -> None:
    draw = np.random.default_rng(2)
    half = np.triu(draw.normal(size=(70, 70)), 1)
    scales = np.exp(0.4 * draw.normal(size=70))
    found = pack.symmetric((half + half.T) / scales)
    assert found is not None
    assert np.allclose(found / scales, (found / scales)[0], rtol=1e-6)
    assert pack.symmetric(draw.normal(size=(70, 70))) is None


@pytest.mark.usefixtures("long_table")
def test_quantiles_come_back_within_a_part_of_the_interval(tmp_path: Path, folder: Path) -> None:
    draw = np.random.default_rng(3)
    quantiles = np.sort(draw.normal(1000.0, 30.0, size=(8, len(QUANTILES))), axis=1)
    truth = np.tile([1.5, 2.5, 3.5, 4.5], 2)
    table = pd.DataFrame(quantiles, columns=list(QUANTILES)).assign(
        model=["a"] * 4 + ["b"] * 4, split="test", row="s", window=0, step=range(8), time=range(8), y_true=truth
    )
    table.to_parquet(folder / "predictions.parquet", index=False)
    found = pd.read_parquet(unpacked(shipped(folder, {}), tmp_path / "home") / "predictions.parquet")
    assert list(found) == list(table)
    width = (quantiles[:, -1] - quantiles[:, 0])[:, None]
    assert (np.abs(found[list(QUANTILES)].to_numpy() - quantiles) / width).max() <= 0.5 / pack.WIDTH + 1e-6
    assert found["y_true"].tolist() == truth.tolist()


@pytest.mark.usefixtures("long_table")
def test_probabilities_of_a_row_still_sum_to_one(tmp_path: Path, folder: Path) -> None:
    first = np.array([0.123456789, 1e-7, 0.999])
    table = pd.DataFrame({"model": "a", "split": "test", "row": ["x", "y", "z"], "y_true": "no", "y_pred": "no"})
    table = table.assign(score_no=1 - first, score_yes=first)
    table.to_parquet(folder / "predictions.parquet", index=False)
    found = pd.read_parquet(unpacked(shipped(folder, {}), tmp_path / "home") / "predictions.parquet")
    assert list(found) == list(table)
    assert np.allclose(found["score_yes"], first, rtol=2.0 ** -pack.BITS["class"], atol=0)
    assert np.allclose(found["score_no"] + found["score_yes"], 1.0)


def test_an_archive_is_unpacked_once_and_anew_when_it_changed(folder: Path, tmp_path: Path) -> None:
    archive, home = shipped(folder, {}), tmp_path / "home"
    place = unpacked(archive, home)
    (place / "mark").touch()
    assert unpacked(archive, home) == place and (place / "mark").exists()
    write_json(folder / "run.json", {"models": {}, "seed": 2})
    assert unpacked(shipped(folder, {}), home) != place


def test_answers_beside_the_archive_lie_in_the_run(folder: Path, tmp_path: Path) -> None:
    archive = shipped(folder, {})
    before = unpacked(archive, tmp_path / "home")
    with zipfile.ZipFile(tmp_path / "prepared_answers.zip", "w") as answers:
        answers.writestr("answers/one.json", "{}")
    after = unpacked(archive, tmp_path / "home")
    assert after != before and (after / "answers" / "one.json").is_file() and (after / "run.json").is_file()


def test_other_paths_stay_as_they_are(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "bundle.zip"
    with zipfile.ZipFile(other, "w") as bundle:
        bundle.writestr("manifest.json", "{}")
    (tmp_path / "text.zip").write_text("no archive")
    for path in (folder, other, tmp_path / "text.zip", tmp_path / "nothing.zip"):
        assert unpacked(path, tmp_path / "home") == path


def test_the_same_run_makes_the_same_archive(folder: Path) -> None:
    first = shipped(folder, {"net": 0.5}).read_bytes()
    assert shipped(folder, {"net": 0.5}).read_bytes() == first


@pytest.mark.parametrize("name", sorted(domains()))
def test_the_run_of_each_domain_is_whole(name: str, tmp_path: Path) -> None:
    sample = domains()[name].sample
    run = Run.load(unpacked(sample.prepared_run, tmp_path))
    assert run.domain == name and run.trained
    assert all(any(run.model_folder(model).iterdir()) for model in run.trained)
    assert len(list((run.folder / "answers").glob("*.json"))) >= 3
    assert (run.folder / "report.html").is_file() and (run.folder / "model_card.md").is_file()


def test_samples_and_their_runs_are_small() -> None:
    kept = [path for path in (ROOT / "sample_data").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in kept if path.name.startswith("prepared_")) < 25e6
    assert sum(path.stat().st_size for path in kept) < 35e6


def test_an_archive_may_be_named_as_the_folder_it_holds_and_other_paths_stay(folder: Path, tmp_path: Path) -> None:
    archive, home = shipped(folder, {}), tmp_path / "home"
    assert unpacked(archive.with_suffix(""), home) == unpacked(archive, home) != archive
    for path in (folder, tmp_path / "nothing", tmp_path / "nothing.zip"):
        assert unpacked(path, home) == path
