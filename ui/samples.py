"""The sample's data: where they lie once a worker has read them, and a first picture before that."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import streamlit as st

from dl_core.domain import Domain
from ui import preview, reading, services

SERVER = "server"  # owner of the jobs that make the first visit quick
PICTURES = (".png", ".jpg", ".jpeg")


def folder(domain: Domain) -> Path | None:
    """Return the sample as a data set's folder: beside the prepared run, or as a worker has read it, or None."""
    if domain.sample is None:
        return None
    run = Path(domain.sample.prepared_run)
    summary = reading.run_summary(run)
    beside = run / (summary or {}).get("dataset", {}).get("path", "dataset")
    if (beside / "dataset.json").is_file():
        return beside
    read = (services.home() / "cache" / "samples").glob(f"{domain.name}-*/dataset.json")
    newest = max(read, key=reading.stamp, default=None)
    return None if newest is None else newest.parent


def prepare(domains: dict[str, Domain]) -> None:
    """Have the workers read the samples and load the prepared models before the first visitor asks for them."""
    if os.environ.get("DAYLIGHT_ENGINE", "").strip() == "inline":
        return  # there is nobody who could do it meanwhile
    for name, domain in domains.items():
        if domain.sample is None or not (Path(domain.sample.prepared_run) / "run.json").is_file():
            continue
        if folder(domain) is None:
            services.submit("sample", {"domain": name, "owner": SERVER}, owner=SERVER, key=f"sample-{name}")
        run = {"run": {"prepared": name}, "owner": SERVER}
        services.submit("warm_up", run, owner=SERVER, key=f"warm-{name}")


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
    about, table = reading.dataset(place), reading.table(place)
    key, column = preview.image_key(about), preview.label_column(about)
    if key is None:
        return None
    order = preview.mixed_by_class(table[column].tolist() if column else [""] * len(table))
    return np.concatenate([reading.image(place, key, at) for at in order[:wanted]], axis=1)


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
