"""Files that can be taken along."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

import streamlit as st

PARQUET = "application/vnd.apache.parquet"  # which no table of file endings knows


def offer(label: str, data: bytes | Path, name: str, *, key: str = "", **look: Any) -> None:
    """Draw the button that downloads ``data``, or a file, as ``name``; without the file it cannot be pressed."""
    there = not isinstance(data, Path) or data.is_file()
    st.download_button(
        label,
        (data.open("rb") if there else b"") if isinstance(data, Path) else data,
        name,
        mimetypes.guess_type(name)[0] or PARQUET,
        icon=":material/download:",
        key=key or f"download_{name}",
        on_click="ignore",
        disabled=not there,
        **look,
    )
