"""Explanations as files: one table of what was measured, and what each kind of explanation writes beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.safe_export import neutralise
from dl_core.explain.explanation import Explanation


def write_explanations(explanations: Sequence[Explanation], data: Dataset, out: Path) -> Path:
    """Write ``explanations.csv`` into the folder ``out``, a line each, with the pictures and tables of their types.

    A picture is ``<row>_<method>.png``: an image, and beside it the map over it. What the further tables
    hold stands in the types: `Explanation.tables`.

    Parameters
    ----------
    explanations : sequence of Explanation
    data : Dataset
        The rows explained, whose images the pictures show.
    out : Path
        Folder, made if it does not exist.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    lines: list[dict[str, Any]] = []
    stems: dict[str, int] = {}
    tables: dict[str, list[dict[str, Any]]] = {}
    for one in explanations:
        line, picture = one.line(), one.picture(data)
        if picture is not None:
            stem = f"{_safe(one.row)}_{one.method}"
            stems[stem] = stems.get(stem, 0) + 1  # "a/1.png" and "a_1.png" are two files
            line["picture"] = f"{stem}.png" if stems[stem] == 1 else f"{stem}_{stems[stem]}.png"
            picture.save(out / line["picture"])
        lines.append(line)
        for name, rows in one.tables().items():
            tables.setdefault(name, []).extend(rows)
    neutralise(pd.DataFrame(lines)).to_csv(out / "explanations.csv", index=False)
    for name, rows in tables.items():
        if rows:
            neutralise(pd.DataFrame(rows)).to_csv(out / f"{name}.csv", index=False)
    return out


def _safe(row: str) -> str:
    """Return a row id as part of a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", row).strip("._") or "row"
