"""Progress of a long verb on a terminal or in a log."""

from __future__ import annotations

import time
from typing import Any, TextIO

EVERY = 2.0  # seconds between two lines, so that a log stays readable


class Progress:
    """Turns a run's events into lines, at most one every `EVERY` seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = 0.0

    def say(self, line: str) -> None:
        """Print a line at once."""
        print(line, file=self._stream, flush=True)

    def event(self, event: dict[str, Any]) -> None:
        """Print an event if it matters or if the last line is long ago."""
        kind = event.get("event")
        if kind == "model":
            reason = f": {event['reason']}" if event.get("reason") else ""
            self.say(f"{event['model']}: {event['state']}{reason}")
        elif kind == "progress" and time.monotonic() - self._last > EVERY:
            self._last = time.monotonic()
            left = event.get("seconds_left")
            ending = f", about {left:.0f} s left" if left is not None else ""
            self.say(f"  {100 * event['done']:3.0f} % {event.get('text', '')}{ending}")
