"""A real list from the sample in two lines, for the card on the home page."""

from __future__ import annotations

from typing import Any

from dl_core.domain import Domain
from dl_core.evaluate.choice import best_model
from dl_core.tasks.prepared import kept_answer
from ui.shell import samples
from ui.shell.words import escaped

TOOK, OFFERED = 3, 3  # titles of the history and of the list


def first_list(domain: Domain) -> dict[str, Any] | None:
    """Return the first user's history and list of the prepared run, or None where it keeps none."""
    folder, summary = samples.prepared_run(domain), samples.summary(domain)
    if folder is None or summary is None:
        return None
    models = {name: about for name, about in summary["models"].items() if about["state"] == "done"}
    shown = best_model(models, "deep") or best_model(models)
    users = kept_answer(folder, "users", {"model": shown, "kind": "hits"})
    if not users or not users["users"]:
        return None
    return kept_answer(folder, "user_rankings", {"user": users["users"][0]["user"], "models": [shown]})


def words(domain: Domain) -> str:
    """Return "Took …; is offered …" with real titles and the hits marked, or an empty text."""
    found = first_list(domain)
    if found is None or not found["history"] or not found["lists"][0]["items"]:
        return ""
    took = ", ".join(escaped(row["title"]) for row in found["history"][:TOOK])
    items = found["lists"][0]["items"]
    hit = next((item for item in items if item["hit"]), None)
    shown = list(items[:OFFERED])
    if hit is not None and hit not in shown:
        shown[-1] = hit
    offered = ", ".join(f"**{escaped(item['title'])}** ✓" if item["hit"] else escaped(item["title"]) for item in shown)
    rest = " (✓ held-out interaction)" if any(item["hit"] for item in shown) else ""
    return f"A customer with the history {took} … is recommended {offered} …{rest}"
