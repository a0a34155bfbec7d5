"""Where each domain's page is: a file in ``pages/``, or the page that every domain has for one that came without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from dl_core.domain import Domain, domains

PAGES = Path(__file__).parents[2] / "pages"


def page_of(domain: Domain) -> Page:
    """Return a domain's page, for the navigation and for switching to it."""
    file = PAGES / f"{domain.name}.py"
    return st.Page(
        file if file.is_file() else _shown(domain),
        title=domain.title,
        icon=domain.symbol,
        url_path=domain.name,
        help=domain.purpose,
    )


def _shown(domain: Domain) -> Callable[[], None]:
    """Return a function that draws the page that all domains share."""

    def draw() -> None:
        from ui.panels.domain_page import show

        show(domain)

    return draw


def go_to(name: str) -> None:
    """Switch to the page of the domain of that name."""
    st.switch_page(page_of(domains()[name]))
