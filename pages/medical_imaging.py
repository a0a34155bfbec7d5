"""The page of medical imaging."""

from dl_core.domain import get_domain
from ui import frame
from ui.domain_page import show

if frame.routed():
    show(get_domain("medical_imaging"))
