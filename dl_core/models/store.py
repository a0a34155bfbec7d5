"""Numbers to files and back without pickle: arrays in ``.npz``, the rest in JSON."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dl_core.errors import RunError
from dl_core.files import read_json, storage_errors, write_json


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Replace the npz file ``path`` in one step."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with storage_errors(path.name):
        with open(part, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # no array is named allow_pickle
        part.replace(path)


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an npz file; objects are refused.

    Raises
    ------
    RunError
        If the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise RunError("a model's file is missing or damaged", where=path.name, todo="train the model again") from error


def save_weights(path: Path, weights: Sequence[np.ndarray]) -> None:
    """Write weights in their order, as `keras.Model.get_weights` gives them."""
    save_arrays(path, {f"{i:04d}": np.asarray(weight) for i, weight in enumerate(weights)})


def load_weights(path: Path) -> list[np.ndarray]:
    """Return what `save_weights` wrote."""
    arrays = load_arrays(path)
    return [arrays[name] for name in sorted(arrays)]


def save_about(folder: Path, about: Mapping[str, Any]) -> None:
    """Write what a model must know besides its arrays as ``model.json``."""
    write_json(folder / "model.json", dict(about))


def load_about(folder: Path) -> dict[str, Any]:
    """Return what `save_about` wrote.

    Raises
    ------
    RunError
        If the file is missing or damaged.
    """
    try:
        return read_json(folder / "model.json")
    except (OSError, ValueError) as error:
        raise RunError("a model's file is missing or damaged", where="model.json", todo="train it again") from error


def write_checkpoint(path: Path, arrays: Mapping[str, Sequence[np.ndarray]], about: Mapping[str, Any]) -> None:
    """Replace the checkpoint ``path``: lists of arrays by name, and plain JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flat = {f"{name}:{i:05d}": value for name, values in arrays.items() for i, value in enumerate(values)}
    content = json.dumps({**about, "parts": list(arrays)})
    save_arrays(path, {**flat, "about": np.frombuffer(content.encode(), dtype=np.uint8)})


def read_checkpoint(path: Path) -> tuple[dict[str, list[np.ndarray]], dict[str, Any]] | None:
    """Return what `write_checkpoint` wrote, or None where there is no whole checkpoint."""
    if not path.is_file():
        return None
    try:
        flat = load_arrays(path)
    except RunError:
        return None  # written by a process that died: training starts anew, which is all that a checkpoint saves
    about = json.loads(flat.pop("about").tobytes().decode())
    arrays: dict[str, list[np.ndarray]] = {name: [] for name in about["parts"]}
    for name in sorted(flat):
        arrays[name.split(":")[0]].append(flat[name])
    return arrays, about
