"""Dates with a month by its name, in the languages that the Unicode CLDR knows: "03-Jan-22", "März 2018", "ene-21"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np

# Read in this order: a column's words are of the first language that knows them all.
_LANGUAGES = """
    en de fr es it pt nl sv da nb fi pl cs sk hu ro tr ru uk bg el hr sl sr et lv lt is ca eu ga cy mt sq mk id ms vi
    ja zh ko
"""
_ALSO = {"de": {"mrz": 3}, "en": {"sept": 9}, "sr": {"sep": 9}}  # spreadsheets' abbreviations that CLDR lacks
_TOKEN = re.compile(r"\d+月|\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?|\d+|[^\W\d_]+", re.UNICODE)
_BETWEEN = "de del of the le la den der am do des st nd rd th er ter ta el"  # day, month and year
_LITTLE = frozenset(_BETWEEN.split())
_HALVES = {"am": 0, "pm": 12}
_LEAST_LETTERS = 3


@lru_cache(maxsize=10_000)  # asked of the same words many times, in columns of many dates
def folded_word(text: str) -> str:
    """Return a word in lower case without accents and points: ``"Févr."`` → ``"fevr"``."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("ı", "i"))
    return "".join(sign for sign in apart if not unicodedata.combining(sign)).strip(". ")


@lru_cache(maxsize=1)
def _languages() -> dict[str, dict[str, int]]:
    """Return each language's words for months, folded, with their numbers."""
    from babel import Locale

    found: dict[str, dict[str, int]] = {}
    for language in _LANGUAGES.split():
        months = Locale(language).months
        words = dict(_ALSO.get(language, {}))
        for use in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, word in months.get(use, {}).get(width, {}).items():
                    words.setdefault(folded_word(word), int(number))
        found[language] = words
    return found


@lru_cache(maxsize=1)
def _weekdays() -> frozenset[str]:
    from babel import Locale

    days = (Locale(language).days for language in _LANGUAGES.split())
    forms = (form for one in days for form in (one["format"]["wide"], one["format"]["abbreviated"]))
    return frozenset(folded_word(word) for form in forms for word in form.values())


def month_numbers(words: Collection[str]) -> dict[str, int] | None:
    """Return the month that each word names, in the first language that knows all of them; None where none does.

    Parameters
    ----------
    words : collection of str
        Such as ``{"März", "Apr."}``; a beginning of three letters or more counts where it names one month only.
    """
    wanted = {word: folded_word(word) for word in words}
    if not wanted:
        return None
    for known in _languages().values():
        found = {word: _month(plain, known) for word, plain in wanted.items()}
        if all(found.values()):
            return {word: int(number) for word, number in found.items() if number}
    return None


def _month(plain: str, known: Mapping[str, int]) -> int | None:
    if plain in known:
        return known[plain]
    if len(plain) < _LEAST_LETTERS or not plain.isalpha():
        return None
    numbers = {number for word, number in known.items() if word.startswith(plain)}
    return numbers.pop() if len(numbers) == 1 else None


def is_month_name(word: str) -> bool:
    """Return whether a word names a month in some language."""
    plain = folded_word(word)
    return any(_month(plain, known) is not None for known in _languages().values())


def named_dates(texts: Sequence[str]) -> np.ndarray:
    """Return the times that texts with a month's name tell, (n,) datetime64[ns]; NaT where they do not.

    A month without a day is its first day. Of two numbers of one or two digits the first is the day, unless the month
    stands before both ("Jan 3, 22"); years of two digits are 1970 to 2069.

    Parameters
    ----------
    texts : sequence of str
        Distinct ones, of one column: the language is that of all of them.
    """
    parts = [_TOKEN.findall(text) for text in texts]
    words = [[token for token in tokens if not token[0].isdigit() or token[-1] == "月"] for tokens in parts]
    months = [_only([word for word in told if not _is_beside(word)]) for told in words]
    known = _months_of({word for word in months if word})
    found = np.full(len(texts), np.datetime64("NaT", "ns"))
    for at, (tokens, month) in enumerate(zip(parts, months, strict=True)):
        if month and month in known:
            found[at] = _date(tokens, known[month])
    return found


@lru_cache(maxsize=10_000)
def _is_beside(word: str) -> bool:
    """Return whether a word of a date tells nothing of the month: a weekday, "de", "pm"."""
    plain = folded_word(word)
    return len(plain) < 2 or plain in _LITTLE or plain in _HALVES or (plain in _weekdays() and plain not in _may_be())


@lru_cache(maxsize=1)
def _may_be() -> frozenset[str]:
    """Return weekdays' names that name a month too ("mar": mardi and March)."""
    return frozenset(word for known in _languages().values() for word in known) & _weekdays()


def _only(words: Sequence[str]) -> str:
    """Return the one word that may be the month, the second of two of which the first may be a weekday."""
    if len(words) == 2 and folded_word(words[0]) in _weekdays():
        return words[1]
    return words[0] if len(words) == 1 else ""


def _months_of(words: Collection[str]) -> dict[str, int]:
    """Return months by word; where one word is none ("the"), those of the language that knows most of them."""
    every = month_numbers(words)
    if every is not None:
        return every
    best: dict[str, int] = {}
    for known in _languages().values():
        found = {word: _month(folded_word(word), known) for word in words}
        told = {word: int(number) for word, number in found.items() if number}
        best = told if len(told) > len(best) else best
    return best


def _date(tokens: Sequence[str], number: int) -> np.datetime64:
    """Return the time of one text's tokens, NaT where they make no date."""
    none = np.datetime64("NaT", "ns")
    digits = [token for token in tokens if token.isdigit()]
    clock = next((token for token in tokens if ":" in token), "")
    year = next((token for token in digits if len(token) == 4), "")
    rest = [token for token in digits if token != year]
    if not year and len(rest) in (1, 2) and len(rest[-1]) == 2:
        short = rest.pop()
        year = f"{'20' if int(short) < 70 else '19'}{short}"
    if not year or len(rest) > 1 or (rest and len(rest[0]) > 2):
        return none
    day = int(rest[0]) if rest else 1
    try:
        date = np.datetime64(f"{year}-{number:02d}-{day:02d}", "ns")
    except ValueError:
        return none
    return date + _since_midnight(clock, tokens) if clock else date


def _since_midnight(clock: str, tokens: Iterable[str]) -> np.timedelta64:
    hour, minute, second = [*(float(part.replace(",", ".")) for part in clock.split(":")), 0.0][:3]
    half = next((_HALVES[token.casefold()] for token in tokens if token.casefold() in _HALVES), None)
    hour = hour if half is None else hour % 12 + half
    return np.timedelta64(round((hour * 3600 + minute * 60 + second) * 1e9), "ns")


@lru_cache(maxsize=1)
def unit_words() -> dict[str, frozenset[str]]:
    """Return the words for year, month, week, day and hour, one and several, folded, of all languages."""
    from babel.units import format_unit

    found: dict[str, frozenset[str]] = {}
    for unit in ("year", "month", "week", "day", "hour"):
        said = (
            format_unit(n, f"duration-{unit}", "long", locale=language)
            for language in _LANGUAGES.split()
            for n in (1, 2, 5)
        )
        found[unit] = frozenset(word for text in said for word in re.findall(r"[^\W\d]+", folded_word(text)))
    return found


def weekday_numbers(words: Collection[str]) -> dict[str, int] | None:
    """Return those words that name days of the week, 1 for Monday, in the first language that knows five; else None."""
    from babel import Locale

    plain = {word: folded_word(word) for word in words if word and not word[0].isdigit()}
    for language in _LANGUAGES.split():
        days = Locale(language).days
        known = {
            folded_word(name): int(number) + 1
            for use in ("format", "stand-alone")
            for width in ("wide", "abbreviated")
            for number, name in days.get(use, {}).get(width, {}).items()
        }
        found = {word: known[one] for word, one in plain.items() if one in known}
        if len(set(found.values())) >= 5:
            return found
    return None
