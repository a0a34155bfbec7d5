"""Archives that nobody vouches for."""

from __future__ import annotations

import errno
import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dl_core.errors import ArchiveError, DaylightError, LimitError, OptionError, StorageError
from dl_core.reading.archive import is_clutter, safe_name, unpack
from dl_core.reading.limits import Limits, check_upload
from dl_core.reading.listing import list_files


def _zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def _unpack(archive: Path, limits: Limits | None = None) -> list[str]:
    into = archive.parent / "into"
    into.mkdir()
    return unpack(archive, into, limits or Limits())


def test_files_arrive_and_clutter_stays_behind(tmp_path: Path):
    archive = _zip(tmp_path / "a.zip", {"x/1.png": b"1", "__MACOSX/x/._1.png": b"m", "x/.DS_Store": b"d", "x/y/": b""})
    assert _unpack(archive) == ["x/1.png"]
    assert (tmp_path / "into/x/1.png").read_bytes() == b"1"
    assert [path for path in (tmp_path / "into").rglob("*") if path.is_file()] == [tmp_path / "into/x/1.png"]


@pytest.mark.parametrize(
    "name",
    ["../evil.png", "a/../../evil.png", "/etc/evil.png", "C:\\evil.png", "c:evil.png", "..\\evil.png", "a\x01.png"],
)
def test_paths_that_lead_outside_are_refused(tmp_path: Path, name: str):
    archive = _zip(tmp_path / "a.zip", {"good.png": b"1", name: b"2"})
    with pytest.raises(ArchiveError, match="not a safe path") as caught:
        _unpack(archive)
    assert "a.zip" in caught.value.line() and "pack" in caught.value.todo.lower()
    assert not list((tmp_path / "into").iterdir()), "nothing may be written before all names are checked"


def test_links_are_refused(tmp_path: Path):
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        entry = zipfile.ZipInfo("link.png")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(entry, "/etc/passwd")
    with pytest.raises(ArchiveError, match="is a link"):
        _unpack(archive)


def test_encrypted_archives_are_refused(tmp_path: Path):
    archive = _zip(tmp_path / "a.zip", {"1.png": b"content"})
    data = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(signature) + offset
        data[at : at + 2] = struct.pack("<H", struct.unpack("<H", data[at : at + 2])[0] | 1)
    archive.write_bytes(data)
    with pytest.raises(ArchiveError, match="encrypted"):
        _unpack(archive)


def test_archives_within_archives_are_folders_and_share_the_limits(tmp_path: Path):
    inner = _zip(tmp_path / "inner.zip", {"a/1.png": b"1", "2.png": b"2"}).read_bytes()
    deeper = _zip(tmp_path / "deeper.zip", {"train.zip": inner}).read_bytes()
    outer = _zip(tmp_path / "outer.zip", {"x/test.zip": inner, "all.zip": deeper, "bad.zip": b"PK and no more"})
    (tmp_path / "work").mkdir()
    found = list_files([outer], tmp_path / "work", Limits())[0]
    assert [file.name for file in found] == [
        *("all/train/2.png", "all/train/a/1.png", "bad.zip", "x/test/2.png", "x/test/a/1.png")
    ]
    assert found[0].path.read_bytes() == b"2" and {file.given for file in found} == {"outer.zip"}
    with pytest.raises(LimitError, match="files"):
        (tmp_path / "again").mkdir()
        list_files([outer], tmp_path / "again", Limits(max_files=4))


def test_a_bomb_within_an_archive_is_refused(tmp_path: Path):
    inner = _zip(tmp_path / "inner.zip", {"1.bmp": bytes(3_000_000)}).read_bytes()
    outer = _zip(tmp_path / "outer.zip", {"a.zip": inner, "b.zip": inner})
    (tmp_path / "work").mkdir()
    with pytest.raises(LimitError, match="unpacks to"):
        list_files([outer], tmp_path / "work", Limits(max_unpacked_mb=4))


def test_bomb_by_ratio_is_refused_before_unpacking(tmp_path: Path):
    archive = _zip(tmp_path / "a.zip", {f"{i}.bmp": bytes(30_000_000) for i in range(4)})
    with pytest.raises(LimitError, match="unpacks to 120 MB") as caught:
        _unpack(archive)
    assert "a.zip" in caught.value.line()
    assert not list((tmp_path / "into").iterdir())


def test_bomb_by_size_and_by_count_is_refused(tmp_path: Path):
    archive = _zip(tmp_path / "a.zip", {"1.bmp": bytes(3_000_000), "2.bmp": b"2"})
    with pytest.raises(LimitError, match="unpacks to 3 MB"):
        _unpack(archive, Limits(max_unpacked_mb=2))
    (tmp_path / "into").rmdir()
    with pytest.raises(LimitError, match="2 entries"):
        _unpack(archive, Limits(max_files=1))


def test_bytes_are_counted_where_the_declared_size_lies(tmp_path: Path):
    archive = _zip(tmp_path / "a.zip", {"1.bmp": bytes(3_000_000)}, zipfile.ZIP_STORED)
    data = archive.read_bytes().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 1000))
    archive.write_bytes(data)
    with pytest.raises(DaylightError):
        _unpack(archive, Limits(max_unpacked_mb=2))


@pytest.mark.parametrize("cut", [10, 60])
def test_damaged_archives_say_so(tmp_path: Path, cut: int):
    archive = _zip(tmp_path / "a.zip", {"1.png": b"content" * 100})
    archive.write_bytes(archive.read_bytes()[:-cut])
    with pytest.raises(ArchiveError, match="damaged"):
        _unpack(archive)


def test_names_in_other_encodings_are_read(tmp_path: Path):
    """A packer of Windows writes latin-1, one of DOS cp437, and neither says so."""
    for raw, name in (("größe.png".encode(), "größe.png"), (b"gr\xfc\xdf.png", "grüß.png")):
        archive = _zip(tmp_path / f"{len(raw)}.zip", {"x" * len(raw): b"1"})
        archive.write_bytes(archive.read_bytes().replace(b"x" * len(raw), raw))
        into = tmp_path / f"into{len(raw)}"
        into.mkdir()
        assert unpack(archive, into, Limits()) == [name]
    dos = _zip(tmp_path / "dos.zip", {"xxxxx": b"1"})
    dos.write_bytes(dos.read_bytes().replace(b"xxxxx", "ä.png".encode("cp437")))
    assert _unpack(dos) == ["ä.png"]


def test_full_disk_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("dl_core.reading.archive.open", full, raising=False)
    with pytest.raises(StorageError, match="cannot be written") as caught:
        _unpack(_zip(tmp_path / "a.zip", {"1.png": b"1"}))
    assert caught.value.where == "a.zip" and "free some space" in caught.value.todo


@given(st.text(min_size=1, max_size=60))
def test_a_name_is_refused_or_stays_inside(name: str):
    root = Path("/root/of/all")
    try:
        safe = safe_name(name, "a.zip")
    except ArchiveError:
        return
    assert (root / safe).resolve().is_relative_to(root)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 300))
def test_any_bytes_are_unpacked_or_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int):
    """Whatever a zip's bytes are, nothing but our own errors escapes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("a/1.png", b"content" * 9)
    data = bytearray(buffer.getvalue())
    data[at : at + len(noise)] = noise
    folder = tmp_path_factory.mktemp("zip")
    archive = folder / "a.zip"
    archive.write_bytes(data)
    (folder / "into").mkdir()
    try:
        names = unpack(archive, folder / "into", Limits())
    except DaylightError as error:
        assert error.where
    else:
        assert all((folder / "into" / name).is_file() for name in names)


def test_limits_come_from_the_environment():
    assert Limits.from_environment({"DAYLIGHT_MAX_FILES": "7"}).max_files == 7
    assert Limits.from_environment({}) == Limits()
    with pytest.raises(OptionError, match="DAYLIGHT_MAX_FILES"):
        Limits.from_environment({"DAYLIGHT_MAX_FILES": "-1"})


def test_uploads_over_the_limit_are_refused(tmp_path: Path):
    (tmp_path / "1").write_bytes(bytes(1_500_000))
    (tmp_path / "2").write_bytes(b"2")
    check_upload([tmp_path], Limits(max_upload_mb=2))
    with pytest.raises(LimitError, match="1.5 MB"):
        check_upload([tmp_path], Limits(max_upload_mb=1))
    with pytest.raises(LimitError, match="2 files"):
        check_upload([tmp_path], Limits(max_files=1))


def test_clutter_is_told_by_any_part_of_the_path():
    assert is_clutter("__MACOSX/a.png") and is_clutter("a/.hidden/b.png") and is_clutter("a/Thumbs.db")
    assert not is_clutter("a/b.c/d.png")
