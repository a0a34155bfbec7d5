"""How long a job still takes, from the progress it reports."""

from __future__ import annotations

import math


class TimeLeft:
    """An estimate of the seconds left that does not jump.

    Two speeds are mixed: the mean since the start, which is steady, and a recent one smoothed exponentially in time,
    which follows a change of pace (features first, then many quick heads). Their geometric mean is used.

    Parameters
    ----------
    started : float
        Seconds on any clock that the later calls use too.
    memory : float
        Time constant of the smoothing, seconds.
    """

    def __init__(self, started: float, memory: float = 15.0) -> None:
        self._started, self._memory = started, memory
        self._at, self._done, self._speed = started, 0.0, 0.0

    def update(self, now: float, done: float) -> float | None:
        """Return seconds left at ``now`` with a fraction ``done`` finished; None while too little is known."""
        elapsed, step = now - self._started, now - self._at
        if done > self._done and step > 0:
            speed = (done - self._done) / step
            weight = 1.0 if self._speed == 0 else 1 - math.exp(-step / self._memory)
            self._speed += weight * (speed - self._speed)
            self._at, self._done = now, done
        if done >= 1:
            return 0.0
        if done < 0.01 or elapsed <= 0 or self._speed <= 0:
            return None
        return (1 - done) / math.sqrt(self._speed * done / elapsed)
