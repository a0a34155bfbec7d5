"""Rows that are short texts: a kind that Daylight itself does not have."""

from dl_core.kinds import Kind, Words
from dl_core.schema import Role

TEXT = Role.new("text")
KIND = Kind(
    name="text",
    needs=(TEXT,),
    words=Words(row=("text", "texts"), case=("text", "texts"), unit=("text", "texts")),
    rooms={"ui.kinds": "toy_reviews.ui", "dl_core.data": "toy_reviews"},
)
