"""What may stand in a job's record: plain JSON, nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any


def plain(value: Any, where: str = "value") -> Any:
    """Return ``value`` as plain JSON: dicts with string keys, lists, strings, finite numbers, booleans and None.

    Tuples become lists, numpy scalars and arrays become numbers and lists, paths become text with ``/``; a number that
    is not finite becomes None, since JSON has no word for it.

    Raises
    ------
    TypeError
        If something else is found; the message names the place.
    """
    if value is None or isinstance(value, (bool, str)):
        return value[:] if type(value) is str else str(value) if isinstance(value, str) else value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{where} has a key of type {type(key).__name__}; expected text")
        return {str(key): plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if hasattr(value, "tolist"):  # numpy, without importing it
        return plain(value.tolist(), where)
    raise TypeError(f"{where} is a {type(value).__name__}; expected plain JSON")
