"""A domain's options as a form: the widget follows from what the option says of itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import streamlit as st

from dl_core.domain import Domain, Option
from ui.shell.context import PageContext

TITLES = {  # where the name alone says too little
    "backbone": "Pretrained backbone",
    "delay_days": "Label delay (days)",
    "epochs": "Max epochs",
    "held_out": "Held-out items per user",
    "refit": "Refit on all rows",
    "hierarchy": "Hierarchy levels",
    "horizon": "Forecast horizon",
    "image_size": "Image size (pixels)",
    "imbalance": "Class-imbalance handling",
    "k": "List length k",
    "layout": "Table layout",
    "lookback": "Lookback (input length)",
    "loss_share": "Loss given missed fraud",
    "min_item": "Minimum interactions per item (k-core)",
    "min_user": "Minimum interactions per user (k-core)",
    "networks": "Ensemble size",
    "positive_from": "Positive-feedback threshold",
    "reconcile": "Hierarchical reconciliation",
    "repeats": "Duplicate interactions",
    "review_budget": "Review budget per day",
    "review_cost": "Cost per review",
    "scale_season": "MASE seasonality m",
    "season": "Season length",
    "seeds": "Ensemble size",
    "sequence_length": "Max sequence length",
    "stride": "Stride",
    "time_limit": "Time limit per model (s)",
    "windows": "Test windows",
}
READ = "_read_"  # session key before a data set's id: the options it was read with
SIDE_BY_SIDE = 170  # pixels that a short option needs


def draw(domain: Domain, hidden: Collection[str] = ()) -> tuple[dict[str, Any], int, float | None]:
    """Draw the folded options but those ``hidden``; return them with the seed and the time budget in seconds."""
    with st.expander("Options", icon=":material/tune:"):
        options = {}
        shown = [one for one in domain.options if one.name not in hidden]
        with st.grid("auto", min_column_width=SIDE_BY_SIDE):
            options.update({one.name: _field(domain, one) for one in shown if not one.lines})
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
                "Time budget (min)",
                0,
                24 * 60,
                0,
                key=f"{domain.name}_minutes",
                persist_state="session",
                help="0: no limit. Models that do not fit into the time budget are skipped, and the run says so.",
            )
        if any(one.default == 0 and "0: automatic" in one.help for one in shown):
            st.caption("0: chosen automatically; see the help of each option.")
        options.update({one.name: _field(domain, one) for one in shown if one.lines})
    return options, int(seed), 60.0 * minutes or None


def _field(domain: Domain, option: Option) -> Any:
    """Draw an option of a training; what stands in it survives a page switch."""
    return field(option, train_key(domain, option.name), option.default, persist_state="session")


def train_key(domain: Domain, name: str) -> str:
    """Return under which key of the session the Train form keeps an option."""
    return f"{domain.name}_option_{name}"


def asked(context: PageContext) -> dict[str, Any]:
    """Return what this browser chose of how its data are read and of what is held out; only what was chosen."""
    kind, own = context.kind, context.own
    chosen = dict(st.session_state.get(f"{READ}{own}", {})) if own else {}
    for name in kind.split_options:
        value = st.session_state.get(train_key(context.domain, name))
        if value:
            chosen[name] = int(value)
    return {name: value for name, value in chosen.items() if name in (*kind.read_options, *kind.split_options)}


def read_options(domain: Domain) -> list[Option]:
    """Return the domain's options that say how files are read."""
    return [option for option in domain.options if option.name in domain.kind.read_options]


def option(domain: Domain, name: str) -> Option | None:
    """Return an option of the domain by name."""
    return next((one for one in domain.options if one.name == name), None)


def field(option: Option, key: str, value: Any, *, title: str = "", **shared: Any) -> Any:
    """Draw the widget that fits an option's kind with ``value`` in it, and return what stands there."""
    hint = option.help[:1].upper() + option.help[1:]
    title = title or TITLES.get(option.name) or option.name.replace("_", " ").capitalize()
    if option.lines:
        return st.text_area(f"{title} ({option.help})", value, height=130, key=key, **shared)
    shared = {**shared, "key": key, "help": hint}
    if option.kind is bool:
        return st.toggle(title, value, **shared)
    if option.choices:
        return st.selectbox(title, option.choices, option.choices.index(value), **shared)
    if option.kind is int:
        return int(st.number_input(title, value=int(value), step=1, **shared))
    if option.kind is float:
        small = abs(option.default) <= 1
        return st.number_input(
            title, value=float(value), step=0.05 if small else 0.5, format="%.2f" if small else "%.1f", **shared
        )
    return st.text_input(title, value, **shared)
