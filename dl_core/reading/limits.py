"""How much one upload may hold. Whoever runs Daylight for a team sets other limits by environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from dl_core.errors import LimitError, OptionError

MEGABYTE = 1_000_000  # bytes


@dataclass(frozen=True)
class Limits:
    """Upper bounds on what is read; each field ``x`` is overridden by the variable ``DAYLIGHT_X`` in capitals.

    Parameters
    ----------
    max_upload_mb : int
        Size of all given files together, in 10^6 bytes.
    max_unpacked_mb : int
        Size of what the archives unpack to, in 10^6 bytes.
    max_files : int
        Number of files, after unpacking.
    max_ratio : int
        Unpacked over packed size of an archive (beyond 100 MB); real images stay far below.
    max_megapixels : int
        Pixels of one image, in 10^6, checked before decoding.
    max_working_mb : int
        Size of the working images, or of the working table, of one data set in memory, in 10^6 bytes.
    max_rows : int
        Rows of one table.
    """

    max_upload_mb: int = 2_000
    max_unpacked_mb: int = 8_000
    max_files: int = 200_000
    max_ratio: int = 200
    max_megapixels: int = 80
    max_working_mb: int = 4_000
    max_rows: int = 10_000_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Limits:
        """Return the limits with the environment's overrides.

        Raises
        ------
        OptionError
            If a variable is not a whole number above zero.
        """
        environment = os.environ if environment is None else environment
        found = {}
        for limit in fields(cls):
            variable = f"DAYLIGHT_{limit.name.upper()}"
            text = environment.get(variable, "").strip()
            if not text:
                continue
            if not text.isdecimal() or int(text) == 0:
                raise OptionError(f"{text!r} is not a limit", where=variable, expected="a whole number above zero")
            found[limit.name] = int(text)
        return cls(**found)


def check_upload(paths: list[Path], limits: Limits) -> None:
    """Check number and size of the given files (folders are counted with all that is in them).

    Raises
    ------
    LimitError
        If they are too many or too large.
    """
    count, size = 0, 0
    for path in paths:
        for file in path.rglob("*") if path.is_dir() else [path]:
            if file.is_file():
                count, size = count + 1, size + file.stat().st_size
    if count > limits.max_files:
        raise LimitError(
            f"{count:,} files are more than one data set may have",
            where="upload",
            expected=f"at most {limits.max_files:,}",
            todo="upload fewer files, or raise DAYLIGHT_MAX_FILES on the server",
        )
    if size > limits.max_upload_mb * MEGABYTE:
        raise LimitError(
            f"{size / MEGABYTE:,.1f} MB are more than one upload may have",
            where="upload",
            expected=f"at most {limits.max_upload_mb:,} MB",
            todo="upload a part of it or smaller images, or raise DAYLIGHT_MAX_UPLOAD_MB on the server",
        )


def check_pixels(height: int, width: int, where: str, limits: Limits) -> None:
    """Check the size of one image before it is decoded.

    Raises
    ------
    LimitError
        If it has more pixels than one image may have.
    """
    if height * width > limits.max_megapixels * 1_000_000:
        raise LimitError(
            f"the image claims {width:,} × {height:,} pixels",
            where=where,
            expected=f"at most {limits.max_megapixels:,} million pixels",
            todo="cut it into tiles or save it smaller",
        )
