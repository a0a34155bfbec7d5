"""The five designed states of every panel: empty, loading, running, failed, done (which is the panel itself)."""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import streamlit as st

from dl_core.errors import DaylightError
from ui.shell import theme
from ui.shell.words import about

logger = logging.getLogger("daylight.ui")
BADGES: dict[str, tuple[str, theme.Badge, str]] = {
    "waiting": ("Waiting", "gray", "hourglass_empty"),
    "running": ("Training", "blue", "sync"),
    "done": ("Done", "green", "check"),
    "failed": ("Failed", "red", "error"),
    "cancelled": ("Cancelled", "orange", "block"),
    "skipped": ("Skipped", "orange", "skip_next"),
}


def empty(
    icon: str,
    sentence: str,
    button: str = "",
    *,
    key: str,
    on_click: Callable[..., None] | None = None,
    args: tuple[Any, ...] = (),
) -> bool:
    """Draw an empty state: an icon, a sentence and at most one button; return whether the button was pressed."""
    with st.container(border=True, horizontal_alignment="center", gap="small"):
        st.space("small")
        st.markdown(f"### :material/{icon}:", text_alignment="center", width="content")
        st.markdown(sentence, text_alignment="center")
        pressed = bool(button) and st.button(button, type="primary", key=key, on_click=on_click, args=args)
        st.space("small")
    return pressed


def not_kept(rows: str) -> None:
    """Say that single ``rows`` ("images") cannot be looked at."""
    empty("folder_off", f"The {rows} of this run are not stored with it.", key="no_rows")


def loading(height: int = 160) -> None:
    """Draw a skeleton where something will stand shortly."""
    st.skeleton(height=height)


def bar(text: str, job: Any) -> None:
    """Draw how far a job is and how long it still takes, behind ``text``."""
    left = f" · {about(job.seconds_left)} left" if job.seconds_left else ""
    st.progress(min(max(job.progress or 0.0, 0.0), 1.0), text=f"{text}{left}")


def working(label: str, job: Any) -> None:
    """Draw a running or waiting job: what it does, how far it is, how long it still takes."""
    text = "waiting for a free worker" if job.state == "queued" else job.text
    bar(f"{label}: {text}" if text else label, job)
    st.skeleton(height=120)


def badge(state: str, more: str = "") -> None:
    """Draw the state of a run, a training or one of its models; the words say it as well as the colour."""
    word, colour, icon = BADGES.get(state, BADGES["waiting"])
    st.badge(f"{word}{more}", icon=f":material/{icon}:", color=colour)


def failed(
    error: Mapping[str, Any],
    number: str,
    *,
    safe: str = "Your data and earlier results are untouched.",
    retry: Callable[[], None] | None = None,
    key: str = "",
    button: str = "Try again",
    icon: str = "refresh",
) -> None:
    """Draw a failure: what happened, what is safe, what to do; details folded, the id shown."""
    st.error(f"{error.get('line') or 'Something went wrong.'}\n\n{safe}", icon=":material/error:")
    with st.container(horizontal=True, vertical_alignment="center"):
        if retry:
            st.button(button, icon=f":material/{icon}:", on_click=retry, key=key)
        st.caption(f"Id `{number}`")
    details = {name: error[name] for name in ("where", "problem", "expected", "todo") if error.get(name)}
    if details:
        with st.expander("Details"):
            for name, text in details.items():
                st.markdown(f"**{name.capitalize()}**: {text}")


def show_error(error: DaylightError) -> None:
    """Draw a user's mistake with its next step."""
    st.error(error.line(), icon=":material/error:")


@contextmanager
def guarded(where: str) -> Iterator[None]:
    """Draw a `DaylightError` as its line and any other fault as ours, with an id; never a traceback on the page."""
    try:
        yield
    except DaylightError as error:
        show_error(error)
    except Exception:  # noqa: BLE001 - the last line of defence of a page: logged with an id, shown as a fault of ours
        number = uuid.uuid4().hex[:8]
        logger.error("fault %s in %s\n%s", number, where, traceback.format_exc())
        st.error(
            "Internal error while rendering this part. Your data and results are untouched. Reload the page; if "
            f"it persists, report it with id `{number}`.",
            icon=":material/error:",
        )
