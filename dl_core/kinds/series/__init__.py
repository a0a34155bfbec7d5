"""Rows that are steps of series."""

from dl_core.kinds.base import Kind, Learning, Words
from dl_core.schema import Role

KIND = Kind(
    name="series",
    needs=(Role.SERIES, Role.VALUE),
    words=Words(row=("step", "steps"), case=("series", "series"), unit=("series", "series"), answers="forecasts"),
    like="",
    case=Role.SERIES,
    corruptions={
        "noise": "Noise",
        "missing": "Missing segments",
        "level_shift": "Level shifts",
        "outliers": "Outliers",
    },
    labels=False,
    fixed=(Role.IMAGE, Role.HISTORY, Role.GROUP),  # groups stand beside the series, not in the rows
    single=(Role.SERIES, Role.VALUE),
    kept_apart=True,
    steady=True,
    read_options=("layout", "dates", "missing", "gaps", "frequency", "season", "scale_season"),
    split_options=("horizon", "windows", "validation_windows", "stride"),
    learning=Learning((("val_mase", "solid", ""),), "Validation error by epoch", "MASE on validation windows"),
)
