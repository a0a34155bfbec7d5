"""Small worlds of users, items and lists for tests of recommendations."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dl_core.data.interactions.catalogue import Catalogue
from dl_core.data.interactions.histories import Histories
from dl_core.evaluate.interactions.facts import InteractionFacts
from dl_core.evaluate.interactions.rankings import Rankings


def catalogue_of(n_items: int, **features) -> Catalogue:
    """Return a catalogue of items ``i000`` … with these features."""
    ids = np.array([f"i{at:03d}" for at in range(n_items)], dtype=object)
    return Catalogue(ids, pd.DataFrame(features, index=ids))


def histories_of(taken: dict[str, list[int]], n_items: int) -> Histories:
    """Return the histories of users by id, as item codes."""
    items = np.array([code for codes in taken.values() for code in codes], dtype=np.int32)
    starts = np.concatenate([[0], np.cumsum([len(codes) for codes in taken.values()])]).astype(np.int64)
    return Histories(np.array(list(taken), dtype=object), n_items, items, starts, np.ones(len(items), np.float32))


def facts_of(taken: dict[str, list[int]], n_items: int, **features) -> InteractionFacts:
    """Return the facts of such histories."""
    return InteractionFacts.of(histories_of(taken, n_items), catalogue_of(n_items, **features))


def rankings_of(lists: dict[str, dict[str, list[int]]], held: dict[str, set[int]], split: str = "test") -> Rankings:
    """Return rankings of each model's list (item codes) for each user, who really took ``held``."""
    lines = []
    for model, by_user in lists.items():
        for user, codes in by_user.items():
            truth = held.get(user, set())
            for rank, code in enumerate(codes, 1):
                lines.append((model, split, user, rank, f"i{code:03d}", -float(rank), code in truth, len(truth)))
    names = ["model", "split", "row", "rank", "item", "score", "hit", "relevant"]
    return Rankings(pd.DataFrame(lines, columns=names))


def both(*parts: Rankings) -> Rankings:
    """Return several rankings as one."""
    return Rankings(pd.concat([part.table for part in parts], ignore_index=True))


def drawn_world(n_users: int = 200, n_items: int = 60, depth: int = 20, seed: int = 0) -> dict:
    """Return facts, held-out items and the lists of a good, a popular and a random model, drawn at random.

    Each user likes one of six kinds of items; popular items are taken by all kinds.
    """
    rng = np.random.default_rng(seed)
    kind = np.arange(n_items) % 6
    pull = 1 / (1 + np.arange(n_items))
    taken, held, lists = {}, {}, {"good": {}, "popular": {}, "random": {}}
    for number in range(n_users):
        mine = pull * np.where(kind == number % 6, 8.0, 1.0)
        order = rng.choice(n_items, size=int(rng.integers(4, 14)), replace=False, p=mine / mine.sum())
        user = f"u{number:04d}"
        taken[user], held[user] = order[:-2].tolist(), set(order[-2:].tolist())
        left = np.setdiff1d(np.arange(n_items), order[:-2])
        noise = rng.gumbel(size=n_items)
        lists["good"][user] = left[np.argsort(-(np.log(mine) + 0.3 * noise)[left])][:depth].tolist()
        lists["popular"][user] = left[np.argsort(-pull[left])][:depth].tolist()
        lists["random"][user] = rng.permutation(left)[:depth].tolist()
    categories = [f"kind {one}" for one in kind]
    return {"facts": facts_of(taken, n_items, category=categories), "taken": taken, "held": held, "lists": lists}
