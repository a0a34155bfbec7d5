"""What can be said of interactions before they are read: which columns, what counts, who is kept."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.schema import Role
from ui.kinds.interactions.data_facts import TITLES
from ui.shell import options

ASKED = (Role.USER, Role.ITEM, Role.VALUE, Role.TIME)


def draw(domain: Domain) -> dict[str, Any]:
    """Draw the folded form; return ``roles`` and ``options`` for the reading, those that were changed."""
    with st.expander("How files are read", icon=":material/tune:"):
        st.caption("Columns are recognised by name. Name one here only if it is not recognised.")
        named = options.named_roles(domain, ASKED)
        with st.grid("auto", min_column_width=150):
            chosen = {
                one.name: options.field(one, f"upload_option_{one.name}", one.default, title=TITLES[one.name])
                for one in options.read_options(domain)
            }
    return {**({"roles": named} if named else {}), "options": chosen}
