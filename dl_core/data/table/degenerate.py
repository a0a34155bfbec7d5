"""Labels from which nothing can be learned: no fraud, one fraud, nothing but fraud."""

from __future__ import annotations

import pandas as pd

from dl_core.data.dataset import Finding
from dl_core.data.table.labels import FRAUD, HONEST


def label_findings(labels: pd.Series) -> list[Finding]:
    """Return what stands in the way of learning: no fraud, one fraud, nothing but fraud."""
    frauds, honest = int((labels == FRAUD).sum()), int((labels == HONEST).sum())
    unlabelled = "or name no label column for anomaly detection"
    if not frauds:
        text = f"None of the {honest:,} labelled rows is fraud, so there is nothing to learn. Add frauds, {unlabelled}."
        return [Finding("error", "no-fraud", text)]
    if not honest:
        text = f"All {frauds:,} labelled rows are fraud. Add legitimate transactions, {unlabelled}."
        return [Finding("error", "all-fraud", text)]
    if frauds == 1:
        row = str(labels.index[(labels == FRAUD).to_numpy()][0])
        text = f"There is one fraud only (row {int(row) + 1:,}); it can be used for training or evaluation, not both."
        text += f" Add frauds, {unlabelled}."
        return [Finding("error", "one-fraud", text, (row,))]
    return []
