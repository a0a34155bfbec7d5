"""A domain's options as a form: the widget follows from what the option says of itself."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dl_core.domain import Domain, Option

SIDE_BY_SIDE = 170  # pixels that a short option needs


def draw(domain: Domain) -> tuple[dict[str, Any], int, float | None]:
    """Draw the folded options; return them with the seed and the time budget in seconds."""
    with st.expander("Options", icon=":material/tune:"):
        options = {}
        with st.grid("auto", min_column_width=SIDE_BY_SIDE):
            options.update({one.name: _field(domain, one) for one in domain.options if not one.lines})
            seed = st.number_input(
                "Seed",
                0,
                2**31 - 1,
                0,
                key=f"{domain.name}_seed",
                persist_state="session",
                help="The same seed, data and machine give the same scores.",
            )
            minutes = st.number_input(
                "Time limit in minutes",
                0,
                24 * 60,
                0,
                key=f"{domain.name}_minutes",
                persist_state="session",
                help="0 for none. Models that do not fit into the time are skipped, and the run says so.",
            )
        options.update({one.name: _field(domain, one) for one in domain.options if one.lines})
    return options, int(seed), 60.0 * minutes or None


def _field(domain: Domain, option: Option) -> Any:
    """Draw the widget that fits an option's kind."""
    hint = option.help[:1].upper() + option.help[1:]
    shared = {"key": f"{domain.name}_option_{option.name}", "help": hint, "persist_state": "session"}
    title = option.name.replace("_", " ").capitalize()
    if option.kind is bool:
        return st.toggle(title, option.default, **shared)
    if option.choices:
        return st.selectbox(title, option.choices, option.choices.index(option.default), **shared)
    if option.kind is int:
        return int(st.number_input(title, value=option.default, step=1, **shared))
    if option.kind is float:
        small = abs(option.default) <= 1
        return st.number_input(
            title,
            value=float(option.default),
            step=0.05 if small else 0.5,
            format="%.2f" if small else "%.1f",
            **shared,
        )
    if option.lines:
        shown = f"{title} ({option.help})"
        return st.text_area(shown, option.default, height=130, key=shared["key"], persist_state="session")
    return st.text_input(title, option.default, **shared)
