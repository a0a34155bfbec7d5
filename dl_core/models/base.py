"""What every model has in common: it fits, scores, saves itself with its preprocessing and may show its graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.errors import CancelledError, RunError

if TYPE_CHECKING:
    import keras

Emit = Callable[[dict[str, Any]], None]
T = TypeVar("T")


def silent(event: dict[str, Any]) -> None:
    """Take an event and do nothing with it."""


@dataclass(frozen=True)
class FitContext:
    """Everything around a fit that is not data.

    Parameters
    ----------
    seed : int
        The run's one seed.
    emit : callable
        Takes events as plain dicts. A model sends ``{"event": "progress", "done": 0…1, "text": str}`` and, for each
        epoch, ``{"event": "epoch", "epoch": int, "epochs": int, "loss": float, "val_loss": float, …}``.
    should_stop : callable
        Polled at the end of each batch; True when the work was cancelled or its time is over.
    cache : Path or None
        Folder for things computed once per data set (features), keyed by content fingerprint.
    options : mapping
        The run's options, already checked and typed.
    sample_weight : numpy.ndarray or None
        (n_train,) weights, for instance of reweighing.
    out_of_time : callable
        True when the time for this fit is used up: a fit that can, ends with the best it has so far.
    checkpoint : Path or None
        Folder for unfinished work; a fit goes on with what it finds there.
    """

    seed: int = 0
    emit: Emit = silent
    should_stop: Callable[[], bool] = lambda: False
    cache: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    sample_weight: np.ndarray | None = None
    out_of_time: Callable[[], bool] = lambda: False
    checkpoint: Path | None = None

    def check_stop(self) -> None:
        """Raise `CancelledError` when the work should end."""
        if self.should_stop():
            raise CancelledError("the work was cancelled")

    def progress(self, done: float, text: str) -> None:
        """Report that a fraction ``done`` of this fit is finished, and stop here if that is wanted."""
        self.check_stop()
        self.emit({"event": "progress", "done": float(done), "text": text})

    def part(self, start: float, end: float) -> FitContext:
        """Return a context with progress 0…1 as the stretch ``start``…``end`` of this one's."""

        def emit(event: dict[str, Any]) -> None:
            if event.get("event") == "progress":
                event = {**event, "done": start + (end - start) * event["done"]}
            self.emit(event)

        return replace(self, emit=emit)

    def quiet(self, seed: int) -> FitContext:
        """Return the context of one fit among many: its seed and progress, no epochs, no checkpoint, no weights."""

        def emit(event: dict[str, Any]) -> None:
            if event.get("event") == "progress":
                self.emit(event)

        return replace(self, seed=seed, emit=emit, checkpoint=None, sample_weight=None)


def fitted(part: T | None) -> T:
    """Return a part of a model that `fit` or `load` makes.

    Raises
    ------
    RunError
        If neither has come yet.
    """
    if part is None:
        raise RunError("the model was not fitted", todo="train it first")
    return part


class Model(ABC):
    """What learns from a data set's raw rows and can be kept; its preprocessing is part of it.

    What it answers stands in its subclasses: `Classifier` and ``interaction.base.Recommender``. Everything that
    answering needs is written in `save`, unpickled.
    """

    @abstractmethod
    def fit(self, train: Dataset, validation: Dataset, context: FitContext) -> None:
        """Learn from ``train``; ``validation`` is for choosing (regularisation, epoch), never for fitting."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the model into the existing, empty ``folder``."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Return the model that `save` wrote."""

    def parameters(self) -> int:
        """Return the number of learned numbers."""
        return 0


class Classifier(Model):
    """A model that gives every row a probability for each class; subclasses set ``self.classes`` in `fit`."""

    classes: tuple[str, ...] = ()

    @abstractmethod
    def scores(self, data: Dataset) -> np.ndarray:
        """Return class probabilities, (n, n_classes) float64 that sum to 1, before calibration."""

    def graph(self) -> keras.Model | None:
        """Return one Keras model from raw rows to probabilities, or None.

        Raw rows are images (n, h, w, c) float32 in 0…255, or what a `TableModel` makes of a table's rows. The graph is
        what gradients and feature maps are taken from, so preprocessing is inside.
        """
        return None

    def update(self, new: Dataset, context: FitContext) -> bool:
        """Learn on from newly labelled rows, without forgetting; False where a model can only be trained anew."""
        return False


@dataclass(frozen=True)
class Offer:
    """One model that a domain offers.

    Parameters
    ----------
    name : str
        Key on the command line, ``"frozen_features"``.
    label : str
        Name on the page, ``"Frozen features + linear head"``.
    kind : str
        ``"deep"`` or ``"baseline"``.
    summary : str
        One plain sentence.
    load : callable
        Returns the `Model` subclass; imports happen inside, so that describing a model costs nothing.
    options : mapping
        Fixed options of this offer, handed to the constructor.
    unlabelled : bool
        Whether it can be trained where no row has a label.
    joins : tuple of str
        Names of the domains that it joins, where it comes from an entry point; ours stand in their domain's folder.
    fast : bool
        Whether a newcomer joins the domain's preset of about a minute.
    wants : mapping
        Options of a training with which the presets hold it; empty: always.
    """

    name: str
    label: str
    kind: str
    summary: str
    load: Callable[[], type[Model]]
    options: Mapping[str, Any] = field(default_factory=dict)
    unlabelled: bool = False
    joins: tuple[str, ...] = ()
    fast: bool = False
    wants: Mapping[str, Any] = field(default_factory=dict)

    def build(self) -> Model:
        """Return a fresh, unfitted model."""
        return self.load()(**self.options)
