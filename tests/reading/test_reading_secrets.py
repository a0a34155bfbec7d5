"""Secrets in tables: found by their check digits and shapes in any column, and nothing that only looks long."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core.data.privacy import is_card_number
from dl_core.errors import SchemaError
from dl_core.reading.request import ReadRequest
from dl_core.reading.secrets.find import is_rounded, secret_of
from dl_core.reading.secrets.keys import pseudonyms, workspace_key
from dl_core.reading.table.read import read_transactions
from dl_core.schema import Role

ROWS = 240


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("DAYLIGHT_HOME", str(home))
    return home


def cards(count: int, seed: int = 0, first: str = "400000", length: int = 16) -> list[str]:
    """Return made-up numbers in the range of test cards, with Luhn's check digit found by trying all ten."""
    rng = np.random.default_rng(seed)
    bodies = ["".join([first, *map(str, rng.integers(0, 10, length - len(first) - 1))]) for _ in range(count)]
    return [next(body + digit for digit in "0123456789" if is_card_number(body + digit)) for body in bodies]


def ibans(count: int, seed: int = 0) -> list[str]:
    """Return made-up accounts of a bank that does not exist, with the check digits of ISO 7064 (97 - …)."""
    rng = np.random.default_rng(seed)
    accounts = [f"00000000{number:010d}" for number in rng.integers(0, 10**9, count)]
    return [f"DE{98 - int(account + '131400') % 97:02d}{account}" for account in accounts]


def nhs(count: int) -> list[str]:
    """Return made-up ten-digit health numbers with their check digit of weights 10 … 2 modulo 11."""
    found = []
    for at in range(10**6):
        body = f"{400_000_000 + 7919 * at:09d}"
        check = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), body, strict=True)) % 11
        found += [f"{body}{check}"] if check < 10 else []
        if len(found) == count:
            break
    return found


RNG = np.random.default_rng(1)
WITHIN = {
    "card numbers": [f"Refund to card {number}, approved" for number in cards(30)],
    "account numbers (IBAN)": [f"Überweisung an {number} Miete" for number in ibans(20)],
    "mail addresses": [f"invoice sent to p{at}@example.org." for at in range(20)] + ["cash"] * 9,
}
FOUND = {
    "card numbers": [
        cards(30),
        [f"{n[:4]} {n[4:8]} {n[8:12]} {n[12:]}" for n in cards(30)],
        [f"{n[:4]}-{n[4:8]}-{n[8:12]}-{n[12:]}" for n in cards(30)],
        cards(20, first="34", length=15),
        [int(n) for n in cards(30)],
        [float(n) for n in cards(30)],
        [*cards(25), *["cash"] * 25, *["voucher 7"] * 9],  # a column of means of payment
    ],
    "account numbers (IBAN)": [ibans(20), [" ".join(n[at : at + 4] for at in range(0, 22, 4)) for n in ibans(20)]],
    "mail addresses": [[f"p{at}@example.org" for at in range(20)], [*["none"] * 30, "Jane.Doe@Example.org"]],
    "phone numbers": [
        [f"+49 170 {number}" for number in RNG.integers(10**6, 10**7, 20)],
        [f"({number}) 555-01{at:02d}" for at, number in enumerate(RNG.integers(200, 999, 20))],
        [f"0170/{number}" for number in RNG.integers(10**6, 10**7, 20)],
    ],
    "national ids": [nhs(20), [f"{at + 100}-{at + 10}-{at + 1000}" for at in range(20)], [int(n) for n in nhs(20)]],
}
PLAIN = {
    "sixteen digits": RNG.integers(4 * 10**15, 5 * 10**15, 300).tolist(),
    "ids in order": [4_000_000_000_000_000 + at for at in range(300)],
    "nine digits": RNG.integers(10**8, 10**9, 300).tolist(),
    "nine digits in order": list(range(214530000, 214530015)),  # as born on 30 April 1921, which has no check digit
    "milliseconds": (1_700_000_000_000 + RNG.integers(0, 10**9, 300)).tolist(),
    "amounts": RNG.uniform(0, 1e12, 300).tolist(),
    "revenue": (RNG.integers(10**3, 10**4, 300) * 10**12).tolist(),
    "dates": [f"{at % 28 + 1:02d}-03-2024" for at in range(300)],
    "stamps": [f"2024-03-{at % 28 + 1:02d} 13:45:{at % 60:02d}" for at in range(300)],
    "hashes": [f"{number:032x}" for number in RNG.integers(0, 2**62, 300)],
    "skus": [f"AB{at:02d}X{at * 7919 % 10_000:04d}" for at in range(99)],
    "prices": [f"{at}.99 EUR" for at in range(300)],
    "mcc": (RNG.integers(0, 9, 300) + 5411).tolist(),
    "scores": RNG.integers(300, 850, 300).tolist(),
    "versions": [f"1.{at}.0" for at in range(100)],
}


@pytest.mark.parametrize(("name", "at"), [(name, at) for name, some in FOUND.items() for at in range(len(some))])
def test_secrets_are_found_by_what_stands_in_a_column(name: str, at: int) -> None:
    kind = secret_of(pd.Series(FOUND[name][at], name="note"))
    assert kind is not None and kind.name == name


@pytest.mark.parametrize("name", WITHIN)
def test_secrets_are_found_within_sentences(name: str) -> None:
    kind = secret_of(pd.Series(WITHIN[name], name="memo"))
    assert kind is not None and kind.name == name
    rare = [f"sold {at} of order {400_000_000_000 + 7_919 * at}" for at in range(300)]
    assert secret_of(pd.Series([*WITHIN[name][:1], *rare], name="memo")) is None


@pytest.mark.parametrize("name", PLAIN)
def test_what_only_looks_like_a_secret_is_none(name: str) -> None:
    column = pd.Series(PLAIN[name], name=name.replace(" ", "_"))
    assert secret_of(column) is None and not is_rounded(column)


@pytest.mark.parametrize("name", ["phone_home_valid", "name_email_similarity", "cards_used", "card1", "zip_count_4w"])
def test_counts_whose_names_sound_personal_are_none(name: str) -> None:
    assert secret_of(pd.Series([0, 1, 2, 3, 1, 0] * 20, name=name)) is None


def test_a_few_values_are_known_by_the_column_s_name() -> None:
    assert secret_of(pd.Series(["4111111111111112"], name="Card Number")).name == "card numbers"  # type: ignore[union-attr]
    assert secret_of(pd.Series([12, 345, 999], name="CVV2")) is not None
    assert secret_of(pd.Series(["4111111111111112"], name="reference")) is None


def test_cards_that_a_spreadsheet_has_rounded_are_named(tmp_path: Path) -> None:
    assert is_rounded(pd.Series(["4E+15", "4.00000E+15", "5.1E+15"] * 3, name="card_number"))
    assert is_rounded(pd.Series([float(number[:15] + "0") for number in cards(30)] * 3, name="a"))
    assert not is_rounded(pd.Series([float(number) for number in cards(30)] * 3, name="a"))
    frame = payments().assign(card_number=[("4E+15", "4.00001E+15")[at % 2] for at in range(ROWS)])
    frame.to_csv(tmp_path / "a.csv", index=False)
    data = read_transactions(ReadRequest((tmp_path / "a.csv",)))
    assert data.column(Role.ENTITY) == "customer_id" and "card_number" not in data.table
    assert [note.level for note in data.notes if note.kind == "rounded-ids"] == ["warning"]
    with pytest.raises(SchemaError, match="rounded by a spreadsheet"):
        read_transactions(ReadRequest((tmp_path / "a.csv",), roles={Role.ENTITY: ("card_number",)}))


def test_keys_are_pseudonyms_of_one_key_whatever_their_spelling(workspace: Path) -> None:
    number = cards(1)[0]
    kind = secret_of(pd.Series(cards(30), name="x"))
    assert kind is not None
    spelled = [number, f"{number[:4]} {number[4:8]}-{number[8:12]} {number[12:]}", f" {number} ", None]
    first, second, third, gone = pseudonyms(pd.Series(spelled), "ab" * 32, kind.word, kind.tidy)
    assert first == second == third and pd.isna(gone) and number not in first
    assert pseudonyms(pd.Series([int(number)]), "ab" * 32, kind.word, kind.tidy)[0] == first
    assert pseudonyms(pd.Series([number]), "cd" * 32, kind.word, kind.tidy)[0] != first
    key = workspace_key()
    assert key == workspace_key() and len(key) == 32
    assert stat.S_IMODE((workspace / "pseudonyms.key").stat().st_mode) == 0o600


def payments(seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    account = rng.integers(0, 40, ROWS)
    fraud = np.arange(ROWS) % 9 == 0
    return pd.DataFrame(
        {
            "timestamp": pd.date_range("2024-01-01", periods=ROWS, freq="5h"),
            "customer_id": [f"C{at:03d}" for at in account],
            "memo": np.array(cards(40))[account],
            "to": np.array(ibans(40))[account],
            "digits": rng.permutation(1_000)[:40][account],
            "channel": rng.choice(["web", "pos"], ROWS),
            "amount": (rng.gamma(2, 30, ROWS) * (1 + fraud)).round(2),
            "is_fraud": fraud.astype(int),
        }
    )


def test_secrets_of_any_name_are_neither_features_nor_kept(tmp_path: Path, workspace: Path) -> None:
    frame = payments()
    frame.to_csv(tmp_path / "a.csv", index=False)
    data = read_transactions(ReadRequest((tmp_path / "a.csv",)))
    data.save(tmp_path / "saved")
    assert data.reading is not None
    locked = {column.name: column.examples for column in data.reading.columns if column.locked}
    assert locked == {"memo": (), "to": (), "digits": ()}  # the codes: one a card, three digits, evenly spread
    assert data.roles[Role.FEATURE] == ("channel",)
    said = json.dumps(data.describe()) + json.dumps(data.reading.as_dict()) + data.table.to_csv()
    assert not any(number in said for number in (*cards(40), *ibans(40)))
    for role in (Role.FEATURE, Role.GROUP):
        with pytest.raises(SchemaError, match="card numbers, which are never used"):
            read_transactions(ReadRequest((tmp_path / "a.csv",), roles={role: ("memo",)}))


def test_a_card_chosen_as_the_account_reads_as_a_plain_id_does(tmp_path: Path, workspace: Path) -> None:
    frame = payments()
    frame.to_csv(tmp_path / "a.csv", index=False)
    plain, card = (
        read_transactions(ReadRequest((tmp_path / "a.csv",), roles={Role.ENTITY: (name,)}))
        for name in ("customer_id", "memo")
    )
    history = list(plain.roles[Role.HISTORY])
    pd.testing.assert_frame_equal(plain.table[history], card.table[list(card.roles[Role.HISTORY])])
    assert (
        card.fingerprint
        == read_transactions(ReadRequest((tmp_path / "a.csv",), roles={Role.ENTITY: ("memo",)})).fingerprint
    )
    card.save(tmp_path / "before")
    (workspace / "pseudonyms.key").unlink()  # as on another machine: the data set's own key is enough
    frame.iloc[[200]].drop(columns="is_fraud").to_csv(tmp_path / "one.csv", index=False)
    options = {"like": card.describe(), "history": str(tmp_path / "before")}
    one = read_transactions(ReadRequest((tmp_path / "one.csv",), labelled=False, options=options))
    assert one.table["memo"].iloc[0] == card.table["memo"].iloc[200]
    assert not (workspace / "pseudonyms.key").exists()
