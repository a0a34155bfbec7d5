"""The Train tab: two presets with an honest estimate, the models ticked, advanced options folded; then progress."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dl_core.domain import Domain
from dl_core.errors import DaylightError, counted
from ui.panels import estimate, progress
from ui.shell import choice, jobs, live, options, readings, state, states
from ui.shell.context import PageContext
from ui.shell.words import about, duration

PRESETS = {"fast": "Fast", "all": "Thorough"}
KINDS = {"baseline": "Simple baselines", "deep": "Deep learning"}


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    if context.dataset is None:
        states.empty(
            "upload_file", "Training needs data. Upload your own at the top right, or take the sample.", key="nt"
        )
        return
    if context.read_only:
        st.info("This run is shared read-only. Open your own data to train.", icon=":material/visibility:")
        return
    job = context.job
    if job is not None and job.live:
        _running(context, job)
        return
    if job is not None and job.state in ("failed", "cancelled"):
        _ended(context, job)
    elif job is not None and job.state == "done":
        _done(context, job)
    _form(domain, context)


def _running(context: PageContext, job: Any) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader("Training", anchor=False)
        st.button("Cancel", icon=":material/close:", key="cancel_train", on_click=jobs.cancel, args=(context, job.id))
    live.follow(job, context.owner, lambda now: progress.draw(context, now), every=live.TRAIN_EVERY)
    st.caption("You can leave this page, reload it, or come back later: training continues.")


def _ended(context: PageContext, job: Any) -> None:
    """Draw a training that failed or was cancelled, with the way to go on."""
    if job.state == "cancelled":
        st.info("The training was cancelled. Your data are untouched.", icon=":material/block:")
        words = "Resume from checkpoint"
        st.button(words, icon=":material/play_arrow:", key="resume", on_click=jobs.resume, args=(context, job.id))
        return
    states.failed(
        job.error or {},
        job.args.get("run_id", job.id),
        safe="Your data and earlier runs are untouched; finished models are kept for resuming.",
        retry=lambda: jobs.resume(context, job.id),
        key="resume",
        button="Resume from checkpoint",
    )


def _done(context: PageContext, job: Any) -> None:
    seconds = (job.finished or 0) - (job.started or 0)
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f":material/check_circle: **Done in {duration(seconds)}.** {_failed_models(context)}", width="content"
        )
        st.button("Compare the models", type="primary", key="to_compare", on_click=_go, args=("Compare",))


def _failed_models(context: PageContext) -> str:
    known = context.record.get("models", {})
    lost = [f"{context.label(name)} ({m['reason']})" for name, m in known.items() if m["state"] != "done"]
    return f"Not trained: {', '.join(lost)}." if lost else ""


def _go(tab: str) -> None:
    st.session_state["tab"] = tab


def _form(domain: Domain, context: PageContext) -> None:
    """Draw the choice of models and the start button."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        _presets(domain, context)
        models = _without_labels(domain, context, _models(domain, context))
        chosen, seed, budget = options.draw(domain, hidden=context.kind.read_options)
        chosen |= st.session_state.get(f"{options.READ}{context.about.get('id')}", {})
    with right, st.container(border=True):
        rows = _training_rows(context)
        guess = estimate.for_page(domain, context.owner, models, rows)
        st.subheader("Start", anchor=False)
        st.markdown(guess.line if models else "Select at least one model.")
        _held_out(context)
        _mends(context)
        blocked = _blocking(context)
        if blocked:
            st.error(f"{blocked} Fix it on the Data tab first.", icon=":material/error:")
        pressed = st.button(
            "Start training",
            type="primary",
            icon=":material/play_arrow:",
            key="start_training",
            width="stretch",
            disabled=not models or bool(blocked),
        )
    if pressed:
        _start(domain, context, {"models": models, "options": chosen, "seed": seed, "time_budget": budget})


def _without_labels(domain: Domain, context: PageContext, models: list[str]) -> list[str]:
    """Return the ticked models; where no row has a label only those that need none, and say so."""
    if context.roles.get("label") or not context.kind.labels:
        return models
    free = [name for name, offer in domain.models.items() if offer.unlabelled]
    if not free:
        return models
    st.info(
        f"No labels: only unsupervised models are trained: {', '.join(map(context.label, free))}. Set the label "
        "column on the Data tab to train the others.",
        icon=":material/label_off:",
    )
    return [name for name in models if name in free] or free


def _presets(domain: Domain, context: PageContext) -> None:
    key = f"{domain.name}_preset"
    st.session_state.setdefault(key, "fast")
    choice.one_of(
        "Preset",
        {name: PRESETS[name] for name in [name for name in PRESETS if name in domain.presets]},
        key,
        on_change=_tick,
        args=(domain,),
        help="Fast: the domain's best models, about a minute. Thorough: all models.",
    )
    rows = _training_rows(context)
    each = {
        words: estimate.for_page(domain, context.owner, domain.presets[name], rows).seconds
        for name, words in PRESETS.items()
        if name in domain.presets
    }
    known = [f"{words} {about(seconds)}" for words, seconds in each.items() if seconds is not None]
    if known:
        st.caption(" · ".join(known))


def _tick(domain: Domain) -> None:
    """Tick the models of the preset, from its callback."""
    for name in domain.models:
        st.session_state[_model_key(domain, name)] = name in domain.presets[st.session_state[f"{domain.name}_preset"]]


def _model_key(domain: Domain, name: str) -> str:
    return f"{domain.name}_model_{name}"


def _models(domain: Domain, context: PageContext) -> list[str]:
    """Draw a box for each model with its one sentence; return the ticked ones."""
    ticked = []
    for kind, title in KINDS.items():
        offers = [offer for offer in domain.models.values() if offer.kind == kind]
        if offers:
            st.markdown(f"**{title}**")
        for offer in offers:
            key = _model_key(domain, offer.name)
            st.session_state.setdefault(key, offer.name in domain.presets["fast"])
            if st.checkbox(f"**{offer.label}**: {offer.summary}", key=key, persist_state="session", wrap=True):
                ticked.append(offer.name)
    return [name for name in domain.models if name in ticked]


def _held_out(context: PageContext) -> None:
    """Say what will be held out under the options of the form, where these decide it."""
    if not context.kind.split_options:
        return
    told = context.record.get("protocol", "")
    if context.own:
        asked = {"dataset_id": context.own, "options": options.asked(context), "run": None}
        found = context.ask("inspect", asked, label="Computing the split")
        told = (found or {}).get("split", {}).get("protocol", "") if found and found["split"] else ""
    if told:
        st.caption(f":material/event: Evaluated on {told}. Forecast horizon and test windows are under Options.")


def _mends(context: PageContext) -> None:
    mended = state.bench(context.domain, context.owner)["mend"]
    if mended:
        st.caption(f":material/build: Fixed before training: {', '.join(kind.replace('-', ' ') for kind in mended)}.")


def _training_rows(context: PageContext) -> int:
    """Return how many rows will train: the run's count where there is one, else seven in ten."""
    if context.summary and context.run_folder:
        return context.record["counts"]["train"]
    return round(0.7 * context.about["rows"])


def _blocking(context: PageContext) -> str:
    notes = context.about.get("notes", ())
    return next((note["message"] for note in notes if note["level"] == "error" and not note.get("mend")), "")


def _start(domain: Domain, context: PageContext, form: Mapping[str, Any]) -> None:
    """Check the form, then train; the sample is read into a data set of one's own first."""
    chosen = state.bench(domain, context.owner)
    name = f"{context.about['name']}, {counted(len(form['models']), 'model')}"
    try:
        full = {**form, "options": domain.parse_options(form["options"]), "mend": list(chosen["mend"]), "name": name}
        if context.own:
            jobs.start_training(domain, context.owner, context.own, full)
            readings.close(domain, context.owner)
        else:
            readings.start(domain, context.owner, {"sample": True, "name": context.about["name"]}, then=full)
    except DaylightError as error:
        states.show_error(error)
        return
    st.rerun()
