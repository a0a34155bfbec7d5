"""The page of forecasting."""

from dl_core.domain import get_domain
from ui import frame
from ui.domain_page import show

if frame.routed():
    show(get_domain("forecasting"))
