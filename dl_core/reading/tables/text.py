"""How a text file is written: its encoding, and the character that parts its cells."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path

from dl_core.reading.listing import suffix_of

_SEPARATORS = ",;\t|^~"
_NOT_OF_WINDOWS = (0x81, 0x8D, 0x8F, 0x90, 0x9D)


def decode_table(path: Path, sample_bytes: int = 1 << 20) -> tuple[str, str]:
    """Return the encoding of a text file, found by reading all of it in blocks, and its first characters.

    Without a byte order mark it is UTF-8 where that fits, else what Windows writes.
    """
    with open(path, "rb") as file:
        head = file.read(sample_bytes)
        encoding = marked_encoding(head)
        if not encoding:
            decoder = codecs.getincrementaldecoder("utf-8")()
            encoding, block = "utf-8", head
            try:
                while block:
                    decoder.decode(block)
                    block = file.read(1 << 22)
            except UnicodeDecodeError:
                encoding = "cp1252"
    if encoding == "cp1252" and any(code in head for code in _NOT_OF_WINDOWS):
        encoding = "latin-1"
    return encoding, head.decode(encoding, errors="replace").lstrip("\ufeff")


def marked_encoding(head: bytes) -> str:
    """Return the encoding that a mark or the zeros of UTF-16 tell, or nothing."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if len(head) > 3 and head[1:40:2].count(0) > 10:
        return "utf-16-le"
    return "utf-16-be" if len(head) > 3 and head[0:40:2].count(0) > 10 else ""


def separator_of(sample: str, name: str = "") -> str:
    """Return the character that splits the first lines into the same number of cells, two at least."""
    if suffix_of(name) == ".tsv":
        return "\t"
    lines = [line for line in sample.splitlines()[:21] if line.strip()]
    lines = lines[:-1] if len(lines) == 21 else lines

    def _fit(separator: str) -> tuple[bool, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
        return counts[0] > 1 and len(set(counts)) == 1, counts[0]

    return max(_SEPARATORS, key=_fit) if lines else ","
