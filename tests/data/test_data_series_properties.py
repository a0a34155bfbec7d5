"""Whatever the values: three layouts read the same, in any order of rows and columns."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl_core.data.series.panel import Panel
from tests.data.series_cases import read, values_of, write

NAMES = ("north", "south", "Äußere Straße", "west 2", "10")
FREQUENCIES = ("h", "D", "W-FRI", "MS", "QE-DEC", "YS-JAN")


@st.composite
def panels(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a wide table: two to five series of up to 40 steps, some starting late, some ending early."""
    names = draw(st.permutations(NAMES))[: draw(st.integers(2, len(NAMES)))]
    n = draw(st.integers(12, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    scale = 10.0 ** draw(st.integers(-2, 5))
    frame = pd.DataFrame({name: np.round(rng.normal(3, 1, n) * scale, 3) for name in names})
    for name in names:
        frame.loc[: draw(st.integers(0, 3)) - 1, name] = np.nan
        frame.loc[n - draw(st.integers(0, 3)) :, name] = np.nan
    frame.index = pd.date_range("2001-03-01", periods=n, freq=draw(st.sampled_from(FREQUENCIES)), name="date")
    return frame


def trimmed(frame: pd.DataFrame) -> dict[str, list[float]]:
    """Return the values of each column between its first and last one."""
    return {str(name): column.loc[column.first_valid_index() : column.last_valid_index()].tolist()
            for name, column in frame.items()}  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(panels())
def test_melted_and_turned_tables_read_the_same(frame: pd.DataFrame) -> None:
    expected = trimmed(frame)
    long = frame.reset_index().melt("date", var_name="store", value_name="sales")
    with TemporaryDirectory() as folder:
        columns = read(write(Path(folder) / "columns.csv", frame, index=True))
        rows = read(write(Path(folder) / "rows.csv", frame.T.rename_axis("store"), index=True))
        longer = read(write(Path(folder) / "long.csv", long))
    assert values_of(columns) == values_of(rows) == values_of(longer) == expected
    panels_read = [Panel.of(data) for data in (columns, rows, longer)]
    assert len({panel.frequency for panel in panels_read}) == 1
    assert all((panel.times == panels_read[0].times).all() for panel in panels_read)


@settings(max_examples=12, deadline=None)
@given(panels(), st.integers(0, 10**6))
def test_shuffled_rows_read_the_same(frame: pd.DataFrame, seed: int) -> None:
    long = frame.reset_index().melt("date", var_name="store", value_name="sales").dropna()
    with TemporaryDirectory() as folder:
        first = read(write(Path(folder) / "a.csv", long))
        second = read(write(Path(folder) / "b.csv", long.sample(frac=1, random_state=seed)))
        wide = read(write(Path(folder) / "c.csv", frame.sample(frac=1, random_state=seed), index=True))
    assert values_of(first) == values_of(second) == trimmed(frame)
    assert values_of(wide) == trimmed(frame)


@settings(max_examples=10, deadline=None)
@given(panels())
def test_notation_does_not_matter(frame: pd.DataFrame) -> None:
    with TemporaryDirectory() as folder:
        plain = read(write(Path(folder) / "a.csv", frame, index=True))
        german = read(write(Path(folder) / "b.csv", frame, index=True, sep=";", decimal=",", na_rep="--"))
    assert values_of(plain) == values_of(german)


def test_a_comma_after_a_zero_is_decimal_however_many_digits_follow(tmp_path: Path) -> None:
    text = "date;north\n" + "".join(f"2001-03-{day:02d};0,3{day:02d}\n" for day in range(1, 13))
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    (values,) = values_of(read(tmp_path / "a.csv")).values()
    assert values == pytest.approx([0.3 + day / 1000 for day in range(1, 13)])


def test_a_comma_between_semicolons_is_decimal_unless_others_group_thousands(tmp_path: Path) -> None:
    for cells, expected in (("3,105", 3.105), ("1,234,567", 1_234_567.0)):
        lines = [f"2001-03-{day:02d};{cells};{day},250\n" for day in range(1, 13)]
        (tmp_path / "a.csv").write_text("date;north;south\n" + "".join(lines), encoding="utf-8")
        found = values_of(read(tmp_path / "a.csv"))
        assert found["north"] == [expected] * 12
        assert found["south"][:2] == ([1.25, 2.25] if expected < 4 else [1_250.0, 2_250.0])
