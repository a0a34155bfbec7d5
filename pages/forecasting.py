"""The page of forecasting."""

from dl_core.domain import get_domain
from ui.panels.domain_page import show
from ui.shell import frame

if frame.routed():
    show(get_domain("forecasting"))
