"""Runs: search, filter, open, compare side by side, rename, share, delete."""

from __future__ import annotations

from ui.panels import runs
from ui.shell import frame, states
from ui.shell.owner import current_owner

if frame.routed():
    with states.guarded("runs"):
        runs.show(current_owner())
