"""What is known of one image before its table: its file, its side, its header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from dl_core.reading.images.units import TAGS

HEADER_FIELDS = ("patient", "sex", "age", "site", "scanner", "modality", "body_part", "view")


@dataclass(frozen=True)
class Entry:
    """One file, or one image of an array: what is known of it before its table.

    ``about`` is what its header says; ``columns`` what arrays beside it say.
    """

    file: str
    side: str  # "data" or "test"
    about: Mapping[str, Any] = field(default_factory=dict)
    part: str | None = None
    columns: Mapping[str, Any] = field(default_factory=dict)
    array: bool = False
    times: int = 1


def tags_of(entries: Sequence[Entry]) -> pd.DataFrame:
    told = {name: [entry.about.get(name) for entry in entries] for name in TAGS}
    return pd.DataFrame(
        {name: pd.Series(v, dtype=object) for name, v in told.items() if any(v)}, index=range(len(entries))
    )
