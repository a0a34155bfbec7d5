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
    "auto": ("Detect", "The layout is detected from the columns.", ""),
    "long": (
        "Long",
        "One row per series and time: a column for the series, the time and the value; covariates in further columns.",
        "shop, month, sales, promo\nOslo, 2024-01, 120, 0\nOslo, 2024-02, 131, 1\nBergen, 2024-01, 75, 0",
    ),
    "columns": (
        "Wide (series in columns)",
        "The first column is the time, every other column a series.",
        "month, Oslo, Bergen\n2024-01, 120, 75\n2024-02, 131, 80",
    ),
    "rows": (
        "Wide (series in rows)",
        "The first column is the series name, then the values, oldest first, without timestamps.",
        "series, V1, V2, V3\nOslo, 120, 131, 128\nBergen, 75, 80",
    ),
}


def draw(domain: Domain) -> dict[str, Any]:
    """Draw the folded form; return ``roles`` and ``options`` for the reading, those that were said."""
    with st.expander("How files are read", icon=":material/tune:"):
        layout = _layout(domain)
        with st.grid("auto", min_column_width=150):
            chosen = {
                one.name: options.field(one, f"upload_option_{one.name}", one.default, placeholder="detected")
                for one in options.read_options(domain)
                if one.name in SHOWN
            }
        named = {}
        if layout in ("auto", "long"):
            named = options.named_roles(domain, ASKED)
            st.caption("Columns are recognised by name and content. Name one only if it is not recognised.")
    return {**({"roles": named} if named else {}), "options": {"layout": layout, **chosen}}


def _layout(domain: Domain) -> str:
    """Draw the choice of layout with a line and a small example of each."""
    known = options.option(domain, "layout")
    names = [name for name in LAYOUTS if known is None or name in known.choices]
    layout = st.segmented_control(
        "Table layout",
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
