"""The Report tab: a preview, and everything that can be taken along."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from dl_core.data.safe_export import neutralise
from dl_core.domain import Domain
from ui.shell import choice, downloads, on_request
from ui.shell.context import PageContext
from ui.shell.words import size

BUNDLE = "A zip archive (bundle) with model, preprocessing, model card and checksums, without any of your data."


def show(domain: Domain, context: PageContext) -> None:
    """Draw the tab."""
    files = _files(context)
    if files is None:
        return
    html, card = files
    stem = f"daylight-{domain.name}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        downloads.offer("Report (HTML)", html, f"{stem}-report.html", type="primary")
        downloads.offer("Model card (Markdown)", card, f"{stem}-model-card.md")
        if not context.read_only:
            _predictions(context, stem)
    _bundle(context, stem)
    _commands(context)
    st.subheader("Preview", anchor=False)
    with st.container(border=True):
        st.iframe(html, height=900, alt="The report")


def _commands(context: PageContext) -> None:
    """List what the run can be asked beyond its scores, each with its tab and its command."""
    with st.expander(
        f"All {len(context.probes)} analyses of this run, each as a command", key=f"{context.key}_commands"
    ):
        st.dataframe(commands(context.probes), hide_index=True, width="stretch")
        st.caption("DIR is the run's folder. `--json` prints the whole answer; without a name the options are listed.")


def commands(probes: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return a line an analysis: title, what it answers, its tab, and its command with the options that it needs."""
    return pd.DataFrame(
        {
            "Analysis": [one["title"] for one in probes.values()],
            "What it answers": [one["purpose"] for one in probes.values()],
            "Tab": [one["panel"].capitalize() for one in probes.values()],
            "Command": [f"python -m dl_core probe {name} --run DIR{_needed(one)}" for name, one in probes.items()],
        }
    )


def _needed(probe: Mapping[str, Any]) -> str:
    """Return the options that a probe cannot do without, as the command line takes them."""
    options = "".join(f" --option {one['name']}=…" for one in probe["options"] if one["required"])
    return options + (" --out DIR" if probe["new_cases"] else "")


def _predictions(context: PageContext, stem: str) -> None:
    """Offer what the models said of the held-out rows; many lines go as they are kept."""
    if context.kind.kept_apart:
        kept, what = context.folder / "predictions.parquet", context.words.answers
        downloads.offer(f"Evaluated {what} (Parquet)", kept, f"{stem}-{what}.parquet")
        return
    table = context.predictions()
    if table is not None:
        said = neutralise(with_ids(context, table)).to_csv(index=False).encode()
        downloads.offer("Predictions (CSV)", said, f"{stem}-predictions.csv")


def with_ids(context: PageContext, table: pd.DataFrame) -> pd.DataFrame:
    """Return predictions with the ids by which the user knows the rows, where the data have any."""
    data = context.table()
    names = [name for name in context.roles.get("id", ()) if data is not None and name in data and name not in table]
    return table if data is None else table.assign(**{name: data[name].reindex(table["row"]).array for name in names})


def _files(context: PageContext) -> tuple[Path, Path] | None:
    """Return report and model card: the prepared run brings its own, any other run's are written when asked for."""
    if context.prepared and (context.folder / "report.html").exists():
        return context.folder / "report.html", context.folder / "model_card.md"
    result = context.ask("report", {}, label="Writing the report")
    return None if result is None else (context.path(result["html"]), context.path(result["model_card"]))


def _bundle(context: PageContext, stem: str) -> None:
    """Offer one model as a bundle; it is made when it is asked for."""
    if context.read_only:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        model = choice.model(context, "bundle_model", label="Model to export", width=320)
        icon = ":material/inventory_2:"
        ready = on_request.pressed(context, "Export the model", model, key="make_bundle", icon=icon, help=BUNDLE)
        result = context.ask("export", {"model": model}, label="Exporting the model") if ready else None
        if result is not None:
            path = context.path(result["zip"])
            downloads.offer(f"Bundle ({size(path.stat().st_size)})", path, f"{stem}-{model}.zip")
    st.caption(
        f"Run it anywhere: `python -m dl_core predict --run {stem}-{model}.zip --data NEW --out predictions.csv`"
    )
