"""Bundles: what goes out, and what is let back in."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dl_core.errors import ArchiveError, OptionError, RunError
from dl_core.store import unbundle
from dl_core.store.bundle import export_bundle, open_bundle
from dl_core.store.unbundle import is_safe_name


@pytest.fixture
def bundle(toy_run, tmp_path):
    """The exported model of a toy run."""
    return export_bundle(toy_run, "tiny", tmp_path / "out.zip", notice="research only")


def test_a_bundle_opens_as_it_was_exported(bundle, toy_run, tmp_path):
    source = open_bundle(bundle, tmp_path / "in")
    assert source.domain == "toys"
    assert source.best == source.check_model(None) == "tiny"
    assert source.models["tiny"] == toy_run.models["tiny"]
    assert source.dataset["classes"] == ["a", "b"]
    for name in ("weights.json", "inner/shape.json"):
        assert (source.model_folder("tiny") / name).read_bytes() == (toy_run.model_folder("tiny") / name).read_bytes()
    assert (source.folder / "novelty.npz").read_bytes() == b"npz"
    with pytest.raises(OptionError):
        source.check_model("other")


def test_a_bundle_says_what_it_is_and_tells_no_row_and_no_place(bundle, tmp_path):
    with zipfile.ZipFile(bundle) as packed:
        everything = b"".join(packed.read(name) for name in packed.namelist())
        manifest = json.loads(packed.read("manifest.json"))
        names = set(packed.namelist())
    assert (manifest["format"], manifest["version"], manifest["model"]) == ("daylight-bundle", 1, "tiny")
    assert (manifest["data_licence"], manifest["notice"]) == ("CC0", "research only toy only")
    assert names == {*manifest["files"], "manifest.json"}
    assert "models/other/weights.json" not in names
    for secret in (b"patient-4711", str(tmp_path).encode(), b"secret"):
        assert secret not in everything


def test_a_model_that_is_missing_is_told(toy_run, tmp_path):
    with pytest.raises(OptionError):
        export_bundle(toy_run, "unknown", tmp_path / "x.zip")
    shutil.rmtree(toy_run.model_folder("tiny"))
    with pytest.raises(RunError, match="missing"):
        export_bundle(toy_run, "tiny", tmp_path / "x.zip")
    assert list(tmp_path.glob("*.zip")) == []


def repack(bundle, change):
    """Write the bundle anew after ``change(files: dict name -> bytes, manifest)``."""
    with zipfile.ZipFile(bundle) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    change(files, manifest)
    with zipfile.ZipFile(bundle, "w") as packed:
        packed.writestr("manifest.json", json.dumps(manifest))
        for name, content in files.items():
            packed.writestr(name, content)
    return bundle


def listed(manifest, name, content):
    """List a file in the manifest with its true size and checksum."""
    manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def put(name, content=b"x"):
    """Return a change that adds a file, properly listed."""

    def change(files, manifest):
        files[name] = content
        listed(manifest, name, content)

    return change


def link():
    """Return an entry that is a link."""
    entry = zipfile.ZipInfo("models/tiny/link.json")
    entry.external_attr = 0o120777 << 16
    return entry


def swap(files, manifest):
    files["models/tiny/weights.json"] = b"[9, 9]"


def surplus(files, manifest):
    files["extra.json"] = b"{}"


def lost(files, manifest):
    del files["novelty.npz"]


def linked(files, manifest):
    files[link()] = b"/etc/passwd"
    listed(manifest, "models/tiny/link.json", b"/etc/passwd")


def lying(files, manifest):
    manifest["files"]["novelty.npz"]["bytes"] = 1


def newer(files, manifest):
    manifest["version"] = 2


def foreign(files, manifest):
    manifest["format"] = "something-else"


def bare(files, manifest):
    manifest.clear()


def other_domain(files, manifest):
    manifest["domain"] = "elsewhere"


def no_run(files, manifest):
    files["run.json"] = b'{"models": 3}'
    listed(manifest, "run.json", files["run.json"])


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (swap, ArchiveError),
        (surplus, ArchiveError),
        (lost, ArchiveError),
        (linked, ArchiveError),
        (lying, ArchiveError),
        (put("../escape.json"), ArchiveError),
        (put("/absolute.json"), ArchiveError),
        (put("models\\tiny\\a.json"), ArchiveError),
        (put("C:/a.json"), ArchiveError),
        (put("models/tiny/code.py"), ArchiveError),
        (put("models/tiny/model.pkl"), ArchiveError),
        (put("models/tiny/WEIGHTS.json"), ArchiveError),
        (put("nul.json"), ArchiveError),
        (newer, RunError),
        (foreign, RunError),
        (bare, RunError),
        (other_domain, RunError),
        (no_run, RunError),
    ],
)
def test_whatever_differs_is_refused_and_nothing_stays_behind(bundle, tmp_path, change, error):
    repack(bundle, change)
    with pytest.raises(error, match="out.zip"):
        open_bundle(bundle, tmp_path / "deep" / "in")
    assert not (tmp_path / "deep" / "in").exists() or list((tmp_path / "deep" / "in").iterdir()) == []
    assert not (tmp_path / "deep" / "escape.json").exists()


def test_other_files_are_refused(tmp_path, bundle):
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(ArchiveError):
        open_bundle(tmp_path / "text.zip", tmp_path / "a")
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as packed:
        packed.writestr("cat.txt", "x")
    with pytest.raises(RunError, match="not an exported bundle"):
        open_bundle(tmp_path / "images.zip", tmp_path / "b")
    with pytest.raises(RunError, match="no such bundle"):
        open_bundle(tmp_path / "none.zip", tmp_path / "c")
    content = bundle.read_bytes()
    bundle.write_bytes(content[: len(content) // 2])
    with pytest.raises(ArchiveError):
        open_bundle(bundle, tmp_path / "d")


def test_a_bomb_is_refused_before_it_is_unpacked(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(unbundle, "MOST_BYTES", 1000)
    repack(bundle, put("models/tiny/big.json", b"0" * 2000))
    with pytest.raises(ArchiveError, match="unpacks to more"):
        open_bundle(bundle, tmp_path / "in")
    monkeypatch.setattr(unbundle, "MOST_FILES", 2)
    with pytest.raises(ArchiveError, match="at most 2"):
        open_bundle(bundle, tmp_path / "in")


def test_a_folder_with_something_in_it_is_left_alone(bundle, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "mine.txt").write_text("keep")
    with pytest.raises(ArchiveError, match="not empty"):
        open_bundle(bundle, tmp_path / "in")
    assert (tmp_path / "in" / "mine.txt").read_text() == "keep"


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(), st.from_regex(r"([a-zA-Z0-9._\-/\\:]{1,12}){1,4}\.(json|npz)")))
def test_safe_names_stay_inside_on_every_system(name):
    from pathlib import PurePosixPath, PureWindowsPath

    if is_safe_name(name):
        for path in (PurePosixPath(name), PureWindowsPath(name)):
            assert not path.is_absolute()
            assert ".." not in path.parts
            assert not getattr(path, "drive", "")
