"""What the Explain tab shows of a text: its words, the strongest first."""

import streamlit as st

from ui.kinds.table.explain import controls, more, usual_target  # noqa: F401

LABEL = "Weighing words"


def case(context, case, view, choice):
    """Draw the words that speak loudest."""
    for one in case["maps"]:
        words = ", ".join(f"{part['name']} {part['weight']:+.2f}" for part in one["features"][:5])
        st.markdown(f"**{context.label(one['model'])}** for {one['target']}: {words}")
