"""The sample's data: where they lie once a worker has read them, and the run that ships with them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from dl_core.domain import Domain, Sample, domains
from dl_core.engine.base import SERVER
from dl_core.store.shipped import unpacked
from ui.shell import folders, services


def every(domain: Domain) -> tuple[Sample, ...]:
    """Return the domain's samples, the one with the prepared run first."""
    return ((domain.sample,) if domain.sample else ()) + domain.more_samples


def prepared_run(domain: Domain) -> Path | None:
    """Return the folder of the run that ships with the sample, or None where there is none."""
    shipped = domain.sample.prepared_run if domain.sample else None
    run = None if shipped is None else unpacked(Path(shipped), services.home())
    return run if run and (run / "run.json").is_file() else None


def summary(domain: Domain) -> dict[str, Any] | None:
    """Return ``run.json`` of the run that ships with the sample, or None where there is none."""
    run = prepared_run(domain)
    return None if run is None else folders.run_summary(run)


def folder(domain: Domain) -> Path | None:
    """Return the sample as a data set's folder: beside the prepared run, or as a worker has read it, or None."""
    if domain.sample is None:
        return None
    run = prepared_run(domain)
    if run is not None:
        beside = run / (summary(domain) or {}).get("dataset", {}).get("path", "dataset")
        if (beside / "dataset.json").is_file():
            return beside
    read = (services.home() / "cache" / "samples").glob(f"{domain.name}-*/dataset.json")
    newest = max(read, key=folders.stamp, default=None)
    return None if newest is None else newest.parent


def prepare(known: Mapping[str, Domain]) -> None:
    """Have the workers read the samples before the first visitor asks for them."""
    if _inline():
        return  # there is nobody who could do it meanwhile
    for name, domain in known.items():
        if prepared_run(domain) is not None and folder(domain) is None:
            services.submit("sample", {"domain": name, "owner": SERVER}, owner=SERVER, key=f"sample-{name}")


@st.cache_resource(show_spinner=False)
def warm(name: str) -> None:
    """Have the worker load the models of a domain's prepared run, once a server, when its page is first opened.

    Not all domains at the start: an upload would wait behind models that nobody looks at.
    """
    if not _inline() and prepared_run(domains()[name]) is not None:
        run = {"run": {"prepared": name}, "owner": SERVER}
        services.submit("warm_up", run, owner=SERVER, key=f"warm-{name}")


def _inline() -> bool:
    """Return whether jobs are done in this process, at once."""
    return os.environ.get("DAYLIGHT_ENGINE", "").strip() == "inline"


def cover(domain: Domain) -> Path | None:
    """Return the picture that ships with the sample, or None where there is none."""
    drawn = Path(domain.sample.folder) / "cover.png" if domain.sample else None
    return drawn if drawn is not None and drawn.is_file() else None
