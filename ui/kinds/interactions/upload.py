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
        with st.grid("auto", min_column_width=150):
            chosen = {
                one.name: options.field(one, f"upload_option_{one.name}", one.default, title=TITLES[one.name])
                for one in options.read_options(domain)
            }
    named = {role: [column] for role, column in roles.items() if column}
    return {**({"roles": named} if named else {}), "options": chosen}
