"""Groups to check: any metadata column, numbers binned, pairs of columns, and what the images themselves show."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from dl_core.errors import OptionError

NOT_STATED = "not stated"
PAIR = " × "
AGE_EDGES = (20.0, 40.0, 60.0, 80.0)  # years
OLDEST = 130.0
FEW_VALUES = 5  # a number column with no more values than this is left as it is
MOST_GROUPS = 40  # a text column with more values than this names things (patients, files) and not groups
MANY_GROUPS = 12  # with more groups than this, small ones are told together
SMALL_GROUP = 30  # rows
IMAGES_AT_ONCE = 256


def make_groups(
    table: pd.DataFrame, columns: Sequence[str] | None = None, *, bins: Mapping[str, Sequence[float]] | None = None
) -> pd.DataFrame:
    """Return the group of every row, a column for each of ``columns``.

    Parameters
    ----------
    table : pandas.DataFrame
        Metadata by row id.
    columns : sequence of str or None
        Column names, or pairs such as ``"sex × age"`` or ``"sex,age"``; None for all columns that can be grouped.
    bins : mapping or None
        Inner edges for a number column; without them ages are cut at 20, 40, 60 and 80, other numbers at quartiles.

    Returns
    -------
    pandas.DataFrame
        Text labels by row id; a missing value is ``"not stated"``. Rare groups stay, the check flags them; only of more
        than `MANY_GROUPS` those under `SMALL_GROUP` rows are told together, since none could be judged.

    Raises
    ------
    OptionError
        If a column does not exist, or has so many values that it groups nothing.
    """
    bins = bins or {}
    if columns is None:
        columns = [column for column in table if is_groupable(table[column])]
    made = {}
    for name in columns:
        parts = split_name(name, table)
        labels = [_labels(table[part], part, bins.get(part)) for part in parts]
        if len(labels) == 1:
            made[parts[0]] = labels[0]
            continue
        stated = np.logical_and.reduce([label != NOT_STATED for label in labels])
        joined = labels[0].str.cat(labels[1:], sep=PAIR)
        made[PAIR.join(parts)] = joined.where(stated, NOT_STATED)
    return pd.DataFrame(made, index=table.index)


def split_name(name: str, table: pd.DataFrame) -> list[str]:
    """Return the columns that ``name`` means: itself, or the parts of a pair.

    Raises
    ------
    OptionError
        If one of them does not exist.
    """
    if name in table:
        return [name]
    parts = list(dict.fromkeys(part.strip() for part in re.split("[×,]", name)))
    for part in parts:
        if part not in table:
            known = ", ".join(map(str, table.columns)) or "none: the data have no metadata"
            raise OptionError(f"there is no column {part!r}", where="groups", expected=known)
    return parts


def is_groupable(values: pd.Series) -> bool:
    """Return whether a column parts the rows into at least two groups and not into mere names."""
    distinct = values.nunique()
    if distinct <= MOST_GROUPS or _numbers(values) is not None:
        return distinct > 1
    return _together(values.astype("str").fillna(NOT_STATED)).nunique() in range(2, MOST_GROUPS + 1)


def _numbers(values: pd.Series) -> pd.Series | None:
    """Return a column as numbers, None where it is text or truth values."""
    if pd.api.types.is_bool_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
        return None
    found = pd.to_numeric(values, errors="coerce")
    blank = values.isna() | (values.astype(str).str.strip() == "")
    return found.astype(float) if found.notna().any() and (found.notna() | blank).all() else None


def _labels(values: pd.Series, name: str, edges: Sequence[float] | None) -> pd.Series:
    """Return one column's group labels."""
    numbers = _numbers(values)
    if numbers is not None:
        if edges is None and numbers.nunique() > FEW_VALUES:
            is_age = bool(re.search(r"(^|[^a-z])age($|[^a-z])", name.lower())) and numbers.between(0, OLDEST).sum() > 0
            edges = AGE_EDGES if is_age else np.quantile(numbers.dropna(), [0.25, 0.5, 0.75])
        if edges is not None:
            return _binned(numbers, name, edges)
        text = numbers.map(lambda value: f"{name} {value:g}", na_action="ignore")
    elif pd.api.types.is_bool_dtype(values):
        text = values.map({True: f"{name}: yes", False: f"{name}: no"}, na_action="ignore")
    elif pd.api.types.is_datetime64_any_dtype(values):
        text = values.dt.year.map(lambda year: f"{year:.0f}", na_action="ignore")
    else:
        text = values.map(lambda value: str(value).strip(), na_action="ignore")
    text = text.astype(object)
    text = text.where(text.notna() & (text != ""), NOT_STATED)
    found = _together(text)
    if text.nunique() > MOST_GROUPS and found.nunique() not in range(2, MOST_GROUPS + 1):
        raise OptionError(
            f"it has {text.nunique()} different values",
            where=f"column {name}",
            expected=f"at most {MOST_GROUPS} groups, or some of {SMALL_GROUP} rows at least",
        )
    return found


def _together(labels: pd.Series) -> pd.Series:
    """Return labels with the small groups as one, where there are very many."""
    counts = labels.value_counts()
    small = counts.index[(counts < SMALL_GROUP) & (counts.index != NOT_STATED)]
    if len(counts) <= MANY_GROUPS or len(small) < 2:
        return labels
    return labels.mask(labels.isin(small), f"others, {len(small)} small groups")


def _binned(numbers: pd.Series, name: str, edges: Sequence[float]) -> pd.Series:
    """Return labels such as ``"age 40–59"``: a bin holds its lower edge and not its upper one."""
    cuts = np.unique(np.asarray(edges, dtype=float))
    whole = bool((numbers.dropna() % 1 == 0).all() and (cuts % 1 == 0).all())
    names = [f"{name} under {cuts[0]:.4g}"]
    for low, high in zip(cuts[:-1], cuts[1:], strict=True):
        if not whole:
            names.append(f"{name} {low:.4g} to under {high:.4g}")
        else:
            names.append(f"{name} {low:.4g}" if high - low == 1 else f"{name} {low:.4g}–{high - 1:.4g}")
    names.append(f"{name} {edges[-1]:.4g} and over")
    at = np.searchsorted(edges, numbers.fillna(0.0), side="right")
    labels = pd.Series(np.array(names, dtype=object)[at], index=numbers.index)
    return labels.where(numbers.notna(), NOT_STATED)


def natural_order(label: str) -> tuple:
    """Return a key that sorts group labels as a reader expects: numbers by size, ``"not stated"`` last."""
    if label == NOT_STATED:
        return (1,)
    key: list = [0]
    for part in label.split(PAIR):
        number = re.search(r"-?\d+(\.\d+)?", part)
        if number is None:
            key.append((part, 0.0, 0))
        else:
            lowest = 0 if f" under {number[0]}" in part else 1
            stem = part[: number.start()].removesuffix("under ")
            key.append((stem, float(number[0]), lowest))
    return tuple(key)


def image_slices(images: np.ndarray, ids: Sequence[str], sizes: np.ndarray | None = None) -> pd.DataFrame:
    """Return groups that the images show by themselves, thirds of each measure, for data without metadata.

    Parameters
    ----------
    images : numpy.ndarray
        (n, height, width, channels) uint8.
    ids : sequence of str
        Row ids.
    sizes : numpy.ndarray or None
        (n,) longest side of the original images in pixels.

    Returns
    -------
    pandas.DataFrame
        Columns ``image brightness`` (mean), ``image contrast`` (standard deviation), ``image sharpness`` (mean absolute
        Laplacian over contrast) and, with sizes, ``image size``. Padding (rows and columns wholly black) is left out
        of the first two. A measure that hardly varies makes no column.
    """
    measured = [_measure(images[start : start + IMAGES_AT_ONCE]) for start in range(0, len(images), IMAGES_AT_ONCE)]
    values = np.concatenate(measured) if measured else np.zeros((0, 3))
    measures = [
        ("image brightness", values[:, 0], ("dark", "middle", "bright")),
        ("image contrast", values[:, 1], ("low", "middle", "high")),
        ("image sharpness", values[:, 2], ("blurred", "middle", "sharp")),
    ]
    if sizes is not None:
        measures.append(("image size", np.asarray(sizes, dtype=float), ("small", "middle", "large")))
    columns = {}
    for name, measure, names in measures:
        if len(np.unique(measure)) >= 3:
            edges = np.quantile(measure, [1 / 3, 2 / 3])
            columns[name] = np.array(names, dtype=object)[np.searchsorted(edges, measure, side="right")]
    return pd.DataFrame(columns, index=pd.Index(ids))


def _measure(images: np.ndarray) -> np.ndarray:
    """Return brightness, contrast and sharpness (n, 3) of images (n, h, w, c)."""
    grey = images.astype(np.float32).mean(axis=-1)  # (n, h, w)
    bright = grey > 0
    inside = bright.any(axis=2)[:, :, None] & bright.any(axis=1)[:, None, :]
    count = np.maximum(inside.sum(axis=(1, 2)), 1)
    mean = np.where(inside, grey, 0).sum(axis=(1, 2)) / count
    spread = np.sqrt(np.where(inside, (grey - mean[:, None, None]) ** 2, 0).sum(axis=(1, 2)) / count)
    middle = grey[:, 1:-1, 1:-1]
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    edge = np.abs(4 * middle - around).mean(axis=(1, 2)) if middle.size else np.zeros(len(grey))
    return np.stack([mean, spread, edge / np.maximum(spread, 1e-6)], axis=1)
