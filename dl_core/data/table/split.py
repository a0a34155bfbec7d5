"""`split_transactions`: the past trains and the future judges; without times by account, else at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.options import choice_of
from dl_core.data.parts import NONE, TEST, TRAIN, VALIDATION, check_filled, given_ranks, in_numbers, splits_of
from dl_core.data.splits import PARTS, Splits
from dl_core.data.table.labels import ACCOUNT_LABELS, FRAUD
from dl_core.data.table.periods import TimePlan, plan_periods, read_options, time_parts
from dl_core.errors import OptionError, SchemaError, counted
from dl_core.schema import Role


def split_transactions(dataset: Dataset, seed: int, options: Mapping[str, Any]) -> Splits:
    """Assign rows to training, validation and test.

    With times: training, then validation, then a delay in which labels are not known yet, then test, as the Fraud
    Detection Handbook does (Le Borgne et al. 2022, chapter 5). Accounts known to be compromised leave validation and
    test: those with a fraud whose label has become known by that day, in the days that `compromised_days` and the delay
    look back on. Without times, or where labels are those of accounts, all rows of an account go to one part, at
    random; without accounts, rows at random within classes. Files or columns that give a split are followed; what they
    lack is taken from the training rows by the same rules. Rows without a label, or without a time, stand in no part.

    Parameters
    ----------
    dataset : Dataset
    seed : int
    options : mapping
        ``split`` ("auto"; "time", "account", "stratified": this way whatever else there is; "new": as "auto", but
        disregard a given split), ``validation_share`` (of the training time or rows, 0.15), ``test_share`` (of the time
        span or rows, 0.2), ``delay_days`` (7), ``train_days``, ``validation_days``, ``test_days`` (length of a part;
        None for what the shares say), ``test_start`` (ISO date), ``validation`` ("latest", "earlier": before training,
        so that the newest labels train), ``compromised_days`` (7; 0 keeps compromised accounts).

    Raises
    ------
    SchemaError
        If a part would be empty, or no fraud would be left to learn from.
    OptionError
        If an option does not fit.
    """
    plan = read_options(options)
    way = choice_of(options, "split", ("auto", "new", "time", "account", "stratified"))
    for name, there in (("time", dataset.values(Role.TIME)), ("account", _units(dataset))):
        if way == name and there is None:
            raise OptionError(f"there is no column of {name}s to split by", where="option split", expected="auto")
    usable = _usable(dataset)
    if usable.sum() < 3:
        found = counted(int(usable.sum()), "usable row")
        raise SchemaError(f"{found} cannot be split", where=dataset.name, expected="at least 3 rows")
    if dataset.fixed_split is not None and way == "auto":
        parts, kind, protocol = _given(dataset, usable, plan, seed)
    else:
        parts, kind, protocol = _drawn(dataset, usable, plan, seed, way)
    check_filled(dataset, parts, "add data, or choose other days or shares, or another way to split")
    fraud = frauds_of(dataset)
    if dataset.labelled and not fraud[parts == TRAIN].any():
        rows = counted((parts == TRAIN).sum(), "training row")
        raise SchemaError(
            f"no fraud is among the {rows} ({int(fraud.sum()):,} in all rows)",
            where=dataset.name,
            expected="at least one fraud to learn from",
            todo="train on more days, start the test later, or split by account or at random instead of by time",
        )
    return splits_of(dataset, parts, kind, protocol)


def _usable(dataset: Dataset) -> np.ndarray:
    labels = dataset.values(Role.LABEL)
    return np.ones(len(dataset), dtype=bool) if labels is None else labels.notna().to_numpy()


def frauds_of(dataset: Dataset) -> np.ndarray:
    """Return which rows are fraud, (n,) bool; none without labels."""
    labels = dataset.values(Role.LABEL)
    return np.zeros(len(dataset), dtype=bool) if labels is None else (labels == FRAUD).to_numpy(dtype=bool)


def _drawn(dataset: Dataset, usable: np.ndarray, plan: TimePlan, seed: int, way: str) -> tuple[np.ndarray, str, str]:
    """Return parts (n,) as 0, 1, 2 for training, validation and test, -1 for none; the kind and the protocol."""
    time = dataset.values(Role.TIME)
    if time is not None and (way == "time" or (way in ("auto", "new") and not _labels_units(dataset))):
        stamps = time.to_numpy(dtype="datetime64[ns]")
        usable = usable & ~np.isnat(stamps)
        if len(np.unique(stamps[usable][:100_000])) > 2:
            periods = plan_periods(stamps[usable], plan)
            parts, words = time_parts(stamps, usable, _codes(dataset), frauds_of(dataset), periods)
            return parts, "by time", words
        if way == "time":
            raise SchemaError("there are too few different times to split by", where=dataset.name)
    shares = {1: plan.validation_share * (1 - plan.test_share), 2: plan.test_share}
    codes = _codes(dataset) if way != "stratified" else None
    parts = _random_parts(usable, frauds_of(dataset), codes, shares, seed)
    return parts, "by account" if codes is not None else "stratified", _random_words(parts, codes, seed)


def _labels_units(dataset: Dataset) -> bool:
    """Return whether labels are those of accounts, whose past would tell a model the label of their later rows."""
    return any(note.kind == ACCOUNT_LABELS for note in dataset.notes) and bool(dataset.roles.get(Role.UNIT))


def _units(dataset: Dataset) -> pd.Series | None:
    return dataset.values(Role.UNIT if _labels_units(dataset) else Role.ENTITY)


def _codes(dataset: Dataset) -> np.ndarray | None:
    """Return a number for each account, (n,); rows without one count as accounts of their own."""
    accounts = _units(dataset)
    if accounts is None:
        return None
    codes, names = pd.factorize(accounts)
    alone = codes < 0
    codes[alone] = len(names) + np.arange(alone.sum())
    return codes


def _random_parts(
    usable: np.ndarray, fraud: np.ndarray, codes: np.ndarray | None, shares: Mapping[int, float], seed: int
) -> np.ndarray:
    """Draw parts at random: by account where codes are given, those with and without fraud apart."""
    rng = np.random.default_rng(seed)
    units = np.arange(len(usable)) if codes is None else codes
    size = np.bincount(units[usable], minlength=units.max() + 1)
    with_fraud = np.bincount(units[usable], weights=fraud[usable], minlength=len(size)) > 0
    part_of = np.full(len(size), -1)
    for chosen in (np.flatnonzero(with_fraud), np.flatnonzero((size > 0) & ~with_fraud)):
        order = rng.permutation(chosen)
        reached = np.cumsum(size[order]) - size[order] / 2
        share = reached / max(1, size[order].sum())
        part = np.where(share < shares[2], 2, np.where(share < shares[2] + shares[1], 1, 0))
        _fill(part)
        part_of[order] = part
    return np.where(usable, part_of[units], -1)


def _fill(part: np.ndarray) -> None:
    """Give training one unit first, then test, then validation, where so few are drawn that a part got none."""
    for at, wanted in zip(range(len(part) - 1, -1, -1), (0, 2, 1), strict=False):
        if not (part == wanted).any():
            part[at] = wanted


def _random_words(parts: np.ndarray, codes: np.ndarray | None, seed: int) -> str:
    used = max(1, (parts >= 0).sum())
    percent = "/".join(f"{100 * (parts == part).sum() / used:.0f}" for part in range(3))
    by = "within classes" if codes is None else f"by account ({counted(len(np.unique(codes[parts >= 0])), 'account')})"
    return f"{percent} % at random {by}, {in_numbers(parts)} training/validation/test rows, seed {seed}"


def _given(dataset: Dataset, usable: np.ndarray, plan: TimePlan, seed: int) -> tuple[np.ndarray, str, str]:
    parts = np.where(usable, given_ranks(dataset), NONE)
    lacking = [at for at in (VALIDATION, TEST) if not (parts == at).any()]
    if lacking:
        parts = _take_lacking(dataset, parts, lacking, plan, seed)
    words = f"given split ({in_numbers(parts)} training/validation/test rows)"
    if lacking:
        how = "the latest of" if dataset.values(Role.TIME) is not None else "at random from"
        words += f"; {' and '.join(PARTS[at] for at in lacking)}: {how} the given training rows"
    return parts, "given", words


def _take_lacking(dataset: Dataset, parts: np.ndarray, lacking: list[int], plan: TimePlan, seed: int) -> np.ndarray:
    """Return parts where those that the given split lacks are taken from its training rows."""
    pool = parts == 0
    shares = {1: plan.validation_share, 2: plan.test_share}
    time = dataset.values(Role.TIME)
    if time is None:
        drawn = {at: shares[at] if at in lacking else 0.0 for at in (1, 2)}
        found = _random_parts(pool, frauds_of(dataset), _codes(dataset), drawn, seed)
        found = np.where(np.isin(found, [0, *lacking]), found, 0)
    else:
        stamps = time.to_numpy(dtype="datetime64[ns]")
        rank = pd.Series(np.where(pool, stamps, np.datetime64("NaT"))).rank(pct=True).to_numpy()
        late = 1 - sum(shares[at] for at in lacking)
        found = np.where(rank <= late, 0, lacking[0])
        if len(lacking) == 2:
            found = np.where(rank > 1 - shares[2], 2, found)
    return np.where(pool, found, parts)
