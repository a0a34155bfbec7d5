"""What a data set itself tells of how it was read, the same for every kind of row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.reading import ColumnReading, FileReading, Question, Reading, Target
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role

_PARTS = {"train": "training", "validation": "validation", "test": "test"}


def understood(
    kind: str,
    dataset: Dataset | None,
    request: ReadRequest,
    *,
    layout: str = "",
    files: Sequence[FileReading] = (),
    columns: Sequence[ColumnReading] = (),
    about: Mapping[str, Any] | None = None,
    positive: str = "",
    unlabelled: int = 0,
    questions: Sequence[Question] = (),
    assumed: Sequence[str] = (),
    findings: Sequence[Finding] = (),
    roles: Mapping[Role, Sequence[str]] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Reading:
    """Return the reading of a request: what its kind found, with rows, target, unit, split and findings of the data.

    Parameters
    ----------
    kind : str
    dataset : Dataset or None
        None while a question is open without whose answer there are no data.
    request : ReadRequest
    layout, files, columns, questions, assumed
        Fields of `Reading`.
    about : mapping, optional
        What the kind says under its own name.
    positive : str
        Class of the target that is looked for, where there is one.
    unlabelled : int
        Rows without a label, which no model learns from.
    findings : sequence of Finding
        Besides the data set's notes.
    roles : mapping, optional
        Columns as uploaded, by role; the data set's by default.
    options : mapping, optional
        Read options; those of the request by default.
    """
    found = roles if roles is not None else {} if dataset is None else dataset.roles
    given = request.options if options is None else options
    reading = Reading(
        kind=kind,
        rows=0 if dataset is None else len(dataset),
        layout=layout,
        files=tuple(files),
        columns=tuple(columns),
        target=None if dataset is None else _target(dataset, positive, unlabelled),
        unit=None if dataset is None else _unit(dataset),
        split={"given": False} if dataset is None else _split(dataset),
        about=dict(about or {}),
        questions=tuple(questions),
        assumed=tuple(assumed),
        roles={str(role): tuple(map(str, names)) for role, names in found.items()},
        options={name: value for name, value in given.items() if _is_plain(name, value)},
    )
    return reading.with_findings([*findings, *(() if dataset is None else dataset.notes)])


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
