"""Explanations as files: an overlay a map, and one table of what was measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.safe_export import neutralise
from dl_core.explain.explanation import Explanation
from dl_core.explain.images.overlay import overlay

LEAST = 256  # pixels of an overlay's longer side


def write_explanations(explanations: Sequence[Explanation], data: Dataset, out: Path) -> Path:
    """Write ``<row>_<method>.png`` for each map and ``explanations.csv`` into the folder ``out``.

    A history's parts stand in ``because.csv``, a line an item, the strongest first; what drove forecasts in
    ``drivers.csv``, a line a past step or covariate, and the parts of forecasts in ``components.csv``, a line a step
    ahead and part.

    Parameters
    ----------
    explanations : sequence of Explanation
    data : Dataset
        The rows explained; its images lie below the maps.
    out : Path
        Folder, made if it does not exist.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    place = {row: index for index, row in enumerate(data.ids)}
    lines, stems = [], {}
    tables: dict[str, list[dict]] = {"because": [], "drivers": [], "components": []}
    for one in explanations:
        measured = {} if one.faithfulness is None else asdict(one.faithfulness)
        about = {"file": one.row, "model": one.model, "method": one.method, "target": one.target}
        about |= {"probability": one.probability, **measured}
        if one.history:
            lines.append({"user": about.pop("file"), **about, "score": one.score, "base": one.base})
            tables["because"] += _because(one)
            continue
        if one.forecast:
            lines.append({"series": about.pop("file"), **about, "score": one.score, "base": one.base})
            tables["components" if one.parts else "drivers"] += _components(one) if one.parts else _drivers(one)
            continue
        if one.features:
            lines.append({"row": about.pop("file"), **about} | dict(one.strongest(len(one.features))))
            continue
        stem = f"{_safe(one.row)}_{one.method}"
        stems[stem] = stems.get(stem, 0) + 1  # "a/1.png" and "a_1.png" are two files
        name = f"{stem}.png" if stems[stem] == 1 else f"{stem}_{stems[stem]}.png"
        image = np.asarray(data.images[place[one.row]])
        overlay(image, one.heat, size=max(LEAST, *image.shape[:2])).save(out / name)
        lines.append({**about, "picture": name})
    neutralise(pd.DataFrame(lines)).to_csv(out / "explanations.csv", index=False)
    for name, parts in tables.items():
        if parts:
            neutralise(pd.DataFrame(parts)).to_csv(out / f"{name}.csv", index=False)
    return out


def _because(one: Explanation) -> list[dict]:
    """Return a line for each item of a history: what it adds to the recommended item's score."""
    titles = dict(zip(one.features, one.values, strict=True))
    about = {"user": one.row, "recommended": one.target, "model": one.model, "method": one.method}
    return [
        {**about, "because": item, "title": titles[item], "part": part}
        for item, part in one.strongest(len(one.features))
    ]


def _drivers(one: Explanation) -> list[dict]:
    """Return a line for each past step and covariate: what stood there, what is usual, and what it adds."""
    about = {"series": one.row, "model": one.model, "method": one.method, "explained": one.target}
    found = zip(one.features, one.values, one.typical, one.heat[0].tolist(), strict=True)
    return [
        {**about, "step or covariate": name, "value": value, "usual": usual, "adds": adds}
        for name, value, usual, adds in found
    ]


def _components(one: Explanation) -> list[dict]:
    """Return a line for each step ahead and part of a forecast."""
    about = {"series": one.row, "model": one.model}
    return [
        {**about, "time": time, "part": part, "value": value}
        for part, row in zip(one.parts, one.heat.tolist(), strict=True)
        for time, value in zip(one.features, row, strict=True)
    ]


def _safe(row: str) -> str:
    """Return a row id as part of a file name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", row).strip("._") or "row"
