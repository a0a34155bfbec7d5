"""How interactions were read, as a `Reading`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data import instants
from dl_core.data.dataset import Dataset
from dl_core.data.interactions.histories import positive_rows
from dl_core.data.reading import FileReading, Reading
from dl_core.reading.interactions.columns import Typed
from dl_core.reading.interactions.recognise import Recognised
from dl_core.reading.request import ReadRequest
from dl_core.reading.tables.about import readings
from dl_core.reading.understood import understood
from dl_core.schema import Role


def told(
    request: ReadRequest,
    found: Recognised,
    left: Sequence[FileReading],
    dataset: Dataset | None = None,
    typed: Typed | None = None,
) -> Reading:
    """Return the reading; without a data set what is known while a question is open.

    Parameters
    ----------
    request : ReadRequest
    found : Recognised
    left : sequence of FileReading
        Files that were not read.
    dataset : Dataset, optional
    typed : Typed, optional
    """
    files, columns = readings(found.tables)
    roles = {role: () for role, names in request.wished.items() if not names}
    said = Reading(
        "interactions",
        layout=found.layout,
        files=(*files, *left),
        columns=tuple(columns),
        about={} if dataset is None or typed is None else {"interactions": _counts(dataset, typed)},
        questions=tuple(found.made.questions),
        assumed=tuple(found.made.assumed),
    )
    return understood(said, dataset, request, roles={**roles, **found.roles}, notes=found.notes)


def _counts(dataset: Dataset, typed: Typed) -> dict[str, Any]:
    table, positive = dataset.table, positive_rows(dataset)
    value, time = typed.names.get(Role.VALUE), dataset.values(Role.TIME)
    times = None if time is None else time.dropna()
    return {
        "users": int(table[dataset.roles[Role.USER][0]].nunique()),
        "items": int(table[dataset.roles[Role.ITEM][0]].nunique()),
        "taken": int(np.sum(positive)),
        "impressions": typed.impressions,
        "value": None if value is None else {"column": value, "kind": typed.value_kind},
        "time": None if times is None or times.empty else {"column": str(dataset.column(Role.TIME)), **_ends(times)},
    }


def _ends(times: pd.Series) -> dict[str, str]:
    ends = {"first": times.min(), "last": times.max()}
    return {name: instants.said(at, instants.SECOND) for name, at in ends.items()}
