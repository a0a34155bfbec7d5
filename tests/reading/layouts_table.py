"""Layouts of tables of transactions: files as people bring them, and how each must be read or what must be asked."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROWS = 600
Files = Callable[[Path], None]


@dataclass(frozen=True)
class Layout:
    """One upload.

    Parameters
    ----------
    name : str
    write : callable
        Writes the files into a folder.
    expected : mapping
        Parts of what `read --json` prints: ``roles``, ``target``, ``unit``, ``split`` …
    asked : str
        What the question is about; empty where nothing is asked.
    roles, options : mapping
        Of the request.
    locked, features, left : tuple of str
        Columns that are locked, all features, and columns that must be left out.
    times : tuple of str
        First and last time, in order.
    tests : tuple of str
        Files given as the test.
    """

    name: str
    write: Files
    expected: Mapping[str, Any] = field(default_factory=dict)
    asked: str = ""
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    locked: tuple[str, ...] = ()
    features: tuple[str, ...] | None = None
    left: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


def payments(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """Return payments of 60 accounts over 100 days in order of time, 67 of 600 fraud."""
    rng = np.random.default_rng(seed)
    second = np.sort(rng.integers(0, 100 * 86_400, rows))
    fraud = np.zeros(rows, dtype=int)
    fraud[rng.permutation(rows)[: rows * 67 // 600]] = 1
    return pd.DataFrame(
        {
            "timestamp": pd.Timestamp("2024-01-01") + pd.to_timedelta(second, unit="s"),
            "account_id": rng.permutation(np.arange(rows) % 60),
            "amount": np.round(rng.gamma(2, 20, rows) * (1 + 2 * fraud), 2),
            "channel": rng.choice(["web", "shop", "phone"], rows),
            "is_fraud": fraud,
        }
    )


FRAME = payments()
FRAUD, TIME = FRAME["is_fraud"], FRAME["timestamp"]
HONEST = len(FRAME) - int(FRAUD.sum())
YES_NO = {"is_fraud": "label", "amount": "amount", "account_id": "entity"}
ROLES = {"label": ["is_fraud"], "time": ["timestamp"], "amount": ["amount"], "entity": ["account_id"]}


def table(frame: pd.DataFrame, name: str = "rows.csv", **how: Any) -> Files:
    """Return what writes one table."""
    return lambda folder: frame.to_csv(folder / name, index=False, **how)


def labelled(name: str, honest: Any, fraud: Any) -> Files:
    """Return what writes payments with a label of that name and these values."""
    return table(FRAME.drop(columns="is_fraud").assign(**{name: np.where(FRAUD == 1, fraud, honest)}))


def target(column: str, honest: object = 0, fraud: object = 1, unlabelled: int = 0) -> dict[str, Any]:
    values = {str(honest): HONEST, str(fraud): int(FRAUD.sum())}
    return {"target": {"column": column, "values": values, "positive": str(fraud), "unlabelled": unlabelled}}


def luhn(body: str) -> str:
    """Return a number with its check digit: every second digit from the right doubled, the sum a multiple of ten."""
    total = sum(sum(divmod(int(digit) * (2 - at % 2), 10)) for at, digit in enumerate(reversed(body)))
    return f"{body}{-total % 10}"


def cards(frame: pd.DataFrame) -> pd.Series:
    return frame["account_id"].map(lambda account: luhn(f"400000{7919 * (account + 1) % 10**9:09d}"))


def ibans(frame: pd.DataFrame) -> pd.Series:
    def one(account: int) -> str:
        number = f"00000000{account * 7919:010d}"
        return f"DE{98 - int(f'{number}131400') % 97:02d}{number}"

    return frame["account_id"].map(one)


def _claims(folder: Path) -> None:
    rng = np.random.default_rng(1)
    part = np.repeat(["Training", "Validation", "Test"], (186, 207, 207))
    frame = pd.DataFrame({"claim": range(ROWS), "vehicle": rng.choice(list("abc"), ROWS), "price": FRAME["amount"]})
    frame.assign(FraudFound_P=FRAUD, Training=rng.permutation(part)).to_csv(folder / "claims.csv", index=False)


def _secrets(folder: Path) -> None:
    frame = FRAME.rename(columns={"account_id": "customer_id"})
    codes = np.random.default_rng(2).permutation(1_000)
    frame = frame.assign(customer_id="C" + frame["customer_id"].astype(str), card_number=cards(FRAME))
    frame = frame.assign(beneficiary_iban=ibans(FRAME), cvv=codes[FRAME["account_id"]])
    frame.drop(columns="channel").to_csv(folder / "payments.csv", index=False)


def _date_and_time(frame: pd.DataFrame, date: str = "%Y-%m-%d", time: str = "%H:%M:%S") -> pd.DataFrame:
    said = {"date": frame["timestamp"].dt.strftime(date), "time": frame["timestamp"].dt.strftime(time)}
    return pd.DataFrame(said).join(frame.drop(columns="timestamp"))


def _four_columns() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    said = {"User": FRAME["account_id"], "Card": rng.integers(0, 4, ROWS)}
    said |= {"Year": TIME.dt.year, "Month": TIME.dt.month, "Day": TIME.dt.day, "Time": TIME.dt.strftime("%H:%M")}
    said |= {"Amount": "$" + FRAME["amount"].map("{:.2f}".format), "MCC": rng.choice([5411, 5812], ROWS)}
    return pd.DataFrame({**said, "Is Fraud?": np.where(FRAUD == 1, "Yes", "No")})


def _pending(word: str, count: int = 49) -> Files:
    label = np.where(FRAUD == 1, "fraud", "legit").astype(object)
    label[np.flatnonzero(FRAUD == 0)[:count]] = word
    return table(FRAME.drop(columns="is_fraud").assign(label=label))


def _two_files(folder: Path) -> None:
    FRAME.iloc[:400].to_csv(folder / "fraudTrain.csv", index=False)
    FRAME.iloc[400:].to_csv(folder / "fraudTest.csv", index=False)


def _joined_tables(folder: Path) -> None:
    main = FRAME.assign(TransactionID=range(2_987_000, 2_987_000 + ROWS)).rename(columns={"is_fraud": "isFraud"})
    main.to_csv(folder / "train_transaction.csv", index=False)
    some = main[["TransactionID"]].iloc[::4]
    some.assign(DeviceType=np.where(np.arange(len(some)) % 2, "mobile", "desktop")).to_csv(
        folder / "train_identity.csv", index=False
    )


def _packed(folder: Path) -> None:
    with gzip.open(folder / "rows.csv.gz", "wt") as file:
        FRAME.to_csv(file, index=False)


def _zipped(folder: Path) -> None:
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("data/rows.csv", FRAME.to_csv(index=False))


def _binary(name: str) -> pd.Series:
    return pd.Series(np.random.default_rng(len(name)).integers(0, 2, ROWS), name=name)


_WHOLE = (str(TIME.min()), str(TIME.max()))
_MIXED = (TIME.dt.strftime("%m/") + "0" + (1 + TIME.dt.day % 9).astype(str) + "/2024").sample(frac=1, random_state=1)
_MONTHLY = [f"{1 + at * 12 // ROWS:02d}/{1 + at * 144 // ROWS % 12:02d}/2024" for at in range(ROWS)]
_PLAIN = FRAME.drop(columns="is_fraud")
_COUNTS = _date_and_time(FRAME)
_COUNTED = FRAME.drop(columns="account_id").assign(card=FRAME["account_id"] % 4)
_MAILS = FRAME.assign(contact=FRAME["account_id"].map("p{}@example.org".format))
_PHONES = FRAME.assign(contact=FRAME["account_id"].map("+49 170 55501{:02d}".format))
_BORN = pd.to_datetime("1950-01-01") + pd.to_timedelta(FRAME["account_id"] * 200, unit="D")
_PLACES = {"lat": 50.0, "long": 8.0, "merch_lat": 51.0, "merch_long": 8.0}
_EMPTY = pd.Series(np.where(np.arange(ROWS) % 5 == 0, FRAME["amount"], np.nan))


def _calls(frame: pd.DataFrame) -> pd.DataFrame:
    """Return calls with the number of who called and that of the device, as a reader of tables takes them: integers."""
    caller, device = 491_720_000_000 + frame["account_id"], 350_000_000_000_000 + 7_919 * frame["account_id"]
    return frame.drop(columns=["account_id", "channel"]).assign(caller_msisdn=caller, imei=device)


def _labels_apart(key: str) -> Files:
    """Return what writes payments, and a table that says which accounts (or shops) are fraud."""

    def write(folder: Path) -> None:
        main = FRAME.drop(columns="is_fraud").rename(columns={"account_id": key})
        main.to_csv(folder / "payments.csv", index=False)
        owners = pd.DataFrame({key: range(60), "PotentialFraud": np.where(np.arange(60) % 8 == 0, "Yes", "No")})
        owners.to_csv(folder / "labels.csv", index=False)

    return write


def _without_header(folder: Path) -> None:
    """Write a table of labels by id, and one without a header whose first column is that id."""
    ids = 1_000_003 + 7_919 * np.random.default_rng(6).permutation(ROWS)
    pd.DataFrame({"txId": ids, "is_fraud": FRAUD}).to_csv(folder / "classes.csv", index=False)
    rows = pd.DataFrame({"id": ids, "amount": FRAME["amount"], "half": FRAME["amount"] / 2}).sample(
        frac=1, random_state=3
    )
    rows.to_csv(folder / "features.csv", index=False, header=False)


def _beside_ranges(folder: Path) -> None:
    """Write labelled payments, and a longer table that has no key of theirs."""
    FRAME.to_csv(folder / "payments.csv", index=False)
    low = 16_777_216 + 256 * np.arange(2 * ROWS)
    pd.DataFrame({"lower": low, "upper": low + 255, "country": "A"}).to_csv(folder / "ranges.csv", index=False)


def _numbered(folder: Path) -> None:
    """Write two files, each with a row index of its own under a blank header."""
    for at, part in enumerate((FRAME.iloc[:350], FRAME.iloc[350:])):
        part.reset_index(drop=True).to_csv(folder / f"part_{at}.csv")


def _of_accounts(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(is_fraud=(frame["account_id"] % 8 == 0).astype(int))


def _counted_months(first: int, shuffled: bool = False) -> Files:
    frame = FRAME.drop(columns="timestamp").assign(month=first + np.arange(ROWS) * 8 // ROWS)
    return table(frame.sample(frac=1, random_state=1) if shuffled else frame)


_MONTHS = dict(enumerate(("Jan", "Feb", "Mar", "Apr"), 1))
_MONATE = dict(enumerate(("Januar", "Februar", "März", "April"), 1))
_MIESIACE = dict(enumerate(("sty", "lut", "mar", "kwi"), 1))
_YEARS = TIME.dt.year - (FRAME["account_id"] % 3)
_NO_TIME = FRAME.drop(columns="timestamp")
_REVIEWED = np.where(FRAUD == 1, "confirmed fraud", np.where(np.arange(ROWS) % 9 == 0, "under investigation", "legit"))
_STAMPS = (TIME - pd.Timestamp("1970-01-01")) // pd.Timedelta("1ms")
_WORDS = np.repeat(["TRAIN", "VALIDATE", "TEST"], 200)
LAYOUTS = (
    # the nine cases
    Layout(
        "a fraud label of a new name and a column of parts",
        _claims,
        {
            **target("FraudFound_P"),
            "split": {"given": True, "counts": {"training": 186, "validation": 207, "test": 207}},
        },
        features=("vehicle",),
        left=("claim",),
    ),
    Layout(
        "card, account and code beside the customer",
        _secrets,
        {**target("is_fraud"), "unit": {"name": "customer_id", "units": 60}},
        locked=("card_number", "beneficiary_iban", "cvv"),
        features=(),
    ),
    Layout(
        "the card is the account",
        table(FRAME.drop(columns="account_id").assign(card_number=cards(FRAME))),
        {"unit": {"name": "card_number", "units": 60}, "roles": {**ROLES, "entity": ["card_number"]}},
        locked=("card_number",),
    ),
    Layout(
        "date and time in two columns",
        table(_COUNTS),
        {"roles": {**ROLES, "time": ["date", "time"]}},
        times=_WHOLE,
    ),
    Layout(
        "year, month, day and time; user and card",
        table(_four_columns()),
        {
            **target("Is Fraud?", "No", "Yes"),
            "roles": {"time": ["Year", "Month", "Day", "Time"], "entity": ["User", "Card"], "amount": ["Amount"]},
            "unit": {"name": "User + Card", "units": int(_four_columns().groupby(["User", "Card"]).ngroups)},
        },
        times=(f"{TIME.min():%Y-%m-%d %H:%M}:00", f"{TIME.max():%Y-%m-%d %H:%M}:00"),
    ),
    Layout(
        "a training and a test file by their names",
        _two_files,
        {"split": {"given": True, "counts": {"training": 400, "validation": 0, "test": 200}}},
    ),
    Layout("steady payments", table(payments(900, 5)), {"rows": 900, "split": {"given": False}}),
    Layout(
        "labels that are pending",
        _pending("pending"),
        {
            "target": {
                "column": "label",
                "values": {"legit": HONEST - 49, "fraud": int(FRAUD.sum())},
                "positive": "fraud",
                "unlabelled": 49,
            }
        },
    ),
    Layout(
        "credit accounts without time or account",
        table(
            pd.DataFrame({"delay": FRAME["account_id"] % 5 - 1, "limit": FRAME["amount"].round(-1), "is_fraud": FRAUD})
        ),
        {**target("is_fraud"), "roles": {"label": ["is_fraud"]}},
        features=("delay", "limit"),
    ),
    # labels of other names, languages and spellings
    Layout("label: Betrug, Ja and Nein", labelled("Betrugsfall", "Nein", "Ja"), target("Betrugsfall", "Nein", "Ja")),
    Layout(
        "label: fraude, oui and non",
        labelled("Fraude confirmée", "non", "oui"),
        target("Fraude confirmée", "non", "oui"),
    ),
    Layout("label: frode, sì and no", labelled("frode", "no", "si"), target("frode", "no", "si")),
    Layout("label: chargeback as words", labelled("ChargeBackFlag", "False", "True"), {"target": {"positive": "True"}}),
    Layout("label: money laundering", labelled("Is Laundering", 0, 1), target("Is Laundering")),
    Layout("label: legit or scam", labelled("scam_status", "legit", "scam"), target("scam_status", "legit", "scam")),
    Layout(
        "a flag of the bank's rules beside the label",
        table(FRAME.rename(columns={"is_fraud": "isFraud"}).assign(isFlaggedFraud=_binary("flag"))),
        target("isFraud"),
    ),
    Layout(
        "two labels of equal names",
        table(FRAME.assign(fraud_reported=_binary("fraud_reported"))),
        asked="target",
    ),
    Layout(
        "two labels, answered",
        table(FRAME.assign(fraud_reported=_binary("fraud_reported"))),
        target("is_fraud"),
        roles={"label": ("is_fraud",)},
    ),
    Layout("a yes-no column of any name", labelled("gemeldet", 0, 1), asked="target"),
    Layout("a yes-no column of any name in words", labelled("отметка", "нет", "да"), asked="target"),
    Layout("a yes-no column, answered", labelled("gemeldet", 0, 1), target("gemeldet"), roles={"label": ("gemeldet",)}),
    Layout(
        "a yes-no column that is no label, answered",
        labelled("gemeldet", 0, 1),
        {"roles": {"label": []}},
        roles={"label": ()},
    ),
    Layout("no label at all", table(_PLAIN), {"roles": {k: v for k, v in ROLES.items() if k != "label"}}),
    Layout("labels 1 and 2", labelled("class", 2, 1), asked="positive"),
    Layout("labels 1 and 2, answered", labelled("class", 2, 1), target("class", 2, 1), options={"positive": "1"}),
    Layout("labels A and B", labelled("label", "A", "B"), asked="positive"),
    Layout("labels in review", _pending("in review"), {"target": {"unlabelled": 49}}),
    Layout("labels unknown, most of them", _pending("unknown", 400), {"target": {"unlabelled": 400}}),
    Layout("labels with a question mark", _pending("?"), {"target": {"unlabelled": 49}}),
    Layout("labels that are blank", _pending(""), {"target": {"unlabelled": 49}}),
    Layout("a rare third label of any word", _pending("teilweise"), {"target": {"unlabelled": 49}}),
    Layout(
        "kinds of fraud",
        labelled("label", "normal", np.where(np.arange(ROWS) % 2, "phishing", "stolen card")),
        asked="positive",
    ),
    Layout(
        "kinds of fraud, answered",
        labelled("label", "normal", np.where(np.arange(ROWS) % 2, "phishing", "stolen card")),
        {"target": {"unlabelled": 0}},
        options={"positive": "phishing|stolen card"},
    ),
    # times
    Layout(
        "dates with the month first, known by one day",
        table(_date_and_time(FRAME, "%m/%d/%Y")),
        times=_WHOLE,
    ),
    Layout(
        "date and AM/PM",
        table(_date_and_time(FRAME, "%d.%m.%Y", "%I:%M %p")),
        {"roles": {**ROLES, "time": ["date", "time"]}},
    ),
    Layout(
        "Jahr, Monat, Tag",
        table(FRAME.drop(columns="timestamp").assign(Jahr=TIME.dt.year, Monat=TIME.dt.month, Tag=TIME.dt.day)),
        {"roles": {**ROLES, "time": ["Jahr", "Monat", "Tag"]}},
        times=(str(TIME.min().floor("D")), str(TIME.max().floor("D"))),
    ),
    Layout(
        "year and month",
        table(FRAME.drop(columns="timestamp").assign(year=TIME.dt.year, month=TIME.dt.month)),
        {"roles": {**ROLES, "time": ["year", "month"]}},
    ),
    Layout(
        "seconds since 1970",
        table(FRAME.assign(timestamp=TIME.astype("int64") // 10 ** (9 if TIME.dtype == "datetime64[ns]" else 6))),
        {"roles": ROLES},
        times=_WHOLE,
    ),
    Layout(
        "days that may be months, rows in no order",
        table(FRAME.assign(timestamp=_MIXED.to_numpy())),
        asked="time",
    ),
    Layout(
        "days that may be months, rows in order of months",
        table(FRAME.assign(timestamp=_MONTHLY)),
        {"roles": ROLES},
        times=("2024-01-01 00:00:00", "2024-12-12 00:00:00"),
    ),
    # accounts
    Layout(
        "a card that only counts, alone",
        table(_COUNTED),
        asked="unit",
    ),
    Layout(
        "customer and card",
        table(FRAME.rename(columns={"account_id": "customer_id"}).assign(card=np.arange(ROWS) % 3)),
        {"roles": {**ROLES, "entity": ["customer_id", "card"]}, "unit": {"name": "customer_id + card"}},
    ),
    Layout(
        "cards under a name that says nothing",
        table(FRAME.drop(columns="account_id").assign(note=cards(FRAME))),
        asked="unit",
        locked=("note",),
    ),
    # secrets
    Layout(
        "mail addresses",
        table(_MAILS),
        locked=("contact",),
        features=("channel",),
    ),
    Layout(
        "phone numbers",
        table(_PHONES),
        locked=("contact",),
        features=("channel",),
    ),
    Layout("accounts under any name", table(FRAME.assign(to=ibans(FRAME))), locked=("to",), features=("channel",)),
    Layout(
        "cards that a spreadsheet rounded",
        table(FRAME.assign(card_number=np.where(FRAME["account_id"] % 2, "4E+15", "4.00001E+15"))),
        {"roles": ROLES},
        locked=("card_number",),
    ),
    Layout(
        "scores and counts about what is personal",
        table(
            FRAME.assign(
                name_email_similarity=np.random.default_rng(4).random(ROWS),
                phone_home_valid=_binary("phone"),
                date_of_birth_distinct_emails_4w=FRAME["account_id"] % 20,
            )
        ),
        features=("channel", "name_email_similarity", "phone_home_valid", "date_of_birth_distinct_emails_4w"),
    ),
    # splits
    Layout(
        "a flag that says what is test",
        table(FRAME.assign(is_test=(np.arange(ROWS) >= 450).astype(int))),
        {"split": {"given": True, "counts": {"training": 450, "validation": 0, "test": 150}}},
        features=("channel",),
    ),
    Layout(
        "folds",
        table(FRAME.assign(fold=np.arange(ROWS) % 5)),
        {"split": {"given": True, "counts": {"training": 360, "validation": 120, "test": 120}}},
        features=("channel",),
    ),
    Layout(
        "folds that the user wants for a feature",
        table(FRAME.assign(fold=np.arange(ROWS) % 5)),
        {"split": {"given": False}},
        roles={"feature": ("channel", "fold")},
        features=("channel", "fold"),
    ),
    # tables beside, formats, what is made of columns
    Layout("packed with gzip", _packed, {"roles": ROLES, "rows": ROWS}),
    Layout("in an archive", _zipped, {"roles": ROLES, "rows": ROWS}),
    Layout("semicolons and decimal commas", table(FRAME, sep=";", decimal=",", encoding="utf-16"), {"roles": ROLES}),
    Layout(
        "a day as a number and an hour",
        table(FRAME.drop(columns="timestamp").assign(day=TIME.dt.strftime("%Y%m%d").astype(int), hour=TIME.dt.hour)),
        {"roles": {**ROLES, "time": ["day", "hour"]}},
        times=(str(TIME.min().floor("h")), str(TIME.max().floor("h"))),
    ),
    Layout(
        "tables joined by the transaction's id",
        _joined_tables,
        {"rows": ROWS},
        features=("channel", "DeviceType", "has DeviceType"),
    ),
    Layout(
        "age from the date of birth",
        table(FRAME.assign(dob=_BORN)),
        {"roles": {**ROLES, "group": ["age"]}},
        left=("dob",),
    ),
    Layout(
        "distance from two places",
        table(FRAME.assign(**{name: value + FRAME["account_id"] / 100 for name, value in _PLACES.items()})),
        features=("channel", "lat", "long", "merch_lat", "merch_long", "distance_km"),
    ),
    Layout(
        "a column that is mostly empty", table(FRAME.assign(score=_EMPTY)), features=("channel", "score", "has score")
    ),
    Layout(
        "parts of a split called validate",
        table(FRAME.assign(partition=_WORDS)),
        {"split": {"given": True, "counts": {"training": 200, "validation": 200, "test": 200}}},
        features=("channel",),
    ),
    Layout(
        "stamps in thousandths of a second under another name",
        table(FRAME.drop(columns="timestamp").assign(event_ts=_STAMPS)),
        {"roles": {**ROLES, "time": ["event_ts"]}},
    ),
    Layout(
        "a week of the month is no month",
        table(FRAME.drop(columns="timestamp").assign(Year=TIME.dt.year, WeekOfMonth=TIME.dt.day // 7 + 1)),
        features=("channel", "Year", "WeekOfMonth"),
    ),
    Layout("phones and devices as integers", table(_calls(FRAME)), asked="unit", locked=("caller_msisdn", "imei")),
    Layout(
        "an account that nothing stands in",
        table(FRAME.drop(columns="account_id").assign(member_id=None)),
        {"roles": {"label": ["is_fraud"], "time": ["timestamp"], "amount": ["amount"]}},
    ),
    Layout("accounts in another language", table(FRAME.rename(columns={"account_id": "Kundennummer"})), asked="unit"),
    # time in parts and as a counter
    Layout(
        "months counted from none on",
        _counted_months(0, shuffled=True),
        {"roles": {**ROLES, "time": ["month"]}},
        features=("channel",),
        times=("2210-01-01 00:00:00", "2210-08-02 01:30:00"),
    ),
    Layout("months in the order of the rows", _counted_months(3), {"roles": {**ROLES, "time": ["month"]}}),
    Layout("months that may be seasons", _counted_months(3, shuffled=True), asked="time"),
    Layout(
        "years and months by their names, and other parts of a date",
        table(_NO_TIME.assign(DayOfWeek=1, Month=TIME.dt.month.map(_MONTHS), Year=_YEARS)),
        {"roles": {**ROLES, "time": ["Year", "Month"]}},
        times=("2022-01-01 00:00:00", "2024-04-01 00:00:00"),
    ),
    Layout(
        "Jahr, Monat by name, Tag",
        table(_NO_TIME.assign(Tag=TIME.dt.day, Monat=TIME.dt.month.map(_MONATE), Jahr=TIME.dt.year)),
        {"roles": {**ROLES, "time": ["Jahr", "Monat", "Tag"]}},
        times=(str(TIME.min().floor("D")), str(TIME.max().floor("D"))),
    ),
    Layout(
        "the year of a car and the month of a claim make no date",
        table(_NO_TIME.assign(auto_year=_YEARS, claim_month=TIME.dt.month.map(_MONTHS))),
        features=("channel", "auto_year", "claim_month"),
    ),
    # labels of accounts
    Layout(
        "a table that says which shops are fraud",
        _labels_apart("Provider"),
        {"unit": {"name": "Provider", "units": 60}, "roles": {"counterparty": ["Provider"], "time": ["timestamp"]}},
    ),
    Layout(
        "a table that says which of an unknown key are fraud",
        _labels_apart("bearer_code"),
        {"unit": {"name": "bearer_code", "units": 60}},
        features=("channel",),
    ),
    Layout("a label for each account", table(_of_accounts(FRAME)), {"unit": {"name": "account_id", "units": 60}}),
    # rows that are counted
    Layout("a row index that starts anew in each file", _numbered, {"rows": ROWS}, features=("channel",)),
    Layout(
        "a row index of rows that were sampled",
        lambda folder: FRAME.assign(x=1).iloc[::3].sample(frac=1, random_state=2).to_csv(folder / "rows.csv"),
        features=("channel", "x"),
    ),
    Layout(
        "another row index beside the transaction's id",
        table(FRAME.assign(transaction_id="t" + FRAME.index.astype(str), **{"Unnamed: 0": FRAME.index[::-1] * 3})),
        features=("channel",),
    ),
    # what is named like something personal
    Layout(
        "ways of contact and whether there is insurance",
        table(
            FRAME.assign(
                contact=np.resize(["cellular", "telephone", "unknown"], ROWS), insurance=np.resize(["yes", "no"], ROWS)
            )
        ),
        features=("channel", "contact", "insurance"),
    ),
    Layout(
        "contacts that are persons",
        table(FRAME.assign(contact=np.resize(["Ann Bell", "Bob Cole", "Cy Dean"], ROWS))),
        features=("channel",),
        left=("contact",),
    ),
    Layout(
        "a status whose values say fraud",
        table(_PLAIN.assign(status=_REVIEWED)),
        {"target": {"column": "status", "positive": "confirmed fraud"}},
        features=("channel",),
    ),
    # tables beside, and words of other languages
    Layout(
        "labels by id, features without a header",
        _without_header,
        {**target("is_fraud"), "rows": ROWS, "roles": {"label": ["is_fraud"], "id": ["txId"]}},
        features=("column 2", "column 3"),
    ),
    Layout("a longer table that is about something else", _beside_ranges, {**target("is_fraud"), "roles": ROLES}),
    Layout(
        "sender and receiver",
        table(_PLAIN.rename(columns={"account_id": "SENDER_ACCOUNT_ID"}).assign(to_account_id=5, is_fraud=FRAUD)),
        {"unit": {"name": "SENDER_ACCOUNT_ID", "units": 60}, "roles": {"counterparty": ["to_account_id"]}},
    ),
    Layout("an account of any owner", table(FRAME.rename(columns={"account_id": "bank_account_no"})), asked="unit"),
    Layout(
        "år, månad, dag",
        table(
            _NO_TIME.rename(columns={"is_fraud": "bedrägeri"}).assign(
                år=TIME.dt.year, månad=TIME.dt.month, dag=TIME.dt.day
            )
        ),
        {**target("bedrägeri"), "roles": {"time": ["år", "månad", "dag"]}},
    ),
    Layout(
        "rok, miesiąc by name, dzień",
        table(_NO_TIME.assign(rok=2024, miesiąc=TIME.dt.month.map(_MIESIACE), dzień=TIME.dt.day)),
        {"roles": {**ROLES, "time": ["rok", "miesiąc", "dzień"]}},
        times=(str(TIME.min().floor("D")), str(TIME.max().floor("D"))),
    ),
)
