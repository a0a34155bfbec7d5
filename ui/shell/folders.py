"""Reading run and data set folders for display: cached by path and time of change, for one browser session only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dl_core.evaluate.results import Evaluation
from dl_core.files import read_json


def stamp(path: Path) -> int:
    """Return the time of the last change in ns, or 0 where there is no file."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@st.cache_data(scope="session", show_spinner=False, max_entries=32)
def _json(path: str, changed: int) -> Any:
    return read_json(Path(path))


@st.cache_data(scope="session", show_spinner=False, max_entries=8)
def _parquet(path: str, changed: int) -> pd.DataFrame:
    return pd.read_parquet(path)


def json_file(path: Path) -> Any:
    """Return a JSON file's content, or None if there is no such file."""
    changed = stamp(path)
    return _json(str(path), changed) if changed else None


def parquet_file(path: Path) -> pd.DataFrame | None:
    """Return a Parquet file's table, or None if there is no such file."""
    changed = stamp(path)
    return _parquet(str(path), changed) if changed else None


def run_summary(folder: Path) -> dict[str, Any] | None:
    """Return ``run.json`` of a finished run."""
    return json_file(Path(folder) / "run.json")


def evaluation(folder: Path) -> Evaluation | None:
    """Return a run's evaluation."""
    about = json_file(Path(folder) / "evaluation.json")
    return None if about is None else Evaluation.from_dict(about)


def predictions(folder: Path) -> pd.DataFrame | None:
    """Return a run's predictions."""
    return parquet_file(Path(folder) / "predictions.parquet")


def splits(folder: Path) -> dict[str, Any] | None:
    """Return a run's splits as plain JSON."""
    return json_file(Path(folder) / "splits.json")


def dataset(folder: Path) -> dict[str, Any] | None:
    """Return a data set's description."""
    return json_file(Path(folder) / "dataset.json")


def table(folder: Path) -> pd.DataFrame | None:
    """Return a data set's table, indexed by row id."""
    rows = parquet_file(Path(folder) / "table.parquet")
    return rows if rows is None or "row" not in rows else rows.set_index("row")


def image(folder: Path, key: str, at: int) -> np.ndarray:
    """Return one image of a data set, (height, width[, 3]) uint8, without reading the rest."""
    whole = np.load(Path(folder) / f"{key}.npy", mmap_mode="r", allow_pickle=False)
    one = np.array(whole[at])
    return one[..., 0] if one.ndim == 3 and one.shape[-1] == 1 else one
