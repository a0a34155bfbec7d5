"""One domain's page: header, strip and seven tabs in the order of the data's way. The same for every industry."""

from __future__ import annotations

import importlib

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dl_core.domain import Domain
from ui.panels import sources, status_line
from ui.shell import first_paint, live, readings, samples, state, states
from ui.shell.context import PageContext
from ui.shell.owner import current_owner

TABS = {
    "Data": "ui.panels.data",
    "Train": "ui.panels.train",
    "Compare": "ui.panels.compare",
    "Explain": "ui.panels.explain",
    "Bias": "ui.panels.bias",
    "Predict": "ui.panels.predict",
    "Report": "ui.panels.report",
}
NEEDS_RUN = ("Compare", "Explain", "Bias", "Predict", "Report")
TAB = "tab"  # session key and address parameter of the open tab
DRAWN = "_drawn_tab"  # session key: the tab whose body was drawn last


def show(domain: Domain) -> None:
    """Draw the page of ``domain``."""
    live.begin()
    with states.guarded(f"page {domain.name}"):
        owner = current_owner()
        readings.take_in(domain, owner)
        context = state.page_context(domain, owner)
        _header(context)
        status_line.show(context)
        for note in context.notes:
            st.warning(note, icon=":material/info:")
        readings.show_progress(context)
        _tabs(context)
        samples.warm(domain.name)  # after what the page itself has asked
    live.watch()


def _header(context: PageContext) -> None:
    domain = context.domain
    left, right = st.columns([5, 6], vertical_alignment="center")
    with left, st.container(gap=None):
        st.title(domain.title, anchor=False)
        st.caption(domain.purpose + (f" **{domain.notice}**" if domain.notice else ""))
    with right:
        sources.show(context)


def _tabs(context: PageContext) -> None:
    """Draw the tab bar and the body of the open tab only."""
    tabs = st.tabs(list(TABS), key=TAB, on_change=_keep_drawn, bind="query-params")
    st.session_state[DRAWN] = st.session_state[TAB]
    for name, tab in zip(TABS, tabs, strict=True):
        if not tab.open:
            continue
        first_paint.pause(first_paint.FRAME / 2)
        with tab, states.guarded(f"{context.domain.name}, {name}"):
            if name in NEEDS_RUN and context.run is None:
                _train_first(context, name)
            else:
                importlib.import_module(TABS[name]).show(context.domain, context)


def _keep_drawn() -> None:
    """Undo a change of tab that nobody made: without it a slow browser would show an empty tab.

    Whoever clicks a tab has the whole page drawn. A poll of a fragment brings another tab only where the browser sent
    it before it had drawn the tab that we opened.
    """
    script = get_script_run_ctx()
    if script is not None and script.fragment_ids_this_run:
        st.session_state[TAB] = st.session_state.get(DRAWN, st.session_state[TAB])


def _train_first(context: PageContext, name: str) -> None:
    if context.job is not None and context.job.live:
        states.empty(
            "model_training",
            f"{name} is available once training is done.",
            "Show progress",
            key=f"go_train_{name}",
            on_click=go_to,
            args=("Train",),
        )
        return
    sentence = f"{name} needs a trained model." if context.dataset else f"{name} needs data and a trained model."
    target = "Train" if context.dataset else "Data"
    words = "Train models" if context.dataset else "Choose data"
    states.empty("model_training", sentence, words, key=f"go_{name}", on_click=go_to, args=(target,))


def go_to(tab: str) -> None:
    """Open another tab, from a button's callback."""
    st.session_state[TAB] = tab
