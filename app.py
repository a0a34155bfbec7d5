"""Daylight's dashboard: the router. Start it with ``python start.py``, or ``streamlit run app.py``."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

import dl_core.domains  # noqa: F401 - makes the domains known
from dl_core.domain import domains
from ui.shell import first_paint, frame

PAGES = Path(__file__).parent / "pages"

frame.configure()
frame.settle()

views = [st.Page(PAGES / "home.py", title="Home", icon=":material/home:", url_path="home", default=True)]
views += [frame.page_of(domain) for domain in domains().values()]
views.append(st.Page(PAGES / "runs.py", title="Runs", icon=":material/history:", url_path="runs"))
views.append(st.Page(PAGES / "concepts.py", title="Concepts", icon=":material/school:", url_path="concepts"))

view = st.navigation(views, position="top")
first_paint.begin(view.url_path)
view.run()
first_paint.done()
