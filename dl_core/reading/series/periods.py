"""Periods of the calendar as texts tell them: "2023", "2023Q1", "Q1 2023", "2023H1", "2023-W05", "01/2023"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from dl_core.reading.tables.month_names import folded_word

YEARS = (1500, 2200)
HALF, QUARTER, MONTH, WEEK = "half", "quarter", "month", "week"
MOST = {HALF: 2, QUARTER: 4, MONTH: 12, WEEK: 53}
_LANGUAGES = [
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "sv",
    "da",
    "nb",
    "fi",
    "pl",
    "cs",
    "ru",
    "tr",
    "hu",
    "ro",
    "el",
]
_UNITS = ("year", QUARTER, MONTH, WEEK, "day", "hour", "minute")
_SHORT = {"y": "year", "yr": "year", "fy": "year", "annee": "year", "anno": "year", "rok": "year", "q": QUARTER}
_SHORT |= {"qtr": QUARTER, "t": QUARTER, "tri": QUARTER, "trim": QUARTER, "h": HALF, "hy": HALF, "hj": HALF, "s": HALF}
_SHORT |= {"half": HALF, "halfyear": HALF, "halbjahr": HALF, "semestre": HALF, "semester": HALF, "sem": HALF}
_SHORT |= {"m": MONTH, "mo": MONTH, "mth": MONTH, "mon": MONTH, "w": WEEK, "wk": WEEK, "kw": WEEK, "cw": WEEK}
_SHORT |= {"hr": "hour", "uhr": "hour", "stunde": "hour", "hora": "hour", "min": "minute"}
_YEAR = re.compile(r"[XYxy]?(?P<year>\d{4})(?:\.0|s)?(?:\s*\[YR\d{4}\])?|(?P<fiscal>\d{4})\s*/\s*\d{4}")
_FISCAL = re.compile(r"FY[\s'’]*(?=\d)", re.IGNORECASE)
_TWO_YEARS = re.compile(r"(?P<year>\d{4})\s*[-/–]\s*(?P<next>\d{2})")
_LEAST_YEARS = 3  # different ones, from which "2011/12" is two years and no month
_MONTH = re.compile(
    r"(?P<year>\d{4})\s*[-/.]\s*(?P<part>0?[1-9]|1[0-2])|(?P<part2>0?[1-9]|1[0-2])[-/.](?P<year2>\d{4})"
)
_MARK = r"(?P<mark>[^\W\d_]+)\.?"
_APART = r"[\s\-/.:_,']*"
_MARKED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<year>\d{{4}}|\d{{2}}){_APART}{_MARK}[\s\-.]*(?P<part>\d{{1,2}})(?:-(?P<day>[1-7]))?",
        rf"{_MARK}[\s\-.]*(?P<part>\d{{1,2}}){_APART}(?P<year>\d{{4}}|\d{{2}})",
        rf"(?P<part>\d{{1,2}})[.\s]*{_MARK}{_APART}(?P<year>\d{{4}}|\d{{2}})",
        rf"(?P<year>\d{{4}}){_APART}(?P<part>\d{{1,2}})[.\s]+{_MARK}",
    )
)


@lru_cache(maxsize=1)
def _unit_words() -> dict[str, str]:
    """Return units of time by their folded words in the usual languages."""
    from babel.units import get_unit_name

    found: dict[str, str] = {}
    for language in _LANGUAGES:
        for unit in _UNITS:
            word = get_unit_name(f"duration-{unit}", length="long", locale=language)
            if word:
                found.setdefault(folded_word(word), unit)
    return found


@lru_cache(maxsize=2_000)
def unit_of(word: str) -> str:
    """Return the unit of time that a word names, in one number or many: ``"Jahr"`` → ``"year"``; "" if it is none."""
    plain = folded_word(word)
    if plain in _SHORT:
        return _SHORT[plain]
    units = _unit_words()
    if plain in units:
        return units[plain]
    if len(plain) < 3:
        return ""
    return next((unit for known, unit in units.items() if known.startswith(plain) and len(known) <= len(plain) + 3), "")


def periods_of(texts: Sequence[str]) -> list[np.datetime64 | None]:
    """Return the period of each text; where all are years and those after them ("2019/20"), the first of the two."""
    years = [_TWO_YEARS.fullmatch(_FISCAL.sub("", text.strip(), count=1)) for text in texts]
    if len(set(texts)) >= _LEAST_YEARS and all(
        one and (int(one["year"]) + 1) % 100 == int(one["next"]) for one in years
    ):
        return [_first(int(one["year"]), 1) for one in years if one]
    return [period_of(text) for text in texts]


def is_fiscal(text: str) -> bool:
    """Return whether a text names a fiscal year ("FY23 W05", "FY 2019/20")."""
    return _FISCAL.match(text.strip()) is not None


@lru_cache(maxsize=100_000)
def period_of(text: str) -> np.datetime64 | None:
    """Return the first day of the year, half, quarter, month or week that a text tells; None where it tells none."""
    text = text.strip()
    if not 4 <= len(text) <= 40 or not any(sign.isdigit() for sign in text):
        return None
    fiscal = _FISCAL.match(text)
    text = text[fiscal.end() :] if fiscal else text
    if fiscal and len(text) == 2:
        return _first(_whole_year(text), 1)
    if match := _YEAR.fullmatch(text):
        return _first(int(match["year"] or match["fiscal"]), 1)
    if match := _MONTH.fullmatch(text):
        return _first(int(match["year"] or match["year2"]), int(match["part"] or match["part2"]))
    for pattern in _MARKED:
        match = pattern.fullmatch(text)
        unit = unit_of(match["mark"]) if match else ""
        if match and unit in MOST:
            day = int(match.groupdict().get("day") or 1)
            return period_start(unit, _whole_year(match["year"]), int(match["part"]), day)
    return None


def period_start(unit: str, year: int, part: int, day: int = 1) -> np.datetime64 | None:
    """Return the first day of the ``part``-th half, quarter, month or week (ISO) of a year; None where it has none."""
    if not 1 <= part <= MOST[unit] or not YEARS[0] <= year <= YEARS[1]:
        return None
    if unit == WEEK:
        return iso_week(np.array([year]), np.array([part]))[0] + (day - 1)
    return _first(year, (part - 1) * (12 // MOST[unit]) + 1)


def iso_week(years: np.ndarray, weeks: np.ndarray) -> np.ndarray:
    """Return the Mondays of ISO weeks, (n,) datetime64[D]."""
    fourth = (years - 1970).astype("datetime64[Y]").astype("datetime64[D]") + 3  # always in the first week
    return fourth - (fourth.astype(np.int64) + 3) % 7 + 7 * (weeks.astype(np.int64) - 1)


def _whole_year(text: str) -> int:
    return int(text) if len(text) == 4 else int(text) + (1900 if int(text) >= 70 else 2000)


def _first(year: int, month: int) -> np.datetime64 | None:
    return np.datetime64(f"{year:04d}-{month:02d}-01") if YEARS[0] <= year <= YEARS[1] else None
