"""What the store tells about runs and data sets, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

RUN_STATES = ("queued", "running", "done", "failed", "cancelled")


@dataclass(frozen=True)
class DatasetRecord:
    """A stored data set. ``summary`` is `Dataset.describe()`; ``created`` is in seconds since 1970."""

    id: str
    owner: str
    domain: str
    name: str
    rows: int
    fingerprint: str
    simulated: str
    created: float
    bytes: int
    summary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRecord:
    """A stored run. ``summary`` holds models, scores and timings as plain JSON, ``spec`` what was asked for.

    ``dataset_id`` is None when the data set was deleted since; ``dataset_name`` stays. Times are in seconds since 1970.
    """

    id: str
    owner: str
    domain: str
    dataset_id: str | None
    dataset_name: str
    job_id: str
    name: str
    note: str
    state: str
    shared: bool
    simulated: str
    created: float
    started: float | None
    finished: float | None
    bytes: int
    spec: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
