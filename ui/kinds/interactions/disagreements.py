"""Users to whom two models recommend different things: what they took, and both lists with the hits marked."""

from __future__ import annotations

from typing import Any

from ui.kinds.interactions import item_lists
from ui.shell import choice
from ui.shell.context import PageContext
from ui.shell.words import number, percent

MOST_DISAGREEMENTS = 12  # users to choose from
TITLE = "Users with different recommendations"
NONE = "None: both models give every test user the same list."
FOUND = "test users, sorted by overlap of the two lists, lowest first."


def show(context: PageContext, found: list[dict[str, Any]], pair: tuple[str, str]) -> None:
    """Draw the choice of a user, and their history and both lists."""
    shown = {str(row["row"]): _words(row, pair) for row in found[:MOST_DISAGREEMENTS]}
    user = choice.in_box("User", shown, f"{context.key}_apart_{'_'.join(pair)}", width=520)
    lists = context.probe("user_rankings", {"user": user, "models": list(pair)}, label="Loading this user's lists")
    if lists is None:
        return
    item_lists.history(lists)
    item_lists.side_by_side(context, lists, key=f"apart_{user}")


def _words(row: dict[str, Any], pair: tuple[str, str]) -> str:
    """Return a user in the list: how much both lists share, and how good each is."""
    a, b = ("a", "b") if row["a"] == pair[0] else ("b", "a")
    score = f"nDCG A {number(row[f'ndcg_{a}'], 2)}, B {number(row[f'ndcg_{b}'], 2)}"
    return f"{row['row']} · {percent(row['overlap'])} overlap · {score}"
