"""Everything that speaks for or against training on series, found at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset, Finding
from dl_core.data.findings import ROWS_LISTED, listed, worst_first
from dl_core.data.parts import check_mendable, part_ranks, without_rows
from dl_core.data.privacy import personal_kind
from dl_core.data.series.degenerate import spread_of
from dl_core.data.series.panel import AHEAD, Panel
from dl_core.data.splits import Splits
from dl_core.errors import counted, shorten
from dl_core.schema import Role

MENDABLE = ("value-copied", "constant-series")
FEW_WINDOWS = 10  # cases of the test; below, intervals are too wide to say much
_SAME = 0.999  # correlation of a known-ahead covariate with the value, from which it gives the value away


def check_series(dataset: Dataset, splits: Splits | None = None) -> list[Finding]:
    """Return what reading noted, what values and covariates show, and what the split gives away; errors first.

    Parameters
    ----------
    dataset : Dataset
    splits : Splits, optional
        With it, the parts are judged too.
    """
    findings = list(dataset.notes)
    if len(dataset):
        panel = Panel.of(dataset)
        findings += [*_copied(dataset, panel), *_ahead(dataset, panel), *_personal(panel)]
        if splits is not None:
            findings += _parts(dataset, panel, splits)
    return worst_first(findings)


def _copied(dataset: Dataset, panel: Panel) -> list[Finding]:
    """Return covariates that repeat the value of the same step."""
    findings = []
    for role, word in ((Role.FUTURE, "known in the future"), (Role.PAST, "past only")):
        names = [name for name in dataset.roles.get(role, ()) if _same(dataset.table[name], panel)]
        if not names:
            continue
        known = role == Role.FUTURE
        more = (
            "This is target leakage: remove it, or mark it as past covariate (role past)."
            if known
            else "It adds no information to the history."
        )
        text = f"Columns almost identical to the target at every step ({word}): {listed(names, 4)}. {more}"
        findings.append(
            Finding("warning" if known else "info", "value-copied", text, mend="value-copied" if known else "")
        )
    return findings


def _same(column: pd.Series, panel: Panel) -> bool:
    values = column.to_numpy(dtype=np.float64)
    known = np.isfinite(values) & np.isfinite(panel.values)
    if known.sum() < 10 or values[known].std() == 0 or panel.values[known].std() == 0:
        return False
    return bool(np.corrcoef(values[known], panel.values[known])[0, 1] > _SAME)


def _ahead(dataset: Dataset, panel: Panel) -> list[Finding]:
    """Return a warning where known-ahead covariates end with the values."""
    names = list(dataset.roles.get(Role.FUTURE, ()))
    if not names:
        return []
    table = dataset.side.get(AHEAD)
    told = 0 if table is None else int(pd.Index(panel.series).isin(table["series"].unique()).sum())
    if told == len(panel):
        return []
    some = f"for {len(panel) - told:,} of {len(panel):,} series" if told else "for any series"
    text = (
        f"Future covariates ({listed(names, 4)}) have no values after the last step {some}. Forecasts will use the "
        "values of one season before; to set them, add rows with a time, these columns and an empty value."
    )
    return [Finding("warning", "nothing-ahead", text)]


def _personal(panel: Panel) -> list[Finding]:
    what = personal_kind([str(name) for name in panel.series], persons=False)
    if not what:
        return []
    text = (
        f"Names of series look like {what}. They will appear in charts, reports and exports; pseudonymise them first."
    )
    return [Finding("warning", "personal-ids", text)]


def _parts(dataset: Dataset, panel: Panel, splits: Splits) -> list[Finding]:
    """Return findings on the parts of the split."""
    rank = part_ranks(dataset, splits)
    tested = np.add.reduceat((rank == 2).astype(np.int64), panel.starts[:-1])
    findings = []
    without = tested == 0
    if without.any():
        share = without.mean()
        rows = tuple(dataset.ids[panel.starts[:-1][without]][:ROWS_LISTED])
        text = (
            f"{int(without.sum()):,} of {len(panel):,} series have no test window: too short, or constant. They "
            "are used for training and forecast, but not evaluated."
        )
        findings.append(Finding("warning" if share > 0.2 else "info", "unjudged-series", text, rows))
    judged = int((~without).sum())
    if judged < FEW_WINDOWS:
        text = (
            f"The test has {judged} series only, so metrics will be uncertain; use more test windows (option windows)."
        )
        findings.append(Finding("info", "few-series", text))
    missing = np.isnan(panel.values) & (rank == 2)
    if missing.any():
        share = missing.sum() / max(1, (rank == 2).sum())
        text = f"{share:.1%} of the test steps have missing values and are not evaluated."
        findings.append(Finding("warning" if share > 0.1 else "info", "missing-test-values", text))
    return [*findings, *_still(panel, rank, ~without)]


def _still(panel: Panel, rank: np.ndarray, judged: np.ndarray) -> list[Finding]:
    """Return series that never change before the test but do in it."""
    _, low, high = spread_of(np.where(rank == 2, np.nan, panel.values), panel.starts)
    still = judged & ~(low < high)
    if not still.any():
        return []
    text = (
        f"{counted(still.sum(), 'series is', 'series are')} constant before the test and not in it; their scaled "
        "errors are relative to their level."
    )
    return [Finding("info", "still-before-test", text)]


def mend_series(dataset: Dataset, splits: Splits, kinds: Iterable[str]) -> tuple[Dataset, Splits]:
    """Return data set and splits with findings mended; test rows are never touched.

    ``"value-copied"`` takes away known-ahead covariates that repeat the value; ``"constant-series"`` takes series that
    never change out of training and validation.

    Raises
    ------
    OptionError
        If there is no such kind, or nothing would be left to train on.
    """
    kinds = check_mendable(kinds, MENDABLE)
    panel = Panel.of(dataset)
    if "value-copied" in kinds:
        future = dataset.roles.get(Role.FUTURE, ())
        kept = tuple(name for name in future if not _same(dataset.table[name], panel))
        roles = {role: names for role, names in dataset.roles.items() if role != Role.FUTURE}
        gone = [shorten(name, 40) for name in future if name not in kept]
        dataset = replace(
            dataset,
            roles=roles | ({Role.FUTURE: kept} if kept else {}),
            table=dataset.table.drop(columns=[name for name in future if name not in kept]),
            fingerprint="",
        )
        splits = replace(splits, protocol=f"{splits.protocol}; without {', '.join(gone)}") if gone else splits
    if "constant-series" in kinds:
        number, low, high = spread_of(panel.values, panel.starts)
        rows = dataset.ids[np.repeat(~(low < high), panel.lengths)]
        splits = without_rows(splits, set(rows), "constant series removed from training")
    return dataset, splits
