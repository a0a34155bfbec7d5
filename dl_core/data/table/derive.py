"""Running history appended to a table; for new cases it goes on from the transactions that came before."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding, content_fingerprint
from dl_core.data.findings import rows_named
from dl_core.data.options import number_of
from dl_core.data.table.history import HistoryPlan, running_history
from dl_core.data.table.labels import label_codes
from dl_core.data.table.recent import recent_steps
from dl_core.errors import shorten
from dl_core.schema import Role

Roles = dict[Role, tuple[str, ...]]
DELAY_DAYS, MOST_DELAY_DAYS = 7.0, 365.0
EARLIER_DAYS = 90  # how far back the rows of earlier data are put in front of new ones
_ROLES = (Role.TIME, Role.AMOUNT, Role.ENTITY, Role.COUNTERPARTY, Role.LABEL)


@dataclass(frozen=True)
class Derived:
    """A table with history, its roles, the arrays beside it, and what is to say.

    ``fingerprint`` tells everything that the table was made from; hashing what was derived would take longer than
    deriving it.
    """

    table: pd.DataFrame
    roles: Roles
    fingerprint: str
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[Finding, ...] = ()


def append_history(table: pd.DataFrame, roles: Roles, options: Mapping[str, Any], labelled: bool = True) -> Derived:
    """Append running aggregates, and the account's last transactions as ``arrays["recent"]``.

    Parameters
    ----------
    table : pandas.DataFrame
        (n, columns), typed.
    roles : mapping
    options : mapping
        ``delay_days``, ``history`` and ``like`` as in `read_transactions`.
    labelled : bool
        Whether these are data to learn from, and not new cases.
    """
    own = content_fingerprint(table, {})
    before = Dataset.load(Path(options["history"])) if options.get("history") and not labelled else None
    notes = [] if before is None else _unseen(table, roles, before)
    if Role.TIME not in roles:
        return Derived(table, roles, own, notes=tuple(notes))
    plan = HistoryPlan(delay_days=delay_of(options))
    columns = _columns(table, roles)
    earlier, about = (None, []) if labelled else _earlier(columns, before)
    notes += about
    made_from = f"{own} {plan} {'' if earlier is None else content_fingerprint(earlier, {})}"
    if earlier is not None:
        columns = pd.concat([earlier, columns], ignore_index=True)
    derived, recent = _derive(columns, roles, plan)
    skip = 0 if earlier is None else len(earlier)
    derived = derived.iloc[skip:].set_axis(table.index)
    trained = tuple((options.get("like") or {}).get("roles", {}).get(str(Role.HISTORY), ()))
    if trained:
        derived = derived.reindex(columns=list(trained)).astype(np.float32)
    clash = {name: f"{name} (derived)" for name in derived.columns if name in table.columns}
    derived = derived.rename(columns=clash)
    arrays = {} if recent is None else {"recent": recent[skip:]}
    roles = roles | {Role.HISTORY: tuple(derived.columns)}
    fingerprint = hashlib.sha256(made_from.encode()).hexdigest()[:16]
    return Derived(pd.concat([table, derived], axis=1), roles, fingerprint, arrays, tuple(notes))


def delay_of(options: Mapping[str, Any]) -> float:
    """Return the option ``delay_days``.

    Raises
    ------
    OptionError
        If it is no number from 0 to 365.
    """
    return number_of(options, "delay_days", DELAY_DAYS, most=MOST_DELAY_DAYS)


def _columns(table: pd.DataFrame, roles: Roles) -> pd.DataFrame:
    """Return what history is made from, a column a role; the label as 1, 0 and -1."""
    found = {str(role): table[roles[role][0]].to_numpy() for role in _ROLES[:2] if roles.get(role)}
    found |= {str(role): table[roles[role][0]].array for role in _ROLES[2:4] if roles.get(role)}
    if roles.get(Role.LABEL):
        found[str(Role.LABEL)] = label_codes(table[roles[Role.LABEL][0]])
    return pd.DataFrame(found, copy=False)


def _derive(columns: pd.DataFrame, roles: Roles, plan: HistoryPlan) -> tuple[pd.DataFrame, np.ndarray | None]:
    time, label = columns["time"].to_numpy(), columns.get("label")
    account, counterparty = columns.get("entity"), columns.get("counterparty")
    amount = columns["amount"].to_numpy() if "amount" in columns else None
    known = None if label is None else label.fillna(-1).to_numpy(dtype=np.int8)
    derived = running_history(time, account, counterparty, amount, known, plan=plan)
    recent = None
    if account is not None:
        recent = recent_steps(time, account, amount, history=derived)
    return derived, recent


def _earlier(columns: pd.DataFrame, before: Dataset | None) -> tuple[pd.DataFrame | None, list[Finding]]:
    """Return the rows of earlier data that the history of new cases needs, in front of which they are put."""
    if not ({"entity", "counterparty"} & set(columns)):
        return None, []
    if before is None:
        text = "No earlier transactions were given, so every account starts without history."
        return None, [Finding("info", "no-earlier-history", text)]
    rows = _columns(before.table, dict(before.roles))
    first = columns["time"].min()
    late = (rows["time"] < first) & (rows["time"] >= first - pd.Timedelta(days=EARLIER_DAYS))
    same = np.zeros(len(rows), dtype=bool)
    for key in ("entity", "counterparty"):
        if key in rows and key in columns:
            same |= rows[key].isin(columns[key].dropna().unique()).to_numpy()
    found = rows[late.to_numpy() & same]
    text = f"History continues from {len(found):,} earlier transactions of these accounts and counterparties."
    return found, [Finding("info", "history-continued", text)]


def _unseen(table: pd.DataFrame, roles: Roles, before: Dataset) -> list[Finding]:
    """Return a note for each column with categories that training data did not have."""
    notes = []
    for name in roles.get(Role.FEATURE, ()):
        if name not in before.table or not pd.api.types.is_string_dtype(table[name].dtype):
            continue
        new = table[name].notna().to_numpy() & ~table[name].isin(before.table[name].dropna().unique()).to_numpy()
        if new.any():
            text = (
                f"Column {shorten(name, 40)!r}: {table[name][new].nunique():,} categories were never seen in training "
                f"({rows_named(new)}); models treat them as unknown."
            )
            notes.append(Finding("info", "unseen-category", text, tuple(table.index[new][:100])))
    return notes
