"""New transactions read as the training data were: the same columns, whatever their spelling, in the same roles."""

from __future__ import annotations

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.findings import listed
from dl_core.errors import SchemaError
from dl_core.reading.request import ReadRequest
from dl_core.reading.table.several import expanded
from dl_core.reading.tables.names import Roles, check_columns, respelled
from dl_core.reading.tables.trained import Trained
from dl_core.schema import Role

_NEEDED = (Role.TIME, Role.AMOUNT, Role.ENTITY, Role.COUNTERPARTY, Role.FEATURE)
_KEPT = (*_NEEDED, Role.LABEL, Role.GROUP, Role.ID)
_SEVERAL = (Role.FEATURE, Role.GROUP)


def like_training(
    frame: pd.DataFrame, request: ReadRequest, trained: Trained
) -> tuple[pd.DataFrame, Roles, list[Finding]]:
    """Return the frame with training's column names, and training's roles.

    Raises
    ------
    SchemaError
        If columns are missing; all of them are named.
    """
    wished = {role: columns for role, columns in request.wished.items() if columns}
    check_columns(wished, list(frame.columns))
    renames = {
        columns[0]: trained.column(role)
        for role, columns in wished.items()
        if role in trained.roles and role not in _SEVERAL and columns[0] != trained.column(role)
    }
    frame = frame.drop(columns=[new for new in renames.values() if new in frame.columns]).rename(columns=renames)
    frame = respelled(frame, (c for role, columns in trained.roles.items() if role != Role.HISTORY for c in columns))
    known, frame = expanded(trained.roles, frame)
    needed = dict.fromkeys(column for role in _NEEDED for column in known.get(role, ()))
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        raise SchemaError(
            f"{'a column that' if len(missing) == 1 else f'{len(missing)} columns that'} the models learned from "
            f"{'is' if len(missing) == 1 else 'are'} missing: {listed(missing, 40)}",
            where=request.where,
            expected=f"the columns of the training data; found {listed(list(frame.columns))}",
            todo="add the missing columns, or say with roles which column they are",
        )
    roles = {role: tuple(c for c in known.get(role, ()) if c in frame.columns) for role in _KEPT}
    absent = [column for column in trained.roles.get(Role.GROUP, ()) if column not in frame.columns]
    text = f"Group columns of the training data are missing, so groups cannot be compared here: {listed(absent)}."
    notes = [Finding("info", "missing-groups", text)] if absent else []
    return frame, {role: columns for role, columns in roles.items() if columns}, notes
