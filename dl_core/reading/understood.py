"""What a data set itself tells of how it was read, the same for every kind of row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.reading import Reading, Target
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role

_PARTS = {"train": "training", "validation": "validation", "test": "test"}


def understood(
    said: Reading,
    dataset: Dataset | None,
    request: ReadRequest,
    *,
    roles: Mapping[Role, Sequence[str]] | None = None,
    positive: str = "",
    unlabelled: int = 0,
    notes: Sequence[Finding] = (),
) -> Reading:
    """Return what a kind says of a request, with rows, target, unit, split and findings of the data.

    Parameters
    ----------
    said : Reading
        What the kind found; its options stand beside those of the request.
    dataset : Dataset or None
        None while a question is open without whose answer there are no data.
    request : ReadRequest
    roles : mapping, optional
        Columns as uploaded, by role; the data set's by default.
    positive : str
        Class of the target that is looked for, where there is one.
    unlabelled : int
        Rows without a label, which no model learns from.
    notes : sequence of Finding
        Told while there is no data set, whose notes tell them otherwise.
    """
    found = roles if roles is not None else {} if dataset is None else dataset.roles
    options = {**request.options, **said.options}
    reading = replace(
        said,
        rows=0 if dataset is None else len(dataset),
        target=None if dataset is None else _target(dataset, positive, unlabelled),
        unit=None if dataset is None else _unit(dataset),
        split={"given": False} if dataset is None else _split(dataset),
        roles={str(role): tuple(map(str, names)) for role, names in found.items()},
        options={name: value for name, value in options.items() if _is_plain(name, value)},
    )
    return reading.with_findings(notes if dataset is None else dataset.notes)


def _is_plain(name: str, value: Any) -> bool:
    """Return whether a read option can be written down and says something; what new cases are read like cannot."""
    return name not in ("like", "like_classes", "history") and isinstance(value, str | int | float | bool)


def _target(dataset: Dataset, positive: str, unlabelled: int) -> Target | None:
    labels = dataset.values(Role.LABEL)
    if labels is None:
        return None
    counts = labels.value_counts()
    order = [name for name in dataset.classes if name in counts.index] or list(counts.index)
    return Target(
        str(dataset.column(Role.LABEL)), {str(name): int(counts[name]) for name in order}, positive, unlabelled
    )


def _unit(dataset: Dataset) -> dict[str, Any] | None:
    units = dataset.values(Role.UNIT)
    return None if units is None else {"name": str(dataset.column(Role.UNIT)), "units": int(units.nunique())}


def _split(dataset: Dataset) -> dict[str, Any]:
    if dataset.fixed_split is None:
        return {"given": False}
    counts = pd.Series(dataset.fixed_split).value_counts()
    return {"given": True, "counts": {word: int(counts.get(part, 0)) for part, word in _PARTS.items()}}
