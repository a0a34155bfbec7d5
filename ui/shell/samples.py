"""The sample's data: where they lie once a worker has read them, and a first picture before that."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dl_core.domain import Domain, Sample, domains
from dl_core.engine.base import SERVER
from ui.kinds.images import preview
from ui.shell import folders, services

PICTURES = (".png", ".jpg", ".jpeg")


def every(domain: Domain) -> tuple[Sample, ...]:
    """Return the domain's samples, the one with the prepared run first."""
    return ((domain.sample,) if domain.sample else ()) + domain.more_samples


def prepared_run(domain: Domain) -> Path | None:
    """Return the folder of the run that ships with the sample, or None where there is none."""
    run = domain.sample.prepared_run if domain.sample else None
    return Path(run) if run and (Path(run) / "run.json").is_file() else None


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


def picture(domain: Domain, wanted: int = 4) -> np.ndarray | str | None:
    """Return images of the sample side by side, (height, width[, 3]) uint8, or the path of its ``cover.png``."""
    if domain.sample is None:
        return None
    drawn = Path(domain.sample.folder) / "cover.png"
    if drawn.is_file():
        return str(drawn)
    place = folder(domain)
    if place is None:
        return _from_archive(str(domain.sample.folder), wanted)
    about, table = folders.dataset(place), folders.table(place)
    key, column = preview.image_key(about), preview.label_column(about)
    if key is None:
        return None
    order = preview.mixed_by_class(table[column].tolist() if column else [""] * len(table))
    return np.concatenate([folders.image(place, key, at) for at in order[:wanted]], axis=1)


@st.cache_data(show_spinner=False)
def _from_archive(folder: str, wanted: int) -> np.ndarray | None:
    """Return a strip of images spread over the sample's first zip; shared by all visitors, since it ships."""
    from PIL import Image

    archive = next(iter(sorted(Path(folder).glob("*.zip"))), None)
    if archive is None:
        return None
    with zipfile.ZipFile(archive) as files:
        names = [name for name in files.namelist() if name.lower().endswith(PICTURES) and "mask" not in name.lower()]
        taken = names[:: max(1, len(names) // wanted)][:wanted]
        images = [np.asarray(Image.open(io.BytesIO(files.read(name))).convert("L")) for name in taken]
    same = [image for image in images if image.shape == images[0].shape]
    return np.concatenate(same, axis=1) if same else None
