"""Files and archives for the tests of reading."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from dl_core.data.dataset import Dataset
from dl_core.reading.images.read import read_images
from dl_core.reading.request import ReadRequest

settings.register_profile("any machine", deadline=None)  # how long an example takes says something of the machine only
settings.load_profile("any machine")


@pytest.fixture()
def write(tmp_path: Path) -> Callable[[Mapping[str, bytes | str]], Path]:
    """Return a function that writes files below a new folder and returns it."""

    def write_files(files: Mapping[str, bytes | str], name: str = "data") -> Path:
        for path, content in files.items():
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / name

    return write_files


@pytest.fixture()
def pack(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that packs files into a zip and returns its path."""

    def pack_files(files: Mapping[str, bytes | str], name: str = "data.zip") -> Path:
        with zipfile.ZipFile(tmp_path / name, "w") as packed:
            for path, content in files.items():
                packed.writestr(path, content)
        return tmp_path / name

    return pack_files


@pytest.fixture()
def read() -> Callable[..., Dataset]:
    """Return a function that reads paths with options."""

    def read_paths(*paths: Path, **request: Any) -> Dataset:
        return read_images(ReadRequest(tuple(paths), **request))

    return read_paths
