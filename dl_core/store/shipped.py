"""Runs that ship as one archive: unpacked into the workspace when they are first asked for.

``prepared_run.zip`` holds a run's folder and, in ``packed.json``, how its numbers are kept: matrices as multiples of a
step, in bytes by significance, some as the difference to weights that ship with the core; quantiles as increments in
powers of two. ``prepared_answers.zip`` beside it holds what is made from the run without training and so changes more
often. `sample_data.prepare` writes both.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import dl_core
from dl_core.files import storage_errors
from dl_core.models.store import save_arrays

RUN, ANSWERS = "prepared_run.zip", "prepared_answers.zip"
PACKED = "packed.json"  # member of an archive: {file: {array: how}, "predictions.parquet": how}
TABLE, POWER = "predictions.parquet", "power"  # column: the step of a row's quantiles, as a power of two
CORE = Path(dl_core.__file__).parent


def unpacked(shipped: Path, home: Path) -> Path:
    """Return the folder of a run that ships as an archive, unpacked below ``home``; any other path as it is.

    The archive may be named without its ending, as if it were the folder that it holds.
    """
    archive = shipped.with_name(f"{shipped.name}.zip")
    if archive.name == RUN and not shipped.exists():
        shipped = archive
    if shipped.name != RUN or not shipped.is_file():
        return shipped
    archives = [path for path in (shipped, shipped.with_name(ANSWERS)) if path.is_file()]
    place = Path(home) / "cache" / "prepared" / f"{shipped.parent.name}-{_mark(tuple(map(_state, archives)))}"
    if not (place / "run.json").is_file():
        with storage_errors(place.name):
            _unpack(archives, place)
    return place


def _state(path: Path) -> tuple[str, int, int]:
    about = path.stat()
    return str(path), about.st_size, about.st_mtime_ns


@lru_cache(maxsize=16)
def _mark(states: tuple[tuple[str, int, int], ...]) -> str:
    """Return what tells the content of archives from any other."""
    digest = hashlib.sha256()
    for path, *_ in states:
        with zipfile.ZipFile(path) as archive:
            digest.update(repr([(one.filename, one.CRC) for one in archive.infolist()]).encode())
    return digest.hexdigest()[:16]


def _unpack(archives: list[Path], place: Path) -> None:
    """Unpack in one step, so that nobody sees half a run."""
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    for path in archives:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(part)
    if (part / PACKED).is_file():
        packed = json.loads((part / PACKED).read_text(encoding="utf-8"))
        (part / PACKED).unlink()
        if TABLE in packed:
            _restore_table(part / TABLE, packed.pop(TABLE))
        for name, matrices in packed.items():
            with np.load(part / name, allow_pickle=False) as arrays:
                kept = dict(arrays)
            save_arrays(part / name, {key: restored(array, matrices.get(key)) for key, array in kept.items()})
    try:
        part.rename(place)
    except OSError:  # another process was first
        shutil.rmtree(part)
        if not (place / "run.json").is_file():
            raise


def _restore_table(path: Path, about: Mapping[str, Any]) -> None:
    """Write predictions as a run has them: ``quantiles`` from increments, the class ``rest`` as what others leave."""
    table = pd.read_parquet(path)
    if about.get("quantiles"):
        names = about["quantiles"]
        values = np.cumsum(table[names].to_numpy(), axis=1) * 2.0 ** table.pop(POWER).to_numpy(dtype=float)[:, None]
        table = table.assign(**dict(zip(names, values.T.astype(np.float32), strict=True)))
    if about.get("truths"):  # the first model's are everyone's
        table["y_true"] = np.resize(table["y_true"].to_numpy()[: about["truths"]], len(table))
    if about.get("rest"):
        others = table[[name for name in about["columns"] if name in table and name.startswith("score_")]]
        table = table.assign(**{about["rest"]: (1.0 - others.to_numpy(dtype=float).sum(axis=1)).astype(np.float32)})
    table[about["columns"]].to_parquet(path, index=False)


def restored(kept: np.ndarray, about: Mapping[str, Any] | None) -> np.ndarray:
    """Return a matrix, float32, from ``kept`` (bytes, values), uint8, the least significant byte first; others as is.

    Of a matrix whose columns times ``about["scales"]`` make it symmetric only what lies above the diagonal is kept.
    """
    if about is None:
        return kept
    codes = sum(plane.astype(np.int32) << 8 * at for at, plane in enumerate(kept))
    whole = (codes >> 1) ^ -(codes & 1)  # 0, -1, 1, -2, 2 … were kept as 0, 1, 2, 3, 4 …
    values = whole.astype(np.float32) * np.float32(about["step"])
    if about.get("base"):
        path, key = about["base"]
        values += _weights(path)[key].astype(np.float32).ravel()
    if about.get("scales"):
        square = np.zeros(about["shape"], dtype=np.float32)
        square[np.triu_indices(len(square), 1)] = values
        return (square + square.T) / np.asarray(about["scales"], dtype=np.float32)
    return values.reshape(about["shape"])


@lru_cache(maxsize=2)
def _weights(path: str) -> dict[str, np.ndarray]:
    """Return weights that ship with the core."""
    with np.load(CORE / path, allow_pickle=False) as arrays:
        return dict(arrays)
