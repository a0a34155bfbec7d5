"""How a text file is written: its encoding, and what parts its cells."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from pathlib import Path

from dl_core.reading.listing import suffix_of

WIDE, BLANKS = "::", " "  # separators of two characters, and of one blank or more
_SEPARATORS = (",", ";", "\t", "|", "^", "~")
_NOT_OF_WINDOWS = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
_MARKS = (  # longest first: UTF-32 begins as UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LETTERS = {  # letters that are frequent where an encoding is used, and stand at other places in its neighbours
    "cp1252": "äöüßéèêàçñáíóúåøæâôîûëïãõÄÖÜÉÅØÆ",
    "cp1250": "ąćęłńóśźżŁŚŻáčďéěíňřšťúůýžőűŘŠČŽăşţäöü",
}
_NUMERIC = re.compile(r"[-+]?\d+([.,]\d+)?")
_DECIMAL = re.compile(r"(?<=\d),(?=\d)")


def decode_table(path: Path, sample_bytes: int = 1 << 20) -> tuple[str, str]:
    """Return the encoding of a text file, found by reading all of it in blocks, and its first characters.

    Without a byte order mark it is UTF-8 where that fits, else what its bytes above 127 look like.
    """
    with open(path, "rb") as file:
        head = file.read(sample_bytes)
        encoding, odd = marked_encoding(head), b""
        if not encoding:
            decoder = codecs.getincrementaldecoder("utf-8")()
            encoding, block = "utf-8", head
            try:
                while block:
                    odd = block
                    decoder.decode(block)
                    block = file.read(1 << 22)
            except UnicodeDecodeError:
                encoding = guessed_encoding(odd)
    return encoding, head.decode(encoding, errors="replace").lstrip("\ufeff")


def marked_encoding(head: bytes) -> str:
    """Return the encoding that a mark or the zeros of UTF-16 tell, or nothing."""
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), "")
    if marked:
        return marked
    if len(head) > 3 and head[1:40:2].count(0) > 10:
        return "utf-16-le"
    return "utf-16-be" if len(head) > 3 and head[0:40:2].count(0) > 10 else ""


def guessed_encoding(data: bytes) -> str:
    """Return the likeliest encoding of bytes that are not UTF-8.

    Words of Cyrillic are runs of high bytes, Chinese characters come as pairs of them, Japanese ones decode to kana,
    and in western and central Europe single letters stand among plain ones.
    """
    text = b"\n".join(line for line in data.splitlines() if not line.isascii())[:200_000]
    runs = re.findall(rb"[\x80-\xff]+", text)
    if not runs:
        return "cp1252"
    leads = b"".join(run[::2] for run in runs)
    late = sum(byte >= 0xE0 for byte in leads) / len(leads)  # small letters of Cyrillic, rare characters of Chinese
    if _share(text, "shift_jis", "\u3040", "\u30ff") > 0.15 or _is_japanese(text, leads):
        return "shift_jis"
    if all(len(run) % 2 == 0 for run in runs) and late < 0.5 and _share(text, "gb18030", "\u4e00", "\u9fff") > 0.7:
        korean = len(leads) > 5 and max(leads) <= 0xC8 and _share(text, "cp949", "\uac00", "\ud7a3") > 0.9
        return "cp949" if korean else "gb18030"
    letters = sum(byte >= 0xC0 or byte in b"\xa8\xb8\xb3\xbf\xba" for run in runs for byte in run)
    if sum(map(len, runs)) / len(runs) >= 2.5 and letters > 0.9 * sum(map(len, runs)):
        return "cp1251"
    if _score(text, "cp1250") > _score(text, "cp1252"):
        return "cp1250"
    return "latin-1" if any(code in text for code in _NOT_OF_WINDOWS) else "cp1252"


def _is_japanese(text: bytes, leads: bytes) -> bool:
    """Return whether bytes decode to kanji that stand apart from plain letters, as single letters of Europe do not."""
    try:
        decoded = text.decode("cp932")
    except UnicodeDecodeError:
        return False
    wide = re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]", decoded)
    among = re.findall(r"[A-Za-z][\u3040-\u30ff\u4e00-\u9fff]|[\u3040-\u30ff\u4e00-\u9fff][A-Za-z]", decoded)
    early = sum(0x81 <= byte <= 0x9F for byte in leads)
    return len(wide) > 3 and early > 0.5 * len(leads) and len(among) < 0.2 * len(wide)


def _share(text: bytes, encoding: str, low: str, high: str) -> float:
    """Return which share of the characters above 127 lies between two, 0 where the bytes are of another encoding."""
    decoded = [letter for letter in text.decode(encoding, errors="replace") if ord(letter) > 127]
    return sum(low <= letter <= high for letter in decoded) / max(1, len(decoded))


def _score(text: bytes, encoding: str) -> int:
    """Return how many letters are usual where an encoding is used, less what never stands between letters."""
    decoded = text.decode(encoding, errors="replace")
    counts = Counter(letter for letter in decoded if ord(letter) > 127)
    usual = sum(count for letter, count in counts.items() if letter in _LETTERS[encoding])
    return usual - 2 * len(re.findall(r"(?<=\w)[^\w\s\x00-\x7f’](?=\w)", decoded))


def separator_of(sample: str, name: str = "") -> str:
    """Return what parts the cells: what splits most of the first lines into the same number, two at least.

    A comma between digits in every line is decimal where another separator splits as evenly.
    """
    if suffix_of(name) == ".tsv":
        return "\t"
    lines = [line for line in sample.splitlines()[:61] if line.strip()]
    lines = lines[:-1] if len(lines) > 20 else lines
    if not lines:
        return ","
    fits = {separator: _evenness(lines, separator) for separator in (WIDE, *_SEPARATORS)}
    best = max(_SEPARATORS, key=lambda separator: fits[separator])
    if fits[WIDE][0] >= max(0.5, fits[best][0]) and fits[WIDE][2] > 1:
        return WIDE
    if best == ",":
        others = [one for one in (";", "\t", "|") if fits[one][0] >= 0.9 and fits[one][2] > 1]
        inner = [line for line in lines if "," in line]
        if others and all("," not in _DECIMAL.sub("", line) for line in inner):
            best = others[0]
    if fits[best][2] < 2 and _is_blank_separated(lines):
        return BLANKS
    return best if fits[best][2] > 1 else ","


def _evenness(lines: list[str], separator: str) -> tuple[float, bool, int]:
    """Return how well a separator fits: the share of lines with the commonest number of cells above one, in tenths;
    whether the first line is parted at all, as lists in cells below a header are not; and that number.
    """
    if separator == WIDE:
        sizes = [line.count(WIDE) + 1 for line in lines]
    else:
        sizes = [len(row) for row in csv.reader(lines, delimiter=separator)]
    counts = Counter(size for size in sizes if size > 1)
    if not counts:
        return 0.0, False, 1
    cells, often = max(counts.items(), key=lambda item: (item[1], item[0]))
    return round(often / len(lines), 1), sizes[0] > 1, cells


def _is_blank_separated(lines: list[str]) -> bool:
    """Return whether blanks part lines into as many cells each, numbers among them."""
    rows = [line.split() for line in lines]
    numbers = sum(any(_NUMERIC.fullmatch(cell) for cell in row) for row in rows)
    return len({len(row) for row in rows}) == 1 and len(rows[0]) > 1 and numbers >= max(1, len(rows) - 1)
