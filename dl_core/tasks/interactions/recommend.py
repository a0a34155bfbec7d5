"""Jobs that recommend: live for one user or a new one, similar items, and lists of all users as a file."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from dl_core import pipeline
from dl_core.data.dataset import Dataset
from dl_core.data.interactions.histories import Histories
from dl_core.domain import Domain, ReadRequest
from dl_core.errors import DaylightError, OptionError
from dl_core.schema import Role
from dl_core.tasks.data import upload_folder
from dl_core.tasks.interactions.batch import write_lists
from dl_core.tasks.interactions.serving import (
    Shelf,
    describe_history,
    describe_items,
    describe_user,
    list_length,
    new_history,
    open_shelf,
    removes_seen,
    top_lists,
)
from dl_core.tasks.opening import open_model, open_run
from dl_core.tasks.prepared import default_pair
from dl_core.train.run import Run

if TYPE_CHECKING:
    from dl_core.engine import TaskContext

SHOWN_HISTORY = 40  # items of a history that come back
UNKNOWN = "Nothing is known of this user, so the lists are what the models offer to someone new."
ONLY_FEATURES = "This user has taken nothing yet; models that read what is known about users go by that alone."


def recommend(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return the top items of ``args["models"]`` for one user, by all that is known of them by now.

    ``args["user"]`` names someone of the data, or anyone: an unknown user has an empty history, and a note says so.
    ``args["items"]`` instead are the items that a new user took, the last one last.

    Raises
    ------
    OptionError
        If neither is given.
    """
    domain, run = open_run(args, context)
    shelf, k = open_shelf(run), list_length(run, args)
    history, notes = _history(shelf, args)
    lists = []
    for name in [run.check_model(one) for one in args.get("models") or [None]]:
        found, lost = _list(domain, run, shelf, name, history, k)
        if lost is not None:
            notes.append(f"{domain.models[name].label}: {lost}")
            continue
        rows = describe_items(shelf.catalogue, [code for code, _ in found])
        items = [
            {**row, "rank": rank, "score": score, "hit": False}
            for rank, (row, (_, score)) in enumerate(zip(rows, found, strict=True), start=1)
        ]
        lists.append({"model": name, "items": items, "hits": 0, "ndcg": None})
    user = str(args.get("user") or "")
    at = shelf.position(user) if user else None
    return {
        "user": user,
        "about": {} if at is None else describe_user(shelf, at),
        "known": at is not None,
        "taken": int(history.lengths[0]),
        "history": describe_history(shelf, history, 0, SHOWN_HISTORY),
        "held": [],
        "k": k,
        "lists": lists,
        "notes": notes,
    }


def _history(shelf: Shelf, args: Mapping[str, Any]) -> tuple[Histories, list[str]]:
    """Return the history to recommend for, one user, and what is to be said about it."""
    if args.get("items") is not None:
        items = [str(item) for item in args["items"]]
        history = new_history(shelf.catalogue, items)
        lost = len(items) - int(history.lengths[0])
        return history, [f"{lost} of the items are not known and play no part."] if lost else []
    if not args.get("user"):
        raise OptionError("no user was named", todo="pick a user, or choose some items")
    at = shelf.position(str(args["user"]))
    if at is None:
        return new_history(shelf.catalogue, [], str(args["user"])), [UNKNOWN]
    history = shelf.whole.take(np.array([at]))
    return history, [] if history.lengths[0] else [ONLY_FEATURES]


def _list(
    domain: Domain, run: Run, shelf: Shelf, name: str, history: Histories, k: int
) -> tuple[list[tuple[int, float]], str | None]:
    """Return one model's list, or why it has none."""
    try:
        _, model = open_model(domain, run, name)
        (found,) = top_lists(model, history, shelf.catalogue, k, removes_seen(run))
    except DaylightError as error:
        return [], error.line()
    return found, None


def warm_lists(domain: Domain, run: Run) -> str:
    """Load the histories and the two models that are shown first, and have each make a list; return the first one."""
    shelf = open_shelf(run)
    history = shelf.whole.take(np.array([0]))
    names = default_pair(run.models) if len(run.trained) > 1 else run.trained
    for name in names:
        _list(domain, run, shelf, name, history, 1)
    return names[0]


def similar_items(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Return what a model recommends to someone who took ``args["item"]`` and nothing else.

    Raises
    ------
    OptionError
        If the item is not known.
    """
    domain, run = open_run(args, context)
    shelf, k = open_shelf(run), list_length(run, args)
    name, model = open_model(domain, run, args.get("model"))
    history = new_history(shelf.catalogue, [str(args["item"])])
    if not history.lengths[0]:
        raise OptionError("this item is not part of the data", todo="search for another one")
    (found,) = top_lists(model, history, shelf.catalogue, k, True)
    rows = describe_items(shelf.catalogue, [code for code, _ in found])
    points = [score for _, score in found]
    return {
        "model": name,
        "item": describe_items(shelf.catalogue, history.items)[0],
        "items": [
            {**row, "rank": rank, "score": score, "hit": False}
            for rank, (row, score) in enumerate(zip(rows, points, strict=True), start=1)
        ],
    }


def recommend_all(args: Mapping[str, Any], context: TaskContext) -> dict[str, Any]:
    """Write the top items of one model into a file, block by block, and return its first lists.

    For every user of the data; with ``args["upload"]`` for the users of an uploaded list, or by the new interactions in
    it, which are added to what is known of them. ``args["format"]`` is ``"csv"`` or ``"parquet"``. The CSV cannot be
    taken for formulas. The upload is deleted once it was read, unless ``args["keep"]``.
    """
    domain, run = open_run(args, context)
    shelf, k = open_shelf(run), list_length(run, args)
    name, model = open_model(domain, run, args.get("model"))
    histories, notes = shelf.whole, []
    if args.get("upload"):
        context.progress(0.02, "Reading the file")
        histories, notes = _uploaded(domain, run, shelf, args, context)
        if not args.get("keep"):
            shutil.rmtree(upload_folder(args, context), ignore_errors=True)
    ending = "parquet" if args.get("format") == "parquet" else "csv"
    written = write_lists(model, histories, shelf.catalogue, k, ending, context, remove_seen=removes_seen(run))
    return {"model": name, "label": domain.models[name].label, "k": k, "format": ending, "notes": notes, **written}


def _uploaded(
    domain: Domain, run: Run, shelf: Shelf, args: Mapping[str, Any], context: TaskContext
) -> tuple[Histories, list[str]]:
    """Return the histories of the users in a file: what is known of them, and what the file adds."""
    request = ReadRequest(
        tuple(sorted(upload_folder(args, context).iterdir())),
        roles={Role(role): tuple(columns) for role, columns in (args.get("roles") or {}).items()},
        options=run.read_options(),
        labelled=False,
        name="New cases",
    )
    data = pipeline.ingest(domain, request)
    users = np.asarray(data.values(Role.USER).astype(str).unique(), dtype=object)
    at = np.array([-1 if (place := shelf.position(str(user))) is None else place for user in users], dtype=np.int64)
    notes = [note.message for note in data.notes]
    new = int((at < 0).sum())
    histories = _joined(shelf, users, at, data)
    empty = int((histories.lengths == 0).sum())
    if new:
        notes.append(f"New to the models, as they are not part of the data: {new:,} of {len(users):,} users.")
    if empty:
        notes.append(f"Without any history, so they get what is offered to someone new: {empty:,} of {len(users):,}.")
    return histories, notes


def _joined(shelf: Shelf, users: np.ndarray, at: np.ndarray, data: Dataset) -> Histories:
    """Return one history a user: the known one, then the file's rows."""
    there = at >= 0
    base = shelf.whole.take(at[there])
    lengths = np.zeros(len(users), dtype=np.int64)
    lengths[there] = base.lengths
    added = None
    if data.column(Role.ITEM) is not None:
        added = Histories.of(replace(data, side={}), shelf.catalogue, users)
    more = np.zeros(len(users), dtype=np.int64) if added is None else added.lengths
    starts = np.concatenate([[0], np.cumsum(lengths + more)]).astype(np.int64)
    items, values = np.zeros(starts[-1], dtype=np.int32), np.ones(starts[-1], dtype=np.float32)
    old = _places(starts[:-1], lengths)
    items[old], values[old] = base.items, base.values
    if added is not None:
        new = _places(starts[:-1] + lengths, more)
        items[new], values[new] = added.items, added.values
    return Histories(
        users=users,
        n_items=len(shelf.catalogue),
        items=items,
        starts=starts,
        values=values,
        seen=_seen(shelf, at),
        features=None if shelf.whole.features is None else shelf.whole.features.reindex(users),
    )


def _seen(shelf: Shelf, at: np.ndarray) -> sparse.csr_matrix | None:
    """Return what users at these places (-1: unknown) have rated under the threshold."""
    if shelf.whole.seen is None:
        return None
    rows = np.flatnonzero(at >= 0)
    ones = np.ones(len(rows), dtype=np.float32)
    chosen = sparse.csr_matrix((ones, (rows, at[rows])), shape=(len(at), len(shelf.whole)))
    return (chosen @ shelf.whole.seen.astype(np.float32)).astype(bool).tocsr()


def _places(starts: Sequence[int] | np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return the positions of stretches that begin at ``starts``."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(np.asarray(starts) - before, lengths) + np.arange(lengths.sum())
