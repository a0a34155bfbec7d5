"""What the Data tab shows of texts: the first ones, word for word."""

import streamlit as st


def first_look(context):
    """Draw the first texts."""
    table = context.table()
    texts = [] if table is None else list(table[context.dataset["roles"]["text"][0]].head(5))
    for text in texts:
        st.markdown(f"> {text}")
    return texts


def facts(context, split, seen):
    """Draw how many texts are shown."""
    st.caption(f"First {len(seen)} texts")
