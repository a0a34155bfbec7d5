"""`split_interactions`: the last items of each user, some of each user or item at random, or all after a date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data import instants
from dl_core.data.dataset import Dataset
from dl_core.data.interactions.histories import positive_rows
from dl_core.data.interactions.split_ways import Rows, by_date, by_share, of_each_user
from dl_core.data.options import choice_of, share_of, whole_of
from dl_core.data.parts import NONE, TEST, TRAIN, VALIDATION, check_filled, given_ranks, in_numbers, splits_of
from dl_core.data.splits import Splits
from dl_core.errors import OptionError, SchemaError, counted
from dl_core.schema import Role

WAYS = ("auto", "last", "last day", "random", "by item", "date")
_TIMED = ("last", "last day", "date")
_LATER = 0.9  # share of a given test's rows that are later than training, from which validation is drawn by time, too


@dataclass(frozen=True)
class _Plan:
    """The options of a split, typed."""

    way: str
    held_out: int
    test_share: float
    validation_share: float
    test_from: pd.Timestamp | None
    repeats: bool


def split_interactions(dataset: Dataset, seed: int, options: Mapping[str, Any]) -> Splits:
    """Assign rows to training, validation and test.

    Only rows that count as liked (column ``positive``) are held out. The others stay in training, where they keep
    their items from being recommended, unless they are later than what is held out: then they stand in no part. A
    given split is followed whatever the options say; the validation rows that it lacks are drawn from its training
    rows, the last ones of each user where the test is later than training, else at random.

    Parameters
    ----------
    dataset : Dataset
    seed : int
    options : mapping
        ``split``: "last" (each user's last ``held_out`` rows by time are the test; as many before them validate, or
        ``validation_share`` of the user's rows where that is more, as choices need more than one row), "last day"
        (all rows of each user's last ``held_out`` days: the next visit is asked for, not the rest of one), "random"
        (``held_out`` random rows of each user, and as many that validate), "by item" (``test_share`` of each item's
        rows), "date" (rows from ``test_from`` on, or the latest ``test_share`` of them), "auto" ("last" where there
        are times, else "random"). ``held_out`` (1),
        ``test_share`` (0.2), ``validation_share`` (0.1), ``test_from`` (ISO date), ``repeats`` ("keep": items taken
        before may be recommended again).

    Raises
    ------
    SchemaError
        If a part would be empty.
    OptionError
        If an option does not fit.
    """
    plan = _read_options(dataset, options)
    rows = _rows(dataset, seed)
    if dataset.fixed_split is not None:
        parts, words = _given(dataset, rows, plan, str(options.get("split") or "auto"))
        return _splits(dataset, parts, "given", words, rows.user, plan)
    parts, words = _ways(plan)[plan.way](rows)
    kind = {
        "last": "last of each user",
        "last day": "last day of each user",
        "random": "random per user",
        "by item": "random by item",
        "date": "by date",
    }
    return _splits(dataset, parts, kind[plan.way], _seeded(words, seed), rows.user, plan)


def _ways(plan: _Plan) -> dict[str, Callable[[Rows], tuple[np.ndarray, str]]]:
    shares = {TEST: plan.test_share, VALIDATION: plan.validation_share}
    return {
        "last": lambda rows: of_each_user(rows, plan.held_out, share=plan.validation_share),
        "last day": lambda rows: of_each_user(rows, plan.held_out, by="day"),
        "random": lambda rows: of_each_user(rows, plan.held_out, by="chance", share=plan.validation_share),
        "by item": lambda rows: by_share(rows, shares, "item"),
        "date": lambda rows: by_date(rows, plan.test_from, plan.test_share, plan.validation_share),
    }


def _seeded(words: str, seed: int) -> str:
    return f"{words}, seed {seed}" if "random" in words else words


def _read_options(dataset: Dataset, options: Mapping[str, Any]) -> _Plan:
    way = choice_of(options, "split", WAYS)
    timed = dataset.column(Role.TIME) is not None
    if way in _TIMED and not timed and dataset.fixed_split is None:
        raise OptionError(
            "there is no column of times to split by",
            where=f"option split = {way}",
            expected="auto, random or by item",
            todo="name the column of times, or choose another split",
        )
    way = ("last" if timed else "random") if way == "auto" else way
    return _Plan(
        way,
        held_out=whole_of(options, "held_out", 1, least=1),
        test_share=share_of(options, "test_share", 0.2),
        validation_share=share_of(options, "validation_share", 0.1),
        test_from=_date(options.get("test_from")),
        repeats=str(options.get("repeats") or "fold") == "keep",
    )


def _date(text: object) -> pd.Timestamp | None:
    if text in (None, ""):
        return None
    try:
        return instants.read(str(text))
    except ValueError:
        raise OptionError(f"{text!r} is no date", where="option test_from", expected="a date as 2024-01-31") from None


def _rows(dataset: Dataset, seed: int) -> Rows:
    if dataset.column(Role.ITEM) is None:
        raise SchemaError("there is no item column, so nothing can be held out", where=dataset.name)
    time = dataset.values(Role.TIME)
    stamps = None if time is None else time.to_numpy(dtype="datetime64[ns]").astype(np.int64)  # NaT is the least
    user, item = (pd.factorize(dataset.require(role))[0] for role in (Role.USER, Role.ITEM))
    return Rows(user, item, stamps, positive_rows(dataset), np.random.default_rng(seed))


def _given(dataset: Dataset, rows: Rows, plan: _Plan, way: str) -> tuple[np.ndarray, str]:
    """Return the given parts; what they lack is drawn from their training rows."""
    parts = given_ranks(dataset)
    parts[(parts > TRAIN) & ~rows.positive] = NONE
    lacking = [at for at in (TEST, VALIDATION) if not (parts == at).any()]
    words = "the split is the given one"
    if not lacking:
        return parts, words
    pool = np.flatnonzero(parts == TRAIN)
    if rows.time is not None and (way == "last" or (way == "auto" and _comes_later(rows, parts))):
        parts[pool], how = of_each_user(rows.take(pool), plan.held_out, lacking, share=plan.validation_share)
    else:
        shares = {TEST: plan.test_share, VALIDATION: plan.validation_share}
        drawn, how = by_share(rows.take(pool), {at: shares[at] for at in lacking})
        if not all((drawn == at).any() for at in lacking):  # no user has rows enough for a share of them
            timed = "time" if rows.time is not None else "chance"
            drawn, how = of_each_user(rows.take(pool), plan.held_out, lacking, by=timed)
        parts[pool] = drawn
    return parts, f"{words}; of its training rows, {how}"


def _comes_later(rows: Rows, parts: np.ndarray) -> bool:
    """Return whether a given test asks what comes next: nearly all its rows are later than their users' training."""
    latest = np.full(int(rows.user.max(initial=0)) + 1, np.iinfo(np.int64).min)
    np.maximum.at(latest, rows.user[parts == TRAIN], rows.stamps[parts == TRAIN])
    test = parts == TEST
    return bool(test.any() and (rows.stamps[test] >= latest[rows.user[test]]).mean() > _LATER)


def _splits(dataset: Dataset, parts: np.ndarray, kind: str, words: str, user: np.ndarray, plan: _Plan) -> Splits:
    todo = "add rows, hold out fewer, or choose another split; users with one row cannot be held out"
    check_filled(dataset, parts, todo)
    judged = counted(len(pd.unique(user[parts == TEST])), "test user")
    taken = "consumed items included" if plan.repeats else "consumed items excluded"
    protocol = f"{words} ({in_numbers(parts)} rows, {judged}); full ranking over the catalogue, {taken}"
    return splits_of(dataset, parts, kind, protocol)
