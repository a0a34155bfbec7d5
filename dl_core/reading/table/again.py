"""Reading a table again with other roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dl_core.data.dataset import Dataset
from dl_core.data.rows import shown_columns
from dl_core.reading.again import with_given_split, write_rows
from dl_core.reading.request import Reread
from dl_core.schema import Role


def read_again(
    read: Reread,
    dataset: Dataset,
    roles: Mapping[Role, Sequence[str]],
    options: Mapping[str, Any],
    folder: Path,
) -> Dataset:
    """Return a table read anew from its own columns with other roles, so that all that is derived follows.

    A role with no columns means that there is none; features that stay as they were are chosen anew.
    """
    wanted = {role: tuple(columns) for role, columns in roles.items()}
    if set(wanted.get(Role.FEATURE, ())) == set(dataset.roles.get(Role.FEATURE, ())):
        wanted.pop(Role.FEATURE, None)
    rows = write_rows(dataset, dataset.table[shown_columns(dataset)], folder / "table.parquet")
    found = with_given_split(read(rows, wanted, options), dataset)
    return replace(found, source=dataset.source, pseudonyms=dataset.pseudonyms)
