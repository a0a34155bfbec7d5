"""How files of transactions lie: with a header line, keys and codes as text."""

from __future__ import annotations

from dl_core.reading.request import ReadRequest
from dl_core.reading.table.schema import CODES, KEYS
from dl_core.reading.tables.room import TableKind

ROW_BYTES = 1_300  # at the peak, while history is derived
_ADVICE = "keep the latest months only, or all frauds and the accounts they belong to"


def table_kind(request: ReadRequest) -> TableKind:
    """Return what the reader of tables must know of transactions."""
    return TableKind(CODES.asked(KEYS, request), ROW_BYTES, _ADVICE)
