"""Threads of linear algebra: many small systems are solved fastest by one thread each."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController


def one_thread() -> AbstractContextManager:
    """Return a context in which NumPy's and SciPy's linear algebra use one thread.

    Their threads wait for each other by spinning, and on a busy machine stand still: measured, an inverse of 3,600
    items took eight times the work of one thread, and a thousand small systems fifty times.
    """
    return _libraries().limit(limits=1)


@cache
def _libraries() -> ThreadpoolController:
    """Find the libraries once, which takes some milliseconds, after both are surely loaded."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController  # comes with scikit-learn

    return ThreadpoolController()
