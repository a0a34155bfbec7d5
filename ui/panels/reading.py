"""The card "How your files were read": the first thing after an upload, the same for every kind of row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from dl_core.data.reading import LEFT_OUT, FileReading, Question, Reading
from dl_core.domain import Domain, Option
from dl_core.errors import counted
from ui import kinds
from ui.panels import findings, reading_columns
from ui.shell import folders, options, readings
from ui.shell.context import PageContext
from ui.shell.words import count, escaped

TITLE = "How your files were read"
COUNTED = ("count", "users", "items")  # of what a kind says of itself, in the headline
NOUNS = {"images": "image", "masks": "mask"}  # of what a part of the files holds; else rows
FILES = 6  # lines of files that are shown at once
ON_BUTTON = 40  # letters that fit on a button on a phone; what an answer says beyond stands below it
KEPT_ROWS = (
    "A change reads the rows that were kept again. What was left out before does not come back; upload the files again "
    "for that."
)


def show(context: PageContext) -> bool:
    """Draw the open card, if there is one; return whether there is nothing else to show below it."""
    card = readings.card(context.domain, context.owner)
    if card is None or not _about_this(card, context):
        return False
    with st.container(border=True, key="reading"):
        _head(context, card)
        if card.running is not None:
            readings.running(context, card.running)
        if card.failed is not None:
            readings.failed(context, card.failed, readings.SAFE_UPLOAD)
        if card.reading is not None:
            _body(context, card, card.reading)
        else:
            _without_reading(context, card)
    return card.reading is None or card.reading.open


def folded(context: PageContext) -> None:
    """Draw how the data set on the page was read, folded; changes read the rows that were kept."""
    if context.dataset_folder is None:
        return
    about = folders.json_file(context.dataset_folder / "reading.json")
    reading = Reading.from_dict(about) if about else reading_columns.of_description(context)
    fold = st.expander(TITLE, icon=":material/fact_check:", key=f"{context.key}_reading_fold", on_change="rerun")
    if fold.open:
        with fold:
            st.caption(headline(context, reading))
            _sentences(reading)
            _files(reading.files)
            fixed = context.own is None or context.read_only
            st.caption("These belong to the sample." if context.about.get("id") is None else KEPT_ROWS)
            reading_columns.show(context, reading, fixed=fixed, hidden=context.kind.fixed)


def _about_this(card: readings.Card, context: PageContext) -> bool:
    """Return whether the card is about the data on the page, or about none yet."""
    made = card.read.result.get("dataset_id") if card.read is not None else None
    return made is None or made == context.own


def _head(context: PageContext, card: readings.Card) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left, st.container(gap=None):
        st.subheader(TITLE, anchor=False)
        if card.reading is not None:
            st.markdown(headline(context, card.reading))
    with right, st.container(horizontal=True, horizontal_alignment="right"):
        made = card.reading is not None and not card.reading.open
        if card.reading is None and card.running is not None:
            return
        words = "Continue" if made else "Discard upload"
        st.button(
            words,
            type="primary" if made else "secondary",
            icon=":material/arrow_forward:" if made else ":material/delete:",
            key="reading_continue" if made else "reading_discard",
            disabled=made and (card.running is not None or card.failed is not None),
            on_click=readings.close,
            args=(context.domain, context.owner),
            help="The uploaded files are deleted; what was read of them stays." if made else None,
        )


def headline(context: PageContext, reading: Reading) -> str:
    """Return what comes of it: "840 images · 2 classes · class folders"."""
    parts = [f"**{counted(reading.rows, *context.domain.called.row)}**"] if reading.rows else []
    for key, facts in reading.about.items():
        shown = [name for name in COUNTED if isinstance(facts, Mapping) and name in facts]
        parts += [f"{count(facts[name])} {key if name == 'count' else name}" for name in shown]
    told = kinds.part(context, "data", "read_as")
    parts += [escaped(part) for part in told(reading.about)] if told else []
    if reading.target is not None and reading.target.values:
        parts.append(f"{len(reading.target.values)} classes")
    if reading.unit:
        parts.append(f"grouped by {escaped(reading.unit['name'])} ({count(reading.unit['units'])})")
    if reading.layout:
        parts.append(escaped(reading.layout))
    if not reading.rows and reading.open:
        parts.append("one question is open" if len(reading.questions) == 1 else "questions are open")
    bare = [part.replace("**", "") for part in parts]
    return " · ".join(part for at, part in enumerate(parts) if bare[at] not in bare[:at])


def _body(context: PageContext, card: readings.Card, reading: Reading) -> None:
    for at, question in enumerate(reading.questions):
        _question(context, question, at, disabled=card.running is not None)
    _sentences(reading)
    if card.given and card.running is None:
        st.button(
            "Undo all my answers",
            type="tertiary",
            icon=":material/undo:",
            key="reading_forget",
            on_click=readings.forget_answers,
            args=(context.domain, context.owner),
        )
    if reading.certain and not card.given:
        fold = st.expander("Files, columns and options", key="reading_certain", on_change="rerun")
        if fold.open:
            with fold:
                _parts(context, card, reading)
    else:
        _parts(context, card, reading)
    if reading.open:
        findings.show_plain([one for one in reading.findings if one["level"] != "info"])


def _parts(context: PageContext, card: readings.Card, reading: Reading) -> None:
    """Draw files, columns and options, all of which can be changed."""
    _files(reading.files)
    reading_columns.show(context, reading, fixed=card.running is not None)
    _options(context, card, reading)


def _question(context: PageContext, question: Question, at: int, disabled: bool) -> None:
    """Draw an open question with a button an answer."""
    with st.container(border=True, key=f"reading_question_{at}"):
        before, _, after = question.text.rpartition("?")
        st.markdown(f":material/help: **{escaped(before)}?**{escaped(after)}" if before else escaped(after))
        with st.container(horizontal=True):
            for number, choice in enumerate(question.choices):
                label, more = _on_button(choice.text)
                st.button(
                    escaped(label),
                    key=f"reading_answer_{at}_{number}",
                    disabled=disabled,
                    on_click=readings.again,
                    args=(context.domain, context.owner, choice.roles, choice.options),
                )
                if more:
                    st.caption(escaped(more), width="content")


def _on_button(text: str) -> tuple[str, str]:
    """Return what of an answer stands on its button, and what beside it, parted where a clause ends."""
    if len(text) <= ON_BUTTON:
        return text, ""
    ends = [at for mark in (": ", "; ", ", ", " (") if (at := text.rfind(mark, 0, ON_BUTTON + 1)) > 0]
    at = max(ends, default=0)
    return (text[:at], text[at:].lstrip(":;, ")) if at else (text, "")


def _sentences(reading: Reading) -> None:
    """Draw what was assumed, and the facts that follow from the roles, a line each."""
    for sentence in reading.assumed:
        st.markdown(f":orange[:material/lightbulb:] Assumed: {escaped(sentence)}")
    target = reading.target
    if target is not None and target.values:
        shown = [f"{escaped(value)} ({count(n)})" for value, n in list(target.values.items())[:12]]
        more = f" and {len(target.values) - 12} more" if len(target.values) > 12 else ""
        positive = f"; positive class: **{escaped(target.positive)}**" if target.positive else ""
        without = f"; {count(target.unlabelled)} without a label" if target.unlabelled else ""
        st.markdown(f":material/target: **{escaped(target.column)}**: {', '.join(shown)}{more}{positive}{without}")
    if reading.split.get("given"):
        parts = ", ".join(f"{count(n)} {part}" for part, n in reading.split.get("counts", {}).items() if n)
        st.markdown(f":material/call_split: The split came with the data and is kept: {parts}.")


def _files(files: Sequence[FileReading]) -> None:
    """Draw a line a file: name, part, how it is written, and why; what is beyond the first lines is folded."""
    used = [one for one in files if one.part != LEFT_OUT] + [one for one in files if one.part == LEFT_OUT]
    for one in used[:FILES]:
        _file(one)
    if len(used) > FILES:
        fold = st.expander(f"{counted(len(used) - FILES, 'more file')}", key="reading_files", on_change="rerun")
        if fold.open:
            with fold:
                for one in used[FILES : FILES + 200]:
                    _file(one)


def _file(one: FileReading) -> None:
    icon = ":material/draft:" if one.part != LEFT_OUT else ":material/block:"
    rows = [] if one.rows is None else [counted(one.rows, NOUNS.get(one.part, "row"))]
    said = [
        *([] if rows and one.part in NOUNS else [one.part]),
        *rows,
        *([one.written] if one.written else []),
    ]
    why = f":small[:gray[{escaped(one.why)}]]" if one.why != one.part else ""
    st.markdown(f"{icon} **{escaped(one.name)}** · {escaped(' · '.join(said))} {why}")


def _options(context: PageContext, card: readings.Card, reading: Reading | None) -> None:
    """Draw the domain's options of reading, folded, with what was asked for in them."""
    shown = _offered(context.domain, card, reading)
    if not shown:
        return
    asked = {**(reading.options if reading else {}), **(card.asked.get("options") or {})}
    with (
        st.expander("Options of reading", icon=":material/tune:", key="reading_options"),
        st.form("reading_options_form", border=False),
    ):
        job = (card.read or card.failed or card.running).id
        with st.grid("auto", min_column_width=180):
            chosen = {
                one.name: options.field(one, f"reading_option_{job}_{one.name}", asked.get(one.name, one.default))
                for one in shown
            }
        if st.form_submit_button("Read again", disabled=card.running is not None):
            said = {one.name: chosen[one.name] for one in shown if chosen[one.name] != asked.get(one.name, one.default)}
            readings.again(context.domain, context.owner, {}, said)
            st.rerun()


def _offered(domain: Domain, card: readings.Card, reading: Reading | None) -> list[Option]:
    """Return the options that say how files are read: the kind's, and those that were asked about or chosen."""
    named = {*domain.kind.read_options, *(card.asked.get("options") or {})}
    if reading is not None:
        answers = [choice.options for question in reading.questions for choice in question.choices]
        named |= {*reading.options, *(name for one in answers for name in one)}
    return [option for option in domain.options if option.name in named]


def _without_reading(context: PageContext, card: readings.Card) -> None:
    """Draw what can be said of files that have not been read yet, or could not be."""
    if card.failed is None:
        st.skeleton(height=160)
        return
    _options(context, card, None)
    with (
        st.expander("Name the columns", icon=":material/view_column:", key="reading_names"),
        st.form("reading_names_form", border=False),
    ):
        named: dict[str, Any] = {}
        with st.grid("auto", min_column_width=180):
            for field in context.domain.schema.fields:
                if field.role in context.kind.fixed:
                    continue
                text = st.text_input(
                    str(field.role).capitalize(),
                    ", ".join((card.asked.get("roles") or {}).get(str(field.role), ())),
                    key=f"reading_name_{field.role}",
                    placeholder="recognised",
                    help=field.help,
                )
                if text.strip():
                    named[str(field.role)] = [name.strip() for name in text.split(",")]
        if st.form_submit_button("Read again"):
            readings.again(context.domain, context.owner, named)
            st.rerun()
