"""Runs: search, filter, open, compare side by side, rename, share, delete."""

from __future__ import annotations

from ui import frame, runs, states
from ui.owner import current_owner

if frame.routed():
    with states.guarded("runs"):
        runs.show(current_owner())
