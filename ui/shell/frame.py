"""What surrounds every page: title, logo, where each domain's page is, and what the server does once."""

from __future__ import annotations

import gc
import importlib
import runpy
from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import Page

from dl_core.domain import Domain, domains
from ui.shell import samples, services

ROUTED = "_routed"  # session key
ROUTER = Path(__file__).parents[2] / "app.py"
LOGO = Path(__file__).parents[1] / "assets" / "daylight.svg"
HEAVY = (
    "plotly.graph_objects",
    "pyarrow.parquet",
    "ui.panels.domain_page",
    "ui.panels.data",
    "ui.panels.train",
    "ui.shell.charts",
)


def routed() -> bool:
    """Return whether the router has run in this session; run it here and return False if it has not.

    Until a server has first seen ``st.navigation`` it takes the files in ``pages/`` for an old-style app and runs the
    one that a deep link names by itself; every page asks this first, so that such a visitor gets the whole app.
    """
    if ROUTED in st.session_state:
        return True
    runpy.run_path(str(ROUTER))
    return False


def configure() -> None:
    """Set the browser's title and icon and draw the logo."""
    st.session_state[ROUTED] = True
    st.set_page_config(page_title="Daylight", page_icon=str(LOGO), layout="wide")
    st.logo(str(LOGO), size="large")


@st.cache_resource(show_spinner=False)
def settle() -> None:
    """Do once a server what would cost every page: import what pages need, take it out of garbage collection, warm up.

    After every run of a script Streamlit collects garbage; frozen objects are not looked at again.
    """
    for name in HEAVY:
        importlib.import_module(name)
    services.engine().warm()
    samples.prepare(domains())
    gc.collect()
    gc.freeze()


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
