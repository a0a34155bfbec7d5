"""Options of forecasting that several places ask for: how series are read, and how far ahead is looked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.domain import Domain, Option
from dl_core.schema import Role
from ui.shell import jobs
from ui.shell.context import PageContext

READ = ("layout", "frequency", "season", "scale_season")  # say how files are read
SPLIT = ("horizon", "windows", "validation_windows", "stride")  # say what is held out; they stand in the Train form


def fits(domain: Domain) -> bool:
    """Return whether the domain reads series."""
    return domain.schema.field(Role.SERIES) is not None and domain.schema.field(Role.VALUE) is not None


def read_options(domain: Domain) -> list[Option]:
    """Return the domain's options that say how files are read."""
    return [option for option in domain.options if option.name in READ]


def option(domain: Domain, name: str) -> Option | None:
    """Return an option of the domain by name."""
    return next((one for one in domain.options if one.name == name), None)


def train_key(domain: Domain, name: str) -> str:
    """Return under which key of the session the Train form keeps an option."""
    return f"{domain.name}_option_{name}"


def asked(context: PageContext) -> dict[str, Any]:
    """Return the options that this browser chose for the data on the page, in either form; only what was chosen."""
    domain, own = context.domain, (context.dataset or {}).get("id")
    chosen = dict(st.session_state.get(f"{jobs.READ}{own}", {})) if own else {}
    for name in SPLIT:
        value = st.session_state.get(train_key(domain, name))
        if value:
            chosen[name] = int(value)
    return {name: value for name, value in chosen.items() if name in (*READ, *SPLIT)}


def changed(context: PageContext, wanted: Mapping[str, Any]) -> bool:
    """Return whether another split was asked for than the run on the page has."""
    run = ((context.summary or {}).get("spec") or {}).get("options", {})
    return any(name in SPLIT and run.get(name) != value for name, value in wanted.items())
