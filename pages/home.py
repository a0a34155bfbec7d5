"""Home: what this is, a card for each domain, what runs now, the last runs, one line on the machine."""

from __future__ import annotations

from dl_core.domain import domains
from ui.panels import home
from ui.shell import frame, live, states
from ui.shell.owner import current_owner

if frame.routed():
    live.begin()
    with states.guarded("home"):
        home.show(domains(), current_owner())
    live.watch()
