"""Nothing that a run leaves behind holds a card, an account, an address or a number of a person in clear."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dl_core import pipeline
from dl_core.__main__ import main
from dl_core.domain import get_domain
from dl_core.engine.inline import InlineEngine
from dl_core.reading.request import ReadRequest
from dl_core.schema import Role
from dl_core.store import get_store
from tests.reading.test_reading_secrets import cards, ibans, nhs

PEOPLE, ROWS = 24, 480
PLANTED = {
    "card_number": cards(PEOPLE),
    "note": ibans(PEOPLE),
    "kontakt": [f"jo.{at}.doe@mail.example.org" for at in range(PEOPLE)],
    "reach": [f"+49 170 {8_123_457 + 7_919 * at}" for at in range(PEOPLE)],
    "person": nhs(PEOPLE),
    "cvv": [f"{137 + 31 * at}" for at in range(PEOPLE)],
}
_PLAIN = {"timestamp", "amount", "is_fraud", "item_id", "rating", "date", "sales"}
_KEYS = {Role.ENTITY, Role.COUNTERPARTY, Role.USER, Role.ITEM, Role.SERIES, Role.UNIT, Role.ID}


PLANTED["memo"] = [f"sent to {one} as agreed" for one in ibans(PEOPLE, 7)]


def _planted(rng: np.random.Generator, who: np.ndarray) -> dict[str, np.ndarray]:
    return {name: np.array(values)[who] for name, values in PLANTED.items()}


def _transactions(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    who, fraud = rng.integers(0, PEOPLE, ROWS), np.arange(ROWS) % 6 == 0
    times = pd.date_range("2024-01-01", periods=ROWS, freq="4h")
    frame = pd.DataFrame(
        {"timestamp": times, "amount": (rng.gamma(2, 30, ROWS) * (1 + fraud)).round(2), "is_fraud": fraud.astype(int)}
    ).assign(**_planted(rng, who))
    return frame, frame.tail(20).drop(columns="is_fraud")


def _interactions(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    who = rng.integers(0, PEOPLE, ROWS)
    frame = pd.DataFrame(
        {
            "item_id": [f"i{at}" for at in (who + rng.integers(0, 9, ROWS)) % 30],
            "rating": rng.integers(1, 6, ROWS),
            "timestamp": pd.date_range("2024-01-01", periods=ROWS, freq="4h"),
            **_planted(rng, who),
        }
    )
    frame = frame.rename(columns={"kontakt": "user_id", "reach": "user_contact", "note": "item_note"})
    return frame, frame.tail(20)


def _series(rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    days = pd.date_range("2024-01-01", periods=60, freq="D")
    lines = [
        pd.DataFrame({"date": days, "sales": (50 + at + 5 * np.sin(np.arange(60) / 7 * 6.3)).round(2)}).assign(
            **_planted(rng, np.full(60, at))
        )
        for at in range(PEOPLE)
    ]
    frame = pd.concat(lines, ignore_index=True)
    return frame, frame


UPLOADS = {
    "fraud_detection": (_transactions, "rules,logistic", {"entity": "card_number", "label": "is_fraud"}),
    "recommendation": (_interactions, "popularity,item_neighbours", {}),
    "forecasting": (_series, "seasonal_naive,drift", {"series": "note", "time": "date", "value": "sales"}),
}


def _texts(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Return what a file says, with what is packed in it: zip, npz, gzip, Parquet."""
    yield name, data
    if data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for member in packed.namelist():
                yield from _texts(f"{name}/{member}", packed.read(member))
    elif data[:2] == b"\x1f\x8b":
        yield from _texts(f"{name}/gzip", gzip.decompress(data))
    elif data[:4] == b"PAR1":
        yield f"{name}/rows", pd.read_parquet(io.BytesIO(data)).reset_index().to_csv().encode()
    elif data[:6] == b"\x93NUMPY":
        yield f"{name}/values", str(np.load(io.BytesIO(data), allow_pickle=False).tolist()).encode()


def _spelled(value: str) -> set[bytes]:
    plain = value.replace(" ", "").replace("+", "")
    return {value.encode(), plain.encode(), value.encode("utf-16-le"), value.lower().encode()}


def _leaks(folders: list[Path]) -> dict[str, str]:
    """Return where a planted value stands in clear; codes of three digits stand anywhere by accident."""
    long = {name: some for name, some in PLANTED.items() if name not in ("cvv", "memo")}
    long["memo"] = ibans(PEOPLE, 7)
    wanted = {spelled: name for name, some in long.items() for one in some for spelled in _spelled(one)}
    found = {}
    for folder in folders:
        for path in folder.rglob("*") if folder.is_dir() else [folder]:
            if path.is_file():
                for place, data in _texts(str(path), path.read_bytes()):
                    kinds = {kind for spelled, kind in wanted.items() if spelled in data}
                    found |= {place: ", ".join(sorted(kinds))} if kinds else {}
    return found


@pytest.mark.parametrize("name", UPLOADS)
def test_nothing_in_clear_is_left_behind(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("DAYLIGHT_HOME", str(home))
    draw, models, roles = UPLOADS[name]
    rows, new = draw(np.random.default_rng(0))
    given = tmp_path / "given"
    given.mkdir()
    rows.to_csv(given / "rows.csv", index=False)
    new.to_csv(given / "new.csv", index=False)
    run, out = tmp_path / "run", tmp_path / "out"
    out.mkdir()
    said = [word for role, column in roles.items() for word in ("--role", f"{role}={column}")]
    data = ["--data", str(given / "rows.csv")]
    cases = ["--data", str(given / "new.csv")]
    commands = [
        ["read", name, *data, *said, "--json"],
        ["train", name, *data, *said, "--models", models, "--run", str(run)],
        ["report", "--run", str(run), "--out", str(out / "report.html")],
        ["export", "--run", str(run), "--out", str(out / "bundle.zip")],
        ["predict", "--run", str(run), *cases, "--out", str(out / "predicted.csv")],
        ["predict", "--run", str(out / "bundle.zip"), *cases, "--out", str(out / "again.csv")],
        ["compare", "--run", str(run), "--json"],
        ["evaluate", "--run", str(run), "--json"],
    ]
    if name == "fraud_detection":
        commands.append(["explain", "--run", str(run), "--model", "logistic", *cases, "--out", str(out / "why")])
    for command in commands:
        assert main(command) == 0, command
    domain = get_domain(name)
    kept = pipeline.open_run(run)
    pipeline.model_card(domain, kept, None, out / "card.md")
    printed = capfd.readouterr()
    (out / "printed.txt").write_text(printed.out + printed.err)
    wished = {Role(role): (column,) for role, column in roles.items()}
    reading, dataset = pipeline.read(domain, ReadRequest((given / "rows.csv",), roles=wished))
    assert dataset is not None
    locked = {column.name for column in reading.columns if column.locked}
    assert locked == set(rows) - _PLAIN
    used = {column for role, names in dataset.roles.items() if role not in _KEYS for column in names}
    used |= {column for table in dataset.side.values() for column in table.columns}
    assert not {column for column in used if column.split("=")[0] in locked}
    rows.to_parquet(given / "rows.parquet")
    with zipfile.ZipFile(given / "rows.zip", "w") as packed:
        packed.write(given / "rows.parquet", "rows.parquet")
    assert any(place.endswith("rows.zip/rows.parquet/rows") for place in _leaks([given]))  # else nothing would be found
    upload = home / "uploads" / "me-up"
    upload.mkdir(parents=True)
    (given / "rows.csv").rename(upload / "rows.csv")
    engine = InlineEngine(home)
    asked = {
        "domain": name,
        "owner": "me",
        "upload": "me-up",
        "roles": {role: [column] for role, column in roles.items()},
    }
    job = engine.submit("dl_core.tasks:ingest", asked, owner="me")
    assert job.state == "done", job.error
    get_store(home).drop_upload("me-up", "me")
    assert not _leaks([run, out, home])
