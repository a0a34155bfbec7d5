"""Export bundles: one model of a run as a zip that predicts anywhere, and the strict way back in.

``manifest.json`` names every other file with its size and SHA-256; ``run.json`` is the run without rows, ids, notes and
paths; ``models/<name>/`` is the model's folder, ``novelty.npz`` what "unlike anything in training" is judged by.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dl_core.engine.ids import new_id
from dl_core.errors import ArchiveError, RunError
from dl_core.files import sha256, storage_errors
from dl_core.models.base import Model, Offer
from dl_core.store.unbundle import FORMAT, VERSION, extract
from dl_core.train.run import FORMAT as RUN_FORMAT
from dl_core.train.run import JUDGED, FittedModel, Run

EXTRAS = ("novelty.npz", "model_card.md")
_KEPT = ("name", "rows", "fingerprint", "classes", "roles", "source", "arrays", "columns", "pseudonyms", "windows")


class Bundle:
    """An opened bundle: a model's folder and what it was trained on. It predicts new cases as a run does.

    Parameters
    ----------
    folder : Path
        Holds ``models/<name>/`` and, if it was fitted, ``novelty.npz``, as a run's folder does.
    domain : str
    models : dict of str to FittedModel
    dataset : dict
        `Dataset.describe()` without notes: ``classes``, ``roles``, ``arrays`` (shape of the working images) and so on.
    options : dict or None
        Of the run's spec, by which its data were read.
    """

    def __init__(
        self,
        folder: Path,
        domain: str,
        models: dict[str, FittedModel],
        dataset: dict[str, Any],
        options: dict[str, Any] | None = None,
    ) -> None:
        self.folder, self.domain, self.models, self.dataset = Path(folder), domain, models, dataset
        self.options = options or {}

    best = Run.best
    check_model = Run.check_model
    reference = Run.reference  # a bundle holds no training rows: always None

    def model_folder(self, name: str) -> Path:
        """Folder of the model's files."""
        return self.folder / "models" / name

    def read_options(self) -> dict[str, Any]:
        """Return the options by which new rows are read as the training rows were; a bundle knows no history."""
        return {**self.options, "like": self.dataset}

    def history(self) -> None:
        """Return nothing: a bundle holds nobody's rows."""

    def load_model(self, name: str, offer: Offer) -> Model:
        """Return the model, loaded as its own class reads it."""
        return offer.load().load(self.model_folder(name))


def export_bundle(run: Run, model: str, out: Path, notice: str = "") -> Path:
    """Write one model of a run as a bundle and return its path.

    Parameters
    ----------
    run : Run
    model : str
    out : Path
        The zip to write; replaced in one step.
    notice : str
        What users of the model must know, beside the data's own licence and notice.

    Raises
    ------
    OptionError
        If the run has no such model.
    RunError
        If the model's files are missing.
    """
    name, out = run.check_model(model), Path(out)
    files = _model_files(run, name)
    about = json.dumps(_reduced(run, name), indent=1).encode()
    listed = {inside: {"bytes": path.stat().st_size, "sha256": sha256(path)} for inside, path in files.items()}
    listed["run.json"] = {"bytes": len(about), "sha256": hashlib.sha256(about).hexdigest()}
    source = run.dataset.get("source", {})
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "domain": run.domain,
        "model": name,
        "versions": run.environment,
        "data_licence": source.get("licence", "not stated"),
        "notice": " ".join(filter(None, (notice, source.get("notice", "")))),
        "simulated": source.get("simulated", ""),
        "files": listed,
    }
    part = out.with_name(f".{new_id()}.part")
    try:
        with storage_errors(out.name):
            out.parent.mkdir(parents=True, exist_ok=True)
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as packed:
                packed.writestr("manifest.json", json.dumps(manifest, indent=1))
                packed.writestr("run.json", about)
                for inside, path in files.items():
                    packed.write(path, inside)
            part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return out


def _model_files(run: Run, name: str) -> dict[str, Path]:
    """Return the files to pack by their name in the bundle."""
    folder = run.model_folder(name)
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    inside = sorted(path for path in found if path.relative_to(folder).parts[0] != JUDGED)
    if not inside:
        raise RunError(f"the files of model {name!r} are missing", where=run.folder.name, todo="train again")
    files = {f"models/{name}/{path.relative_to(folder).as_posix()}": path for path in inside}
    files.update({extra: run.folder / extra for extra in EXTRAS if (run.folder / extra).is_file()})
    return files


def _reduced(run: Run, name: str) -> dict[str, Any]:
    """Return the run's description with one model and without rows, ids, notes and paths."""
    return {
        "format": RUN_FORMAT,
        "domain": run.domain,
        "spec": {**asdict(run.spec), "models": [name]},
        "dataset": {key: run.dataset[key] for key in _KEPT if key in run.dataset},
        "protocol": run.splits.protocol,
        "counts": run.splits.counts(),
        "models": {name: asdict(run.models[name])},
        "environment": run.environment,
    }


def open_bundle(path: Path, into: Path) -> Bundle:
    """Unpack a bundle into the empty folder ``into`` and return what it holds. Nothing is unpickled or executed.

    Raises
    ------
    ArchiveError
        If it is no zip, is damaged, or has unsafe names, links, surplus files, wrong sizes or checksums.
    RunError
        If it is a zip but not one of our bundles, or of a newer version.
    """
    path, into = Path(path), Path(into)
    if into.exists() and any(into.iterdir()):
        raise ArchiveError("the folder to unpack into is not empty", where=into.name)
    try:
        manifest = extract(path, into)
        return _source(manifest, into, path.name)
    except Exception:
        for inside in into.iterdir() if into.is_dir() else ():
            shutil.rmtree(inside) if inside.is_dir() else inside.unlink()
        raise


def _source(manifest: dict[str, Any], folder: Path, where: str) -> Bundle:
    """Return the source that an unpacked and verified bundle describes."""
    try:
        about = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        models = {name: FittedModel(**model) for name, model in about["models"].items()}
        source = Bundle(
            folder, str(about["domain"]), models, dict(about["dataset"]), about.get("spec", {}).get("options")
        )
        fits = about["format"] == RUN_FORMAT and list(models) == [manifest["model"]]
        fits = (
            fits and source.domain == manifest["domain"] and all(model.name == name for name, model in models.items())
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError("the bundle's description is damaged", where=where, todo="export it again") from error
    if not fits or not source.model_folder(manifest["model"]).is_dir():
        raise RunError("the bundle's parts do not fit together", where=where, todo="export it again")
    return source
