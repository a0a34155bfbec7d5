"""New cases read as the training data were: the same columns, step, seasons and covariates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from dl_core.data.dataset import Finding
from dl_core.errors import SchemaError, shorten
from dl_core.reading.request import ReadRequest
from dl_core.reading.series.covariates import base_of
from dl_core.reading.series.long import Long
from dl_core.reading.series.melt import JOINER
from dl_core.reading.series.zones import brought_to
from dl_core.reading.tables.names import Roles, plain_name, spellings
from dl_core.reading.tables.read import RawTable
from dl_core.reading.tables.trained import Trained
from dl_core.schema import Role


def like_training(
    request: ReadRequest, trained: Trained, tables: Sequence[RawTable]
) -> tuple[Roles, dict[str, Any], Roles]:
    """Return roles of uploaded columns, read options, and the covariates of the training data.

    Parameters
    ----------
    request : ReadRequest
    trained : Trained
        Empty for data to train on, whose roles are the user's.
    tables : sequence of RawTable
        What was uploaded.
    """
    roles: Roles = {role: names for role, names in request.wished.items() if names}
    options = {name: value for name, value in request.options.items() if name != "like"}
    if not trained:
        return roles, options, {}
    by_name = spellings(name for table in tables for name in table.frame.columns)
    for role in (Role.SERIES, Role.TIME, Role.VALUE):
        wanted = _columns(trained.roles.get(role, ()), role, by_name)
        here = tuple(by_name[plain_name(name)] for name in wanted if plain_name(name) in by_name)
        if here and len(here) == len(wanted) and role not in roles:
            roles[role] = here
    if Role.VALUE not in roles and Role.TIME in roles:
        roles.pop(Role.TIME)  # a wide table may lie in another way now
    covariates = {role: trained.roles.get(role, ()) for role in (Role.PAST, Role.FUTURE)}
    for role, names in covariates.items():
        bases = dict.fromkeys(base_of(name) for name in names)
        here = tuple(by_name[base] for base in bases if base in by_name)
        if here and role not in roles:
            roles[role] = here
    if trained.types.get(trained.column(Role.TIME), "").startswith("int"):
        options.pop("frequency", None)
    options["layout"] = "auto" if Role.VALUE in roles or not roles else options.get("layout", "auto")
    return roles, options, {role: names for role, names in covariates.items() if names}


def check_times(numbered: bool, trained: Trained) -> None:
    """Check that new cases have time stamps where the training data had them.

    Raises
    ------
    SchemaError
        If they have none.
    """
    name = trained.column(Role.TIME)
    if numbered and "datetime" in trained.types.get(name, ""):
        raise SchemaError(
            "the table has no time stamps",
            where=f"column {name}",
            expected="times, as in the training data",
            todo="add a column of times, or name it with the role time",
        )


def in_zone_of_training(long: Long, options: Mapping[str, Any], trained: Trained) -> Long:
    """Return new cases with times of the zone that the training data's were of, and what had to be done for that.

    Times without a zone are those of the training data's; others are brought to it.
    """
    wanted, zone = str(options.get("zone") or ""), long.stamps.zone if long.stamps is not None else ""
    if not trained or long.numbered or long.stamps is None or wanted == zone or "zone" not in options:
        return long
    name = shorten(long.columns[1], 40)
    if not wanted:
        text = f"{name!r} holds local times of {zone}, those of the training data had no zone; its clocks were kept."
        return replace(long, notes=(*long.notes, Finding("warning", "other-zone", text)))
    stamps = replace(long.stamps, zone=wanted)
    if not zone:
        text = f"{name!r} has no zone; its times were read as local times of {wanted}, as in the training data."
        return replace(long, stamps=stamps, notes=(*long.notes, Finding("info", "zone-of-training", text)))
    time = brought_to(long.time, zone, wanted)
    clock = None if long.clock is None else brought_to(long.clock, zone, wanted)
    moved = replace(long, time=time, clock=clock, stamps=stamps)
    if np.array_equal(time, long.time):
        return moved
    text = f"{name!r} holds local times of {zone}; they were brought to {wanted}, that of the training data."
    return replace(moved, notes=(*long.notes, Finding("warning", "other-zone", text)))


def _columns(names: Sequence[str], role: Role, here: Mapping[str, str]) -> list[str]:
    """Return the uploaded columns behind a training column: the parts of a joined series name."""
    if role == Role.SERIES and names and JOINER in names[0] and plain_name(names[0]) not in here:
        return names[0].split(JOINER)
    return list(names)
