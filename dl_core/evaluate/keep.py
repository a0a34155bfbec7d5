"""Keep what is worked out from arrays (a sort, say) as long as those arrays live, so that a bootstrap sorts once."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial, wraps
from typing import TypeVar

import numpy as np

Value = TypeVar("Value")
MOST = 64  # results kept at once; each is about as large as its arrays


def keep(function: Callable[..., Value]) -> Callable[..., Value]:
    """Return ``function`` of arrays, which works a result out once for the very same array objects.

    Other arguments must be hashable. The arrays must not be changed in place meanwhile. None is kept alive: a result
    goes with the first of its arrays.
    """
    kept: dict[tuple, tuple[list[weakref.ref], Value]] = {}

    @wraps(function)
    def cached(*given: object) -> Value:
        """Return the kept value for these very arrays, or make and keep it."""
        arrays = [one for one in given if isinstance(one, np.ndarray)]
        key = tuple(id(one) if isinstance(one, np.ndarray) else ("value", one) for one in given)
        found = kept.get(key)
        if found is not None and all(ref() is array for ref, array in zip(found[0], arrays, strict=True)):
            return found[1]
        value = function(*given)
        while len(kept) >= MOST:
            kept.pop(next(iter(kept)), None)
        kept[key] = [weakref.ref(array, partial(_forget, kept, key)) for array in arrays], value
        return value

    return cached


def _forget(kept: dict[tuple, tuple[list[weakref.ref], Value]], key: tuple, _: weakref.ref) -> None:
    """Drop a result whose array is gone."""
    kept.pop(key, None)
