"""Concepts: the few ideas on which every page stands, each in a few lines with a small chart from real numbers."""

from __future__ import annotations

from ui.panels import concepts
from ui.shell import frame, states

if frame.routed():
    with states.guarded("concepts"):
        concepts.show()
