"""The first look at images: a page of them by class, and the pictures of rows that are named elsewhere."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from dl_core.domain import Domain
from ui.shell import choice, folders, samples
from ui.shell.context import PageContext
from ui.shell.words import count

ON_PAGE = 12  # images of one page of the grid
PICTURES = (".png", ".jpg", ".jpeg")


def label_column(about: Mapping[str, Any]) -> str | None:
    """Return the label's column in a data set's description."""
    return next(iter(about.get("roles", {}).get("label", ())), None)


def image_key(about: Mapping[str, Any]) -> str | None:
    """Return the name of the image array in a data set's description, or None where there are no images."""
    return next(iter(about.get("roles", {}).get("image", ())), None)


def mixed_by_class(labels: Sequence[Any]) -> list[int]:
    """Return positions that take the classes in turn, so that a first page shows all of them.

    Examples
    --------
    >>> mixed_by_class(["a", "a", "a", "b"])
    [0, 3, 1, 2]
    """
    order = pd.Series(range(len(labels))).groupby(pd.Series(labels, dtype="object").fillna(""), sort=True).cumcount()
    ranked = pd.DataFrame({"turn": order, "label": pd.Series(labels, dtype="object").fillna("").astype(str)})
    return ranked.sort_values(["turn", "label"], kind="stable").index.tolist()


def show(context: PageContext) -> None:
    """Draw the preview of the data set in use."""
    key, table = image_key(context.about), context.table()
    if table is None and context.prepared:
        context.ask("sample", {"domain": context.domain.name, "run": None}, label="Loading the sample")
        return
    if table is None or key is None or context.dataset_folder is None:
        st.caption("The rows of this data set are not stored with the run.")
        return
    _images(context, table, context.dataset_folder, key)


def _images(context: PageContext, table: pd.DataFrame, folder: Path, key: str) -> None:
    column = label_column(context.about)
    labels = table[column].tolist() if column else [""] * len(table)
    classes = list(context.about.get("classes", ()))
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        picked = choice.one_of("Class", ["All", *classes], f"{context.key}_preview_class", default="All", hidden=True)
        order = [at for at in mixed_by_class(labels) if picked in ("All", None) or str(labels[at]) == picked]
        pages = max(1, -(-len(order) // ON_PAGE))
        page = st.pagination(pages, key=f"{context.key}_preview_page_{picked}") if pages > 1 else 1
    shown = order[(page - 1) * ON_PAGE : page * ON_PAGE]
    images_at(folder, key, shown, [str(labels[at]) for at in shown], table.index)
    st.caption(
        f"{len(shown)} of {count(len(order))} images, as the models receive them before their own preprocessing."
    )


def images_at(folder: Path, key: str, places: Iterable[int], captions: Sequence[str], ids: pd.Index) -> None:
    """Draw the images at ``places`` in a grid with their captions; the row id is the text for a screen reader."""
    with st.grid("auto", min_column_width=104, gap="small"):
        for at, caption in zip(places, captions, strict=True):
            st.image(
                folders.image(folder, key, at), caption=caption, width="stretch", alt=f"Image {ids[at]}, {caption}"
            )


def named_rows(context: PageContext, rows: Sequence[str], limit: int = 6) -> None:
    """Draw the first ``limit`` of the named rows as images."""
    key, table = image_key(context.about), context.table()
    if key is None or table is None or context.dataset_folder is None:
        st.caption(", ".join(map(str, rows[:limit])))
        return
    places = [int(at) for at in table.index.get_indexer(list(rows[:limit])) if at >= 0]
    images_at(context.dataset_folder, key, places, [str(table.index[at]) for at in places], table.index)


def strip(domain: Domain, wanted: int = 4) -> np.ndarray | None:
    """Return images of the sample side by side, (height, width[, 3]) uint8, for the card on the home page."""
    if domain.sample is None:
        return None
    place = samples.folder(domain)
    if place is None:
        return _from_archive(str(domain.sample.folder), wanted)
    about, table = folders.dataset(place), folders.table(place)
    key = None if about is None else image_key(about)
    if about is None or table is None or key is None:
        return None
    column = label_column(about)
    order = mixed_by_class(table[column].tolist() if column else [""] * len(table))
    return np.concatenate([folders.image(place, key, at) for at in order[:wanted]], axis=1)


@st.cache_data(show_spinner=False)
def _from_archive(folder: str, wanted: int) -> np.ndarray | None:
    """Return a strip of images spread over the sample's first zip; shared by all visitors, since it ships."""
    archive = next(iter(sorted(Path(folder).glob("*.zip"))), None)
    if archive is None:
        return None
    with zipfile.ZipFile(archive) as files:
        names = [name for name in files.namelist() if name.lower().endswith(PICTURES) and "mask" not in name.lower()]
        taken = names[:: max(1, len(names) // wanted)][:wanted]
        images = [np.asarray(Image.open(io.BytesIO(files.read(name))).convert("L")) for name in taken]
    same = [image for image in images if image.shape == images[0].shape]
    return np.concatenate(same, axis=1) if same else None
