"""From what is known about items or users (titles, categories, prices, groups) to numbers that networks can take."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

from dl_core.data.interactions.catalogue import CATEGORY, TEXT, TITLE
from dl_core.files import read_json, write_json
from dl_core.models.store import load_arrays, save_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer

COMPONENTS = 128  # dense numbers of all texts together
WORDS = 20_000  # most frequent words and pairs of words, and as many character n-grams
CATEGORIES = 200  # of one column, the most frequent ones
FEWEST = 2  # rows with a word or category below which it says nothing about others
DISTINCT = 0.2  # share of different values above which a column of strings is text
QUANTILES = 65  # of each number
SEPARATORS = re.compile(r"\s*[|,;]\s*")
WORD_SETTINGS = {"ngram_range": (1, 2), "sublinear_tf": True}
CHARACTER_SETTINGS = {"analyzer": "char_wb", "ngram_range": (3, 5), "sublinear_tf": True}


@dataclass
class TableFeatures:
    """Encoder of a table of items or users, fitted on the rows that training knows.

    Texts become TF-IDF of words, pairs of words and character n-grams, reduced by a truncated singular value
    decomposition (latent semantic analysis, Deerwester et al. 1990); categories become one-hot, several in one cell
    (``Drama|War``) share the length 1; numbers become their quantile in -1…1. What is missing, and categories that
    training never saw, are zeros.

    Parameters
    ----------
    texts, categorical, numeric : list of str
        Columns by kind.
    categories : dict of str to list of str
        Known categories of each categorical column.
    vocabularies : dict of str to list of str
        Words and character n-grams, ``"words"`` and ``"characters"``.
    arrays : dict of str to numpy.ndarray
        ``"quantiles"`` (numeric, quantiles), ``"idf_words"``, ``"idf_characters"``, ``"components"`` (d, terms),
        ``"scale"`` () that brings the texts to length 1 on average.
    """

    texts: list[str] = field(default_factory=list)
    categorical: list[str] = field(default_factory=list)
    numeric: list[str] = field(default_factory=list)
    categories: dict[str, list[str]] = field(default_factory=dict)
    vocabularies: dict[str, list[str]] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def fit(cls, table: pd.DataFrame | None, seed: int = 0) -> TableFeatures:
        """Return an encoder of the columns of ``table`` that tell rows apart; of none where there is no table."""
        self = cls()
        if table is None or not len(table):
            return self
        for name in table.columns:
            kind = _kind(table[name], str(name))
            if kind is not None:
                getattr(self, kind).append(name)
        for name in self.categorical:
            counts = pd.Series([part for parts in _split(table[name]) for part in parts], dtype=object).value_counts()
            counts = counts[counts >= min(FEWEST, len(table))]
            self.categories[name] = sorted(counts.index[:CATEGORIES])
        grid = np.linspace(0, 1, QUANTILES)
        quantiles = [np.nanquantile(_numbers(table[name]), grid) for name in self.numeric]
        self.arrays["quantiles"] = np.array(quantiles).reshape(len(self.numeric), QUANTILES)
        if self.texts:
            self._fit_texts(_joined(table, self.texts), seed)
        return self

    @property
    def width(self) -> int:
        """Numbers of a row."""
        texts = len(self.arrays["components"]) if "components" in self.arrays else 0
        return texts + sum(map(len, self.categories.values())) + 2 * len(self.numeric)

    def transform(self, table: pd.DataFrame | None, rows: int) -> np.ndarray:
        """Return the numbers (rows, width) float32 of a table with the columns of `fit`; absent columns are missing.

        Parameters
        ----------
        table : pandas.DataFrame or None
            None where nothing is known of these rows.
        rows : int
            Number of rows.
        """
        if table is None or not self.width:
            return np.zeros((rows, self.width), dtype=np.float32)
        table = table.reindex(columns=[*self.texts, *self.categorical, *self.numeric])
        parts = [self._texts(table), *(self._categories(table[name]) for name in self.categorical)]
        parts += [self._number(table[name], place) for place, name in enumerate(self.numeric)]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def _fit_texts(self, texts: list[str], seed: int) -> None:
        """Choose words and n-grams and the directions in which texts differ most."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        parts = []
        for name, settings in (("words", WORD_SETTINGS), ("characters", CHARACTER_SETTINGS)):
            vectorizer = TfidfVectorizer(min_df=min(FEWEST, len(texts)), max_features=WORDS, **settings)
            try:
                parts.append(vectorizer.fit_transform(texts))
            except ValueError:  # no word occurs twice: scikit-learn's way to say that the vocabulary is empty
                continue
            self.vocabularies[name] = vectorizer.get_feature_names_out().tolist()
            self.arrays[f"idf_{name}"] = vectorizer.idf_
        if not parts:
            return
        terms = _beside(parts)
        components = min(COMPONENTS, terms.shape[0], terms.shape[1])
        reduced = TruncatedSVD(components, algorithm="randomized", random_state=seed, n_iter=4).fit(terms)
        self.arrays["components"] = reduced.components_.astype(np.float32)
        lengths = np.linalg.norm(terms @ reduced.components_.T, axis=1)
        self.arrays["scale"] = np.asarray(1 / lengths.mean() if lengths.any() else 1.0, dtype=np.float32)

    def _vectorizer(self, name: str) -> TfidfVectorizer:
        from sklearn.feature_extraction.text import TfidfVectorizer

        settings = WORD_SETTINGS if name == "words" else CHARACTER_SETTINGS
        vectorizer = TfidfVectorizer(vocabulary=self.vocabularies[name], **settings)
        vectorizer.idf_ = self.arrays[f"idf_{name}"]
        return vectorizer

    def _texts(self, table: pd.DataFrame) -> np.ndarray:
        if "components" not in self.arrays:
            return np.zeros((len(table), 0), dtype=np.float32)
        texts = _joined(table, self.texts)
        terms = _beside([self._vectorizer(name).transform(texts) for name in self.vocabularies])
        return np.asarray(terms @ self.arrays["components"].T) * self.arrays["scale"]

    def _categories(self, column: pd.Series) -> np.ndarray:
        place = {category: i for i, category in enumerate(self.categories[column.name])}
        out = np.zeros((len(column), len(place)), dtype=np.float32)
        for row, parts in enumerate(_split(column)):
            known = [place[part] for part in parts if part in place]
            out[row, known] = 1 / np.sqrt(max(1, len(known)))
        return out

    def _number(self, column: pd.Series, place: int) -> np.ndarray:
        """Return the quantile of each number and whether it is there, (n, 2)."""
        values = _numbers(column)
        there = ~np.isnan(values)
        quantiles = self.arrays["quantiles"][place]
        below = np.searchsorted(quantiles, values, "left") + np.searchsorted(
            quantiles, values, "right"
        )  # twice the rank
        return np.stack([np.where(there, below / QUANTILES - 1, 0.0), there], axis=1)

    def save(self, folder: Path, name: str) -> None:
        """Write ``<name>.json`` and ``<name>.npz`` into a model's folder."""
        about: dict[str, Any] = {key: getattr(self, key) for key in ("texts", "categorical", "numeric")}
        about |= {"categories": self.categories, "vocabularies": self.vocabularies}
        write_json(folder / f"{name}.json", about)
        save_arrays(folder / f"{name}.npz", self.arrays)

    @classmethod
    def load(cls, folder: Path, name: str) -> TableFeatures:
        """Return what `save` wrote."""
        return cls(**read_json(folder / f"{name}.json"), arrays=load_arrays(folder / f"{name}.npz"))


def _kind(column: pd.Series, name: str) -> str | None:
    """Return which list of columns a column belongs to, or None where it tells no rows apart."""
    known = column.dropna()
    if known.nunique() < 2:
        return None
    if types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column):
        return "numeric"
    if name == CATEGORY:
        return "categorical"
    if name in (TITLE, TEXT):
        return "texts"
    return "texts" if known.nunique() > DISTINCT * len(known) and known.nunique() > CATEGORIES else "categorical"


def _numbers(column: pd.Series) -> np.ndarray:
    """Return a column as float64, NaN where there is no number; times count in seconds."""
    if types.is_datetime64_any_dtype(column):
        return np.where(column.isna(), np.nan, column.to_numpy(dtype="datetime64[s]").astype(np.float64))
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _split(column: pd.Series) -> list[list[str]]:
    """Return the categories that each cell names."""
    cells = column.astype(object).where(column.notna(), "")
    return [[part for part in SEPARATORS.split(str(cell).strip()) if part] for cell in cells]


def _joined(table: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Return the texts of each row as one."""
    cells = [table[name].astype(object).where(table[name].notna(), "").astype(str) for name in columns]
    return [" ".join(parts) for parts in zip(*cells, strict=True)]


def _beside(parts: Sequence[sparse.csr_matrix]) -> sparse.csr_matrix:
    """Return blocks of terms beside each other, the whole row of length 1."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    return normalize(sparse.hstack(parts, format="csr", dtype=np.float32))
