"""The table of the reading card: a line a column with its role to choose, type, first values, and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from dl_core.data.reading import LEFT_OUT, ColumnReading, Reading, Verdict
from dl_core.schema import Field, Role
from ui.shell import readings
from ui.shell.context import PageContext
from ui.shell.words import escaped

AT_ONCE = 16  # columns up to which nothing is folded
ON_PAGE = 20  # columns of a fold that are drawn at once
NEVER = (Role.IMAGE, Role.HISTORY)  # roles that no column can be given
PLAIN = (Role.FEATURE, Role.PAST, Role.FUTURE)  # what many columns are, and few are looked at
FEW = 4  # columns of one role that are drawn, though there are many of others
MARKS = {Verdict.OPEN: ":orange[:material/help:] ", Verdict.ASSUMED: ":orange[:material/lightbulb:] "}
NAME, SELECT, FACTS = 150, 150, 300  # pixels of the cells before the last; the first two stand together on a phone
VALUES_SHOWN = 34  # characters of first values, so that a line stays a line


@dataclass(frozen=True)
class _Table:
    """What every line of the table needs."""

    context: PageContext
    reading: Reading
    fields: Mapping[str, Field]
    fixed: bool
    named: bool  # whether a line says of which file its column is

    def draw(self, columns: Sequence[ColumnReading]) -> None:
        """Draw a line a column."""
        with st.container(gap="xsmall"):
            for one in columns:
                with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                    _line(self, one)

    def fold(self, role: str, columns: Sequence[ColumnReading]) -> None:
        """Draw columns of one role folded, some at a time."""
        key, first = f"{self.context.key}_fold_{role}", ", ".join(escaped(one.name) for one in columns[:2])
        title = f"{role.capitalize()}: {first} and {len(columns) - 2:,} more"
        fold = st.expander(title, key=key, on_change="rerun")
        if fold.open:
            with fold:
                pages = -(-len(columns) // ON_PAGE)
                page = st.pagination(pages, key=f"{key}_page") if pages > 1 else 1
                self.draw(columns[(page - 1) * ON_PAGE : page * ON_PAGE])


def show(context: PageContext, reading: Reading, *, fixed: bool, hidden: Collection[Role] = ()) -> None:
    """Draw all columns: those in use first; where there are many, those of a role that many have are folded.

    Parameters
    ----------
    context : PageContext
    reading : Reading
    fixed : bool
        Whether nothing can be changed (now).
    hidden : collection of Role
        Roles that are not offered.
    """
    fields = {str(one.role): one for one in context.domain.schema.fields if one.role not in (*NEVER, *hidden)}
    many = len({one.file for one in reading.columns}) > 1
    table = _Table(context, reading, fields, fixed, many)
    out = [one for one in reading.columns if one.role == LEFT_OUT]
    plain = [one for one in reading.columns if one.role in PLAIN]
    used = [one for one in reading.columns if one.role != LEFT_OUT and one.role not in PLAIN]
    if reading.columns:
        st.caption("Each column with its role, its type and first values, and why. Another role reads the files again.")
    columns = [*used, *plain, *out]
    if len(columns) <= AT_ONCE:
        table.draw(columns)
        return
    unsure = [one for one in columns if one.verdict != Verdict.CERTAIN][:AT_ONCE]
    alike: dict[str, list[ColumnReading]] = {}
    for one in columns:
        if one not in unsure:
            alike.setdefault(one.role, []).append(one)
    table.draw([*unsure, *(one for some in alike.values() if len(some) <= FEW for one in some)])
    for role, some in alike.items():
        if len(some) > FEW:
            table.fold(role, some)


def _line(table: _Table, one: ColumnReading) -> None:
    """Draw a column: its name, its role to choose, its type, its first values, and why it was taken for that."""
    st.markdown(f"{MARKS.get(one.verdict, '')}**{escaped(one.name)}**", width=NAME)
    if one.locked:
        st.markdown(f":material/lock: {escaped(one.role)}", width=SELECT)
    elif one.role != LEFT_OUT and one.role not in table.fields:
        st.markdown(escaped(one.role), width=SELECT)
    else:
        _choice(table, one)
    of = f"{one.type}, {one.unit}" if one.unit else one.type
    st.markdown(f":small[:gray[{escaped(of)}] {escaped(first_values(one))}]", width=FACTS)
    also = f"; also fits: {', '.join(one.alternatives)}" if one.alternatives else ""
    why = "; ".join(part for part in (f"{one.file}" if table.named else "", one.why + also) if part)
    st.markdown(f":small[:gray[{escaped(why)}]]" if why else " ", width="stretch")


def first_values(one: ColumnReading) -> str:
    """Return as many of a column's first values as fit on a line, one at least; none of one that is locked."""
    if one.locked:
        return "(hidden)"
    shown: list[str] = []
    for value in (text.removesuffix(" 00:00:00") if one.type == "time" else text for text in one.examples):
        if shown and len(", ".join([*shown, value])) > VALUES_SHOWN:
            break
        shown.append(value)
    return ", ".join(shown)


def _choice(table: _Table, one: ColumnReading) -> None:
    """Draw the select box of a column's role, which stands at what was understood."""
    key = f"{table.context.key}_role_{one.file}_{one.name}"
    st.session_state[key] = one.role
    st.selectbox(
        f"Role of {one.name}",
        [*table.fields, LEFT_OUT],
        key=key,
        label_visibility="collapsed",
        disabled=table.fixed,
        width=SELECT,
        on_change=_changed,
        args=(table, one, key),
    )


def _changed(table: _Table, one: ColumnReading, key: str) -> None:
    """Read again with the role that was chosen."""
    roles = with_role(table.reading, one, st.session_state[key], table.fields)
    context = table.context
    if readings.card(context.domain, context.owner) is not None:
        readings.again(context.domain, context.owner, roles)
    elif context.own is not None:
        readings.with_rows(context.domain, context.owner, context.own, roles, {})


def with_role(reading: Reading, column: ColumnReading, role: str, fields: Mapping[str, Field]) -> dict[str, list[str]]:
    """Return the roles that change, with all their columns, where ``column`` gets another one.

    What held a role of which there is one column before is left out; features stay those that they were.
    """
    held: dict[str, list[str]] = {str(known): list(names) for known, names in reading.roles.items()}
    for one in reading.columns:
        if one.role != LEFT_OUT and one.name not in held.setdefault(one.role, []):
            held[one.role].append(one.name)
    changed = {
        known: [name for name in names if name != column.name] for known, names in held.items() if column.name in names
    }
    gone = [column.name] if role == LEFT_OUT else []
    if role != LEFT_OUT:
        many = fields[role].many
        gone += [] if many else [name for name in held.get(role, ()) if name != column.name]
        changed[role] = [*(held.get(role, ()) if many else ()), column.name]
    for known in map(str, PLAIN) if gone else ():  # else the reader would take for a feature what is left out
        if known in fields and known != role and (held.get(known) or known != Role.FEATURE):
            changed[known] = [name for name in held.get(known, ()) if name not in (column.name, *gone)]
    return {known: names for known, names in changed.items() if known in fields or known == role}


def of_description(context: PageContext) -> Reading:
    """Return the reading of a data set that was stored before readings were: its columns and their roles."""
    about = context.about
    role_of = {name: role for role, names in about["roles"].items() for name in names}
    made = (*about["roles"].get("history", ()), *context.kind.made)
    columns = tuple(
        ColumnReading("", name, role_of.get(name, LEFT_OUT), str(kind), "")
        for name, kind in about["columns"].items()
        if name not in made
    )
    return Reading(context.kind.name, rows=about["rows"], columns=columns, roles=about["roles"])
