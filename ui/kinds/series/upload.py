"""What can be said of series before they are read: how the table lies, how long a step and a season are."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.schema import Role
from ui.shell import options

ASKED = (Role.SERIES, Role.TIME, Role.VALUE)
SHOWN = ("frequency", "season")  # beside the layout
LAYOUTS = {
    "auto": ("Recognise it", "Each of the three is recognised by its columns.", ""),
    "long": (
        "A row for each step",
        "A column says which series, one when, one how much; covariates stand beside them.",
        "shop, month, sales, promo\nOslo, 2024-01, 120, 0\nOslo, 2024-02, 131, 1\nBergen, 2024-01, 75, 0",
    ),
    "columns": (
        "A column for each series",
        "The first column is the time, each other one a series.",
        "month, Oslo, Bergen\n2024-01, 120, 75\n2024-02, 131, 80",
    ),
    "rows": (
        "A row for each series",
        "The first column is the name, then come the values, oldest first, without time stamps.",
        "series, V1, V2, V3\nOslo, 120, 131, 128\nBergen, 75, 80",
    ),
}


def draw(domain: Domain) -> dict[str, Any]:
    """Draw the folded form; return ``roles`` and ``options`` for the reading, those that were said."""
    with st.expander("How to read it", icon=":material/tune:"):
        layout = _layout(domain)
        with st.grid("auto", min_column_width=150):
            chosen = {
                one.name: options.field(one, f"upload_option_{one.name}", one.default, placeholder="found in the data")
                for one in options.read_options(domain)
                if one.name in SHOWN
            }
        roles: dict[str, str] = {}
        if layout in ("auto", "long"):
            with st.grid("auto", min_column_width=150):
                roles = {
                    str(role): st.text_input(
                        f"{str(role).capitalize()} column",
                        key=f"upload_role_{role}",
                        placeholder="recognised",
                        help=domain.schema.field(role).help,
                    ).strip()
                    for role in ASKED
                }
            st.caption("Columns are recognised by their names and by what stands in them. Name one only if it is not.")
    named = {role: [name.strip() for name in text.split(",")] for role, text in roles.items() if text}
    return {**({"roles": named} if named else {}), "options": {"layout": layout, **chosen}}


def _layout(domain: Domain) -> str:
    """Draw the choice of layout with a line and a small example of each."""
    known = options.option(domain, "layout")
    names = [name for name in LAYOUTS if known is None or name in known.choices]
    layout = st.segmented_control(
        "How the table lies",
        names,
        default=names[0],
        format_func=lambda name: LAYOUTS[name][0],
        required=True,
        key="upload_option_layout",
    )
    examples = [name for name in names if LAYOUTS[name][2] and layout in ("auto", name)]
    st.caption(LAYOUTS[layout or "auto"][1])
    for column, name in zip(st.columns(max(len(examples), 1)), examples, strict=True):
        with column:
            if layout == "auto":
                st.caption(f"**{LAYOUTS[name][0]}.** {LAYOUTS[name][1]}")
            st.code(LAYOUTS[name][2], language=None)
    return layout or "auto"
