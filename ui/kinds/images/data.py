"""What the Data tab shows of images: a page of them by class, the balance of the split, what metadata came along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from ui.kinds.images import preview
from ui.shell import charts, folders, theme
from ui.shell.context import PageContext
from ui.shell.words import count, percent

PARTS, PART_COLOURS = theme.PARTS, theme.PART_COLOURS


first_look, named_rows = preview.show, preview.named_rows


def facts(context: PageContext, split: Mapping[str, Any] | None, seen: None = None) -> None:
    """Draw balance and coverage."""
    _balance(context, split)
    _coverage(context)


def _balance(context: PageContext, split: Mapping[str, Any] | None) -> None:
    """Draw how many rows each class has in each part of the split."""
    table, column = context.table(), preview.label_column(context.about)
    counted = _class_counts(context, table, column, (split or {}).get("balance"))
    if counted:
        total = {name: sum(parts.values()) for name, parts in counted.items()}
        smallest = min(total, key=lambda name: total[name])
        share = total[smallest] / max(1, sum(total.values()))
        balanced = share * len(total) > 0.8  # the rarest class has at least 80 % of its even share
        title = (
            "The classes are balanced" if balanced else f"{smallest} is the minority class: {percent(share)} of rows"
        )
        chart = charts.stacked(counted, title, x="Rows", colours={**PART_COLOURS, "Rows": theme.DEEP[0]})
        words = "; ".join(f"{name}: {count(number)}" for name, number in total.items())
        charts.draw(chart, f"Rows by class and split. {words}.", key="balance")
    elif split:
        parts = {"Rows": {PARTS[part]: split[part] for part in PARTS}}
        chart = charts.stacked(parts, "Rows by split", x="Rows", colours=PART_COLOURS)
        charts.draw(chart, f"Rows by split: {parts['Rows']}.", key="balance")


def _class_counts(
    context: PageContext, table: pd.DataFrame | None, column: str | None, counted: Mapping[str, Any] | None
) -> dict[str, dict[str, int]] | None:
    """Return rows by class and part of the run's split, else of the one that training would make."""
    splits = folders.splits(context.run_folder) if context.run_folder else None
    if splits is None and counted:
        return {name: {PARTS.get(part, "Rows"): n for part, n in parts.items()} for name, parts in counted.items()}
    if table is None or column is None or not context.classes:
        return None
    labels = table[column].astype("object")
    if splits is None:
        return {name: {"Rows": int((labels == name).sum())} for name in context.classes}
    part_of = pd.Series({row: PARTS[part] for part in PARTS for row in splits[part]}, dtype="object")
    pairs = pd.crosstab(labels, part_of.reindex(labels.index))
    wanted = [part for part in PARTS.values() if part in pairs.columns]
    return {
        name: {part: int(pairs.at[name, part]) for part in wanted} for name in context.classes if name in pairs.index
    }


def _coverage(context: PageContext) -> None:
    """Draw how much of each metadata column is filled."""
    table, label = context.table(), preview.label_column(context.about)
    if table is None:
        return
    columns = [name for name in table.columns if name != label][:12]
    if not columns:
        st.caption("No metadata columns: bias is checked on groups derived from the images.")
        return
    with st.expander(f"Metadata ({count(len(columns))} columns)", icon=":material/table_rows:"):
        rows = [
            {
                "Column": name,
                "Non-missing": float(table[name].notna().mean()),
                "Distinct values": int(table[name].nunique()),
            }
            for name in columns
        ]
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            alt="Share of non-missing values and number of distinct values of each metadata column",
            column_config={"Non-missing": st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)},
        )
