"""The one training loop: every network of the house gives it batches, a plan and a judge, and gets its best weights.

The loop sees to all else: learning rate, early stopping, moving averages, events with the time left, cancelling
between two batches, the time budget, and checkpoints from which a training that was killed goes on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from dl_core.errors import CancelledError
from dl_core.models.base import FitContext
from dl_core.models.store import read_checkpoint, write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

Batch = tuple[Any, Any, np.ndarray | None]  # inputs, targets, and how much each row counts
Batches = Callable[[int], tuple[int, Iterable[Batch]]]  # of an epoch, counted from 0: how many there are, and they
Judge = Callable[[], Mapping[str, float]]
REPORT_EVERY = 0.25  # seconds between two progress events within an epoch
CHECKPOINT_SHARE = 0.05  # of the time that writing checkpoints may take, which may hold hundreds of megabytes
LESS_IS_BETTER = ("val_loss", "val_mase")


@dataclass(frozen=True)
class Plan:
    """How a network is trained; a subclass adds what its batches and its loss are told.

    Parameters
    ----------
    epochs : int
        At most.
    patience : int
        Judged epochs without a better value of ``monitor`` after which training ends.
    learning_rate : float
        Highest; `rate` says how it changes.
    weight_decay : float
        Decoupled, as in AdamW.
    average : float
        Above 0, the weights that are judged and kept are a moving average with this factor (0.99) of those that the
        optimizer moves: steadier than any one step's (Polyak and Juditsky 1992).
    from_start : bool
        Whether the weights before the first step are judged too, and kept where no epoch is better.
    judge_every : int
        Epochs from one judgement to the next; the last one is always judged.
    monitor : str
        What the judge tells by which epochs are chosen; where it is not told, ``val_loss``, and where that is not told
        either, the last epoch is kept.
    name : str
        Of the checkpoint, so that the trainings of one model do not mix theirs up.
    """

    epochs: int = 30
    patience: int = 8
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    average: float = 0.0
    from_start: bool = False
    judge_every: int = 1
    monitor: str = "val_loss"
    name: str = "fit"

    def rate(self, step: int, steps: int) -> float:
        """Return the learning rate of ``step``, counted from 0, out of ``steps`` in all epochs of the plan."""
        return self.learning_rate

    def noted(self, step: int, steps: int) -> dict[str, float]:
        """Return what an epoch's entry tells of the plan, as it stood in ``step`` with ``steps`` an epoch."""
        return {}

    def said(self, epoch: int, until: int, *, judged: bool) -> str:
        """Return what progress says in an epoch, counted from 1, of ``until``."""
        return f"Epoch {epoch} of {'at most ' if judged and self.patience < until else ''}{until}"


def warm_cosine(step: int, steps: int, warm_up: float) -> float:
    """Return a share of the highest rate: it rises over the first ``warm_up`` and ends as a cosine at a hundredth."""
    rising = max(1, int(warm_up * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


@dataclass(frozen=True)
class Trained:
    """What came of a training.

    Parameters
    ----------
    history : list of dict
        One entry an epoch: ``epoch, loss`` (mean over its batches), what the judge told, ``learning_rate, seconds``.
    epoch : int
        Whose weights were kept; 0 for those from before the first step.
    start : dict
        What the judge told before the first step, where it was asked.
    """

    history: list[dict[str, float]]
    epoch: int = 0
    start: dict[str, float] = field(default_factory=dict)

    @property
    def best(self) -> dict[str, float]:
        """The entry of the epoch that was kept."""
        return self.history[self.epoch - 1] if self.epoch else self.start


def compile_adamw(
    network: keras.Model, plan: Plan, loss: Any, *, jit_compile: bool | str = "auto", **settings: Any
) -> None:
    """Compile a network with AdamW as the plan wants it; ``settings`` are further ones of the optimizer."""
    optimizer = keras.optimizers.AdamW(
        plan.learning_rate,
        weight_decay=plan.weight_decay,
        use_ema=plan.average > 0,
        ema_momentum=plan.average or 0.99,
        **settings,
    )
    network.compile(optimizer=optimizer, loss=loss, jit_compile=jit_compile)


def compiled_whole() -> bool:
    """Return whether XLA compiles a step as a whole where that takes seconds that only JAX cannot do without."""
    return keras.config.backend() == "jax"


class Stream:
    """Batches of all epochs out of one endless stream, whose generator goes on from step to step.

    Parameters
    ----------
    draw : callable
        Returns the next batch.
    steps, every : int
        Steps in all, and of an epoch; the last one may have fewer.
    """

    def __init__(self, draw: Callable[[], Batch], steps: int, every: int) -> None:
        self.draw, self.steps, self.every = draw, steps, every
        self.at = 0

    def __call__(self, epoch: int) -> tuple[int, Iterator[Batch]]:
        """Return how many batches an epoch has, and they."""
        first = epoch * self.every
        while self.at < first:  # going on from a checkpoint: the stream comes to where training stands
            self._next()
        steps = min(self.every, self.steps - first)
        return steps, (self._next() for _ in range(steps))

    def _next(self) -> Batch:
        self.at += 1
        return self.draw()


def train_network(
    network: keras.Model,
    batches: Batches,
    context: FitContext,
    plan: Plan,
    judge: Judge | None = None,
    *,
    until: int | None = None,
    key: Any = None,
) -> Trained:
    """Train a compiled network in place and leave it with its best weights.

    Parameters
    ----------
    network : keras.Model
        Starts from the weights it has.
    batches : callable
        Returns the number of batches of an epoch, counted from 0, and an iterable of them: inputs, targets, and weights
        or None. Drawn by the seed and the epoch, so that a training that was killed goes on with the same ones.
    context : FitContext
    plan : Plan
    judge : callable or None
        Returns figures of the network as it stands. Without it the last epoch is kept.
    until : int or None
        Epochs after which training ends on the schedule of all that are planned.
    key
        What of the data must be the same for a checkpoint to be gone on with.

    Returns
    -------
    Trained

    Raises
    ------
    CancelledError
        If the work was stopped, or its time was over before there were weights to keep.
    """
    return _Training(network, batches, context, plan, judge, plan.epochs if until is None else until, key).run()


class _Training:
    """State of one training: epoch, best weights, history."""

    def __init__(
        self,
        network: keras.Model,
        batches: Batches,
        context: FitContext,
        plan: Plan,
        judge: Judge | None,
        until: int,
        key: Any,
    ) -> None:
        self.network, self.batches, self.context, self.plan = network, batches, context, plan
        self.judge, self.until, self.data_key = judge, until, key
        self.epoch = self.done = self.waited = self.best_epoch = 0
        self.best, self.rate = float("-inf"), float("nan")
        self.best_weights: list[np.ndarray] = []
        self.history: list[dict[str, float]] = []
        self.start: dict[str, float] = {}
        self.reported = self.started = self.kept = time.monotonic()
        self.writing = 0.0  # seconds that the last checkpoint took
        self.epochs_before = 0

    def run(self) -> Trained:
        """Train to the end."""
        if not self.network.optimizer.built:  # now, so that a checkpoint finds its places
            self.network.optimizer.build(self.network.trainable_variables)
        self._resume()
        if self.plan.from_start and not self.epoch:
            self.start = dict(self.judge()) if self.judge else {}
            self._choose(self.start)
        while self._goes_on() and self._train_epoch():
            pass
        if self.best_weights:
            self.network.set_weights(self.best_weights)
        return Trained(self.history, self.best_epoch, self.start)

    def _goes_on(self) -> bool:
        return self.epoch < self.until and self.waited < self.plan.patience

    def _train_epoch(self) -> bool:
        """Train one epoch; return False if time was over before its end: what it learned is given up."""
        began, losses = time.monotonic(), []
        steps, batches = self.batches(self.epoch)
        for step, (inputs, targets, weight) in enumerate(batches, start=1):
            self._set_rate(self.plan.rate(self.done, self.plan.epochs * steps))
            losses.append(float(np.asarray(self.network.train_on_batch(inputs, targets, sample_weight=weight))))
            self.done += 1
            self.context.check_stop()
            if self.context.out_of_time():
                if not self.best_weights:
                    raise CancelledError("the time budget ran out before the first epoch ended")
                return False
            self._report(step, steps)
        self._end_epoch({"loss": float(np.mean(losses)), **self.plan.noted(self.done - 1, steps)}, began)
        return True

    def _set_rate(self, rate: float) -> None:
        if rate != self.rate:
            self.network.optimizer.learning_rate = self.rate = rate

    def _end_epoch(self, learned: dict[str, float], began: float) -> None:
        self.epoch += 1
        moving = self._averaged()
        due = self.epoch % self.plan.judge_every == 0 or self.epoch == self.until
        found = dict(self.judge()) if self.judge is not None and due else {}
        entry = {"epoch": self.epoch, **learned, **found}
        entry |= {"learning_rate": self.rate, "seconds": time.monotonic() - began}
        self.history.append(entry)
        self._choose(found)
        if moving:
            self.network.set_weights(moving)
        self._checkpoint()
        self.context.emit({"event": "epoch", "epochs": self.until, "seconds_left": self._seconds_left(0.0), **entry})

    def _averaged(self) -> list[np.ndarray]:
        """Put the moving average in place of the weights and return what the optimizer moves on from, if any."""
        if not self.plan.average:
            return []
        moving = self._copied()
        self.network.optimizer.finalize_variable_values(self.network.trainable_variables)
        self.network.set_weights(self._copied())  # not the optimizer's own arrays, which JAX uses up in its next step
        return moving

    def _choose(self, found: Mapping[str, float]) -> None:
        """Keep the weights if they are the best so far; those that nobody judged only while there are no others."""
        value = self._value(found)
        if value is None and self.best > float("-inf"):
            return
        if value is None or value > self.best or not self.best_weights:
            self.best, self.best_epoch = self.best if value is None else value, self.epoch
            self.best_weights, self.waited = self._copied(), 0
        else:
            self.waited += 1

    def _value(self, found: Mapping[str, float]) -> float | None:
        """Return what is chosen by, higher is better; None for an epoch that was not judged."""
        monitor = self.plan.monitor if self.plan.monitor in found else "val_loss"
        if monitor not in found:
            return None if self.judge is not None else float(self.epoch)  # nothing to choose by: the last one is kept
        return -found[monitor] if monitor in LESS_IS_BETTER else found[monitor]

    def _copied(self) -> list[np.ndarray]:
        """Return the weights as arrays of our own; JAX's may be views of memory that the next step overwrites."""
        return [np.array(weight) for weight in self.network.get_weights()]

    def _seconds_left(self, part: float) -> float:
        """Return the seconds to the last epoch, with ``part`` of the present one done."""
        done = self.epoch + part
        return (time.monotonic() - self.started) / max(1e-3, done - self.epochs_before) * (self.until - done)

    def _report(self, step: int, steps: int) -> None:
        now = time.monotonic()
        if now - self.reported < REPORT_EVERY and step < steps:
            return
        self.reported = now
        done = (self.epoch + step / steps) / self.until
        text = self.plan.said(self.epoch + 1, self.until, judged=self.judge is not None)
        left = self._seconds_left(step / steps)
        self.context.emit({"event": "progress", "done": done, "text": text, "seconds_left": left})

    def _place(self) -> Path | None:
        return None if self.context.checkpoint is None else self.context.checkpoint / f"{self.plan.name}.npz"

    def _key(self) -> str:
        """What must be the same for a checkpoint to be gone on with."""
        plan = {name: True if callable(value) else value for name, value in asdict(self.plan).items()}
        shapes = [tuple(variable.shape) for variable in self.network.variables]
        return repr((plan, shapes, self.context.seed, self.until, self.judge is not None, self.data_key))

    def _state(self) -> dict[str, list[Any]]:
        return {"model": self.network.variables, "optimizer": self.network.optimizer.variables}

    def _checkpoint(self) -> None:
        place, began = self._place(), time.monotonic()
        if place is None or (self._goes_on() and began - self.kept < self.writing / CHECKPOINT_SHARE):
            return
        arrays = {part: [np.asarray(v) for v in variables] for part, variables in self._state().items()}
        names = ("epoch", "done", "waited", "best", "best_epoch", "start", "history")
        about = {"key": self._key(), **{name: getattr(self, name) for name in names}}
        write_checkpoint(place, {**arrays, "best": self.best_weights}, {"state": about})
        self.kept = time.monotonic()
        self.writing = self.kept - began

    def _resume(self) -> None:
        place = self._place()
        found = None if place is None else read_checkpoint(place)
        about = {} if found is None else found[1].get("state", {})
        if found is None or about.pop("key", None) != self._key():
            return
        arrays = found[0]
        for part, variables in self._state().items():
            for variable, value in zip(variables, arrays[part], strict=True):
                variable.assign(value)
        self.best_weights = arrays["best"]
        for name, value in about.items():
            setattr(self, name, value)
        self.epochs_before = self.epoch
