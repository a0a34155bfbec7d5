"""New cases read as the training data were: the same columns, step, seasons and covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dl_core.errors import SchemaError
from dl_core.reading.request import ReadRequest
from dl_core.reading.series.covariates import base_of
from dl_core.reading.series.melt import JOINER
from dl_core.reading.series.schema import SERIES, TIME, VALUE
from dl_core.reading.tables.formats import RawTable
from dl_core.reading.tables.names import plain_name
from dl_core.schema import Role

_WIDE = {Role.SERIES: SERIES, Role.TIME: TIME, Role.VALUE: VALUE}
Roles = dict[Role, tuple[str, ...]]


def like_training(
    request: ReadRequest, like: Mapping[str, Any], tables: Sequence[tuple[RawTable, bool]]
) -> tuple[Roles, dict[str, Any], Roles]:
    """Return roles of uploaded columns, read options, and the covariates of the training data.

    Parameters
    ----------
    request : ReadRequest
    like : mapping
        The description of the training data (``dataset.json``); empty for data to train on, whose roles are the user's.
    tables : sequence of (RawTable, bool)
        What was uploaded.
    """
    roles: Roles = {Role(role): tuple(names) for role, names in request.roles.items() if names}
    options = {name: value for name, value in request.options.items() if name != "like"}
    if not like:
        return roles, options, {}
    trained = {Role(role): tuple(names) for role, names in like.get("roles", {}).items() if names}
    by_name: dict[str, str] = {}
    for table, _ in tables:
        for name in table.frame.columns:
            by_name.setdefault(plain_name(name), name)
    for role in (Role.SERIES, Role.TIME, Role.VALUE):
        wanted = _columns(trained.get(role, ()), role, by_name)
        here = tuple(by_name[plain_name(name)] for name in wanted if plain_name(name) in by_name)
        if here and len(here) == len(wanted) and role not in roles:
            roles[role] = here
    if Role.VALUE not in roles and Role.TIME in roles:
        roles.pop(Role.TIME)  # a wide table may lie in another way now
    covariates = {role: trained.get(role, ()) for role in (Role.PAST, Role.FUTURE)}
    for role, names in covariates.items():
        bases = {base_of(name) for name in names}
        here = tuple(by_name[base] for base in bases if base in by_name)
        if here and role not in roles:
            roles[role] = here
    step = str(like.get("columns", {}).get(trained.get(Role.TIME, ("",))[0], ""))
    if step.startswith("int"):
        options.pop("frequency", None)
    options["layout"] = "auto" if Role.VALUE in roles or not roles else options.get("layout", "auto")
    return roles, options, {role: names for role, names in covariates.items() if names}


def check_times(numbered: bool, like: Mapping[str, Any]) -> None:
    """Check that new cases have time stamps where the training data had them.

    Raises
    ------
    SchemaError
        If they have none.
    """
    names = like.get("roles", {}).get(str(Role.TIME), ())
    dated = bool(names) and "datetime" in str(like.get("columns", {}).get(names[0], ""))
    if dated and numbered:
        raise SchemaError(
            "the table has no time stamps",
            where=f"column {names[0]}",
            expected="times, as in the training data",
            todo="add a column of times, or name it with the role time",
        )


def _columns(names: Sequence[str], role: Role, here: Mapping[str, str]) -> list[str]:
    """Return the uploaded columns behind a training column: the parts of a joined series name."""
    if role == Role.SERIES and names and JOINER in names[0] and plain_name(names[0]) not in here:
        return names[0].split(JOINER)
    return list(names)
