"""Small interactions for the tests of splitting and checking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding, Source
from dl_core.schema import Role


def dataset(
    rows: str | Sequence[tuple[str, str]],
    *,
    times: Sequence | None = None,
    values: np.ndarray | None = None,
    positive: Sequence[bool] | None = None,
    items: pd.DataFrame | None = None,
    fixed: str = "",
    notes: tuple[Finding, ...] = (),
) -> Dataset:
    """Return rows such as ``"ann lamp, bob cup"``; ``fixed`` gives each row's part as t, v or h (held out)."""
    pairs = [tuple(row.split()) for row in rows.split(", ")] if isinstance(rows, str) else rows
    table = pd.DataFrame(pairs, columns=["user", "item"], dtype="str")
    table.index = pd.Index([str(at) for at in range(len(table))], name="row")
    roles = {Role.USER: ("user",), Role.ITEM: ("item",)}
    if values is not None:
        table["rating"], roles[Role.VALUE] = values, ("rating",)
    if times is not None:
        table["time"], roles[Role.TIME] = pd.to_datetime(pd.Series(list(times), index=table.index)), ("time",)
    table["positive"] = True if positive is None else list(positive)
    names = {"t": "train", "v": "validation", "h": "test"}
    return Dataset(
        name="case",
        table=table,
        roles=roles,
        source=Source("made by the test"),
        fixed_split=pd.Series([names[part] for part in fixed], index=table.index) if fixed else None,
        notes=notes,
        side={} if items is None else {"items": items},
    )
