"""What the tests of reading series share: files written, read and looked at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dl_core.data.dataset import Dataset
from dl_core.data.series.panel import Panel
from dl_core.errors import DaylightError
from dl_core.reading.limits import Limits
from dl_core.reading.request import ReadRequest
from dl_core.reading.series.read import read_series


def read(
    *paths: Path,
    test: Path | None = None,
    roles: Mapping | None = None,
    labelled: bool = True,
    limits: Limits | None = None,
    **options: Any,
) -> Dataset:
    """Read paths with options."""
    tests = () if test is None else (test,)
    return read_series(ReadRequest(tuple(paths), tests, roles or {}, options, labelled), limits)


def refused(kind: type[DaylightError], *paths: Path, **how: Any) -> DaylightError:
    """Return the error that reading raises; each names a place and a next step."""
    with pytest.raises(kind) as caught:
        read(*paths, **how)
    assert caught.value.where and "\n" not in caught.value.line()
    assert caught.value.todo or caught.value.expected
    return caught.value


def kinds(dataset: Dataset, level: str = "") -> set[str]:
    """Return the kinds of what reading noted."""
    return {note.kind for note in dataset.notes if not level or note.level == level}


def note(dataset: Dataset, kind: str) -> str:
    """Return the message of a kind."""
    return next(note.message for note in dataset.notes if note.kind == kind)


def values_of(dataset: Dataset) -> dict[str, list[float]]:
    """Return the values of each series by its name."""
    panel = Panel.of(dataset)
    return {str(name): panel.of_series(at).tolist() for at, name in enumerate(panel.series)}


def write(path: Path, frame: pd.DataFrame, **how: Any) -> Path:
    """Write a table as CSV and return its path."""
    frame.to_csv(path, **({"index": False} | how))
    return path


def daily(n: int = 60, start: str = "2024-01-01", frequency: str = "D", seed: int = 0) -> pd.DataFrame:
    """Return one series of sales with a week in it."""
    noise = np.random.default_rng(seed).normal(0, 1, n)
    sales = np.round(50 + 10 * np.sin(2 * np.pi * np.arange(n) / 7) + noise, 2)
    return pd.DataFrame({"date": pd.date_range(start, periods=n, freq=frequency), "sales": sales})
