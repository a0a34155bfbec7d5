"""How the time of a run is shared between its models, and how far it has come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from dl_core.models.base import Emit, Offer

EFFORT = {"baseline": 1.0, "deep": 6.0}  # rough share of a run's time by kind of model
KEPT_BACK = 0.08  # of the time budget, for scoring and judging


class Budget:
    """Seconds for a whole run, or none.

    Parameters
    ----------
    seconds : float or None
    clock : callable
        Returns seconds from any start.
    """

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self.clock = seconds, clock
        self.started = clock()

    @property
    def spent(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self.started

    @property
    def left(self) -> float:
        """Seconds left for training; infinite without a budget."""
        return float("inf") if self.seconds is None else self.seconds * (1 - KEPT_BACK) - self.spent

    def over(self) -> bool:
        """Say whether all of it is used up."""
        return self.left <= 0

    def share(self, effort: float, all_effort: float) -> Callable[[], bool]:
        """Return a check that says when a model's part, ``effort`` of ``all_effort`` still to come, is used up."""
        end = self.spent + self.left * effort / all_effort
        return lambda: self.spent > end


class Course:
    """Turns the events of one model after another into those of the whole run."""

    def __init__(self, offers: list[Offer], emit: Emit, budget: Budget) -> None:
        self.emit, self.budget = emit, budget
        self.effort = {offer.name: EFFORT.get(offer.kind, 1.0) for offer in offers}
        self.labels = {offer.name: offer.label for offer in offers}
        self.finished = 0.0

    def to_come(self) -> float:
        """Return the effort of the models that are not finished."""
        return sum(self.effort.values()) - self.finished

    def of(self, name: str) -> Emit:
        """Return what a model's fit sends its events to."""

        def emit(event: dict[str, Any]) -> None:
            event = {**event, "model": name}
            if event.get("event") == "progress":
                event = {**event, **self._overall(name, event)}
            self.emit(event)

        return emit

    def _overall(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        total = sum(self.effort.values())
        done = 0.97 * (self.finished + self.effort[name] * event["done"]) / total
        left = self.budget.spent * (1 - done) / done if done > 0.02 else event.get("seconds_left")
        if left is not None and self.budget.seconds is not None:
            left = min(left, max(0.0, self.budget.seconds - self.budget.spent))
        return {"done": done, "seconds_left": left, "text": f"{self.labels[name]}: {event['text']}"}

    def end(self, name: str, state: str, reason: str = "") -> None:
        """Note that a model ended as ``"done"``, ``"failed"`` or ``"skipped"``."""
        self.finished += self.effort[name]
        self.emit({"event": "model", "model": name, "state": state, "reason": reason})

    def begin(self, name: str) -> None:
        """Note that a model's training begins."""
        self.emit({"event": "model", "model": name, "state": "running", "reason": ""})
