"""What a process keeps open of finished runs, so that a second question reads no file again.

Kept by folder and by when the run's record last changed, so that a run that was trained anew is read anew. A worker
that answers questions lives long; a command ends before anything here grows old.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from dl_core.data.dataset import Dataset
from dl_core.models.base import Model, Offer
from dl_core.train.run import Run
from dl_core.train.scoring import ModelSource

OPEN, MODELS, DATA = 4, 8, 2  # runs, models and data sets that stay in memory
P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class _State:
    """A run as a key: where it lies, on which data, and when it last changed."""

    folder: str
    dataset: str
    changed: int
    run: Run = field(compare=False)


def stamp(folder: Path) -> int:
    """Return when a run's record last changed, in ns; 0 where there is none."""
    path = Path(folder) / "run.json"
    return path.stat().st_mtime_ns if path.exists() else 0


def kept(most: int) -> Callable[[Callable[Concatenate[Run, P], T]], Callable[Concatenate[Run, P], T]]:
    """Return a decorator that keeps the ``most`` latest answers of a function of a run and of what can be hashed."""

    def keep(make: Callable[Concatenate[Run, P], T]) -> Callable[Concatenate[Run, P], T]:
        """Return ``make`` with its answers kept until the run's record changes."""
        made: Callable[..., T] = lru_cache(maxsize=most)(lambda state, *rest, **more: make(state.run, *rest, **more))

        @wraps(make)
        def found(run: Run, *rest: P.args, **more: P.kwargs) -> T:
            state = _State(str(run.folder), str(run.dataset["path"]), stamp(run.folder), run)
            return made(state, *rest, **more)

        return found

    return keep


def open_run(folder: Path, dataset: Path | None = None) -> Run:
    """Return the run in ``folder``, from memory if it was used lately; ``dataset`` says where its data lie instead.

    Raises
    ------
    RunError
        If there is no finished run.
    """
    run = _run(str(folder), stamp(folder))
    return run if dataset is None else replace(run, dataset={**run.dataset, "path": str(dataset)})


@lru_cache(maxsize=OPEN)
def _run(folder: str, changed: int) -> Run:
    return Run.load(Path(folder))


def open_dataset(folder: Path) -> Dataset:
    """Return the data set in ``folder``, from memory if it was used lately."""
    about = Path(folder) / "dataset.json"
    return _dataset(str(folder), about.stat().st_mtime_ns if about.exists() else 0)


@lru_cache(maxsize=DATA)
def _dataset(folder: str, changed: int) -> Dataset:
    return Dataset.load(Path(folder))


def fitted_model(source: ModelSource, name: str, offer: Offer, *, judged: bool = False) -> Model:
    """Return a fitted model, a run's from memory if it was used lately; ``judged`` as in `Run.load_model`."""
    if not isinstance(source, Run):
        return source.load_model(name, offer)
    return _model(source, name, _Loader(offer), judged)


@dataclass(frozen=True)
class _Loader:
    """How a model is loaded, which plays no part in which model it is."""

    offer: Offer = field(compare=False)


@kept(MODELS)
def _model(run: Run, name: str, loader: _Loader, judged: bool) -> Model:
    return run.load_model(name, loader.offer, judged=judged)
