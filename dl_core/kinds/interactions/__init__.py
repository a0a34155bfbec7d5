"""Rows that say who took what."""

from dl_core.data.interactions.histories import POSITIVE
from dl_core.kinds.base import Kind, Learning, Words
from dl_core.schema import Role

KIND = Kind(
    name="interactions",
    needs=(Role.USER, Role.ITEM),
    words=Words(row=("interaction", "interactions"), case=("user", "users"), unit=("user", "users"), answers="lists"),
    like="",
    case=Role.USER,
    labels=False,
    fixed=(Role.IMAGE, Role.HISTORY, Role.GROUP, Role.FEATURE),
    made=(POSITIVE,),
    kept_apart=True,
    read_options=("taken", "zero", "positive_from", "repeats", "min_user", "min_item"),
    learning=Learning((("val_ndcg", "solid", ""),), "Validation nDCG by epoch", "nDCG on validation users"),
)
