"""`Domain`: all that differs between two industries, as one frozen description, and the registry of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dl_core.data.catalogue import KnownData
from dl_core.data.dataset import Dataset, Finding
from dl_core.data.splits import Splits
from dl_core.discover import discover, named
from dl_core.errors import OptionError
from dl_core.evaluate.registry import ALL_METRICS
from dl_core.explain.explanation import Explanation
from dl_core.explain.registry import every_explainer
from dl_core.explain.request import ExplainRequest
from dl_core.kinds import Kind, Words, kind_of
from dl_core.models.base import Offer
from dl_core.problems.base import Problem
from dl_core.problems.classification import CLASSIFICATION
from dl_core.reading.request import ReadRequest
from dl_core.schema import Schema


@dataclass(frozen=True)
class Option:
    """One choice of a run, for the command line's ``--option`` and the page's form alike."""

    name: str
    kind: type
    default: Any
    help: str
    choices: tuple[Any, ...] = ()
    lines: bool = False  # a text of several lines

    def parse(self, value: Any) -> Any:
        """Return ``value`` typed and checked.

        Raises
        ------
        OptionError
            If it does not fit.
        """
        try:
            if self.kind is bool and isinstance(value, str):
                typed = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[value.lower()]
            else:
                typed = self.kind(value)
        except (KeyError, TypeError, ValueError):
            raise OptionError(
                f"{value!r} is not a {self.kind.__name__}", where=f"option {self.name}", expected=self.help
            ) from None
        if self.choices and typed not in self.choices:
            raise OptionError(
                f"{value!r} is not offered", where=f"option {self.name}", expected=", ".join(map(str, self.choices))
            )
        return typed


@dataclass(frozen=True)
class Sample:
    """Data that ship with the project: a folder that the domain's reader reads, and a prepared run on it, if any.

    ``prepared_run`` is a run's folder, or an archive of one (`store.shipped`).
    ``examples`` holds unlabelled files to try a prediction with, where there are any.
    """

    folder: Path
    title: str
    prepared_run: Path | None = None
    examples: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)  # read options


@dataclass(frozen=True)
class Domain:
    """One industry. Stages never see it; the verbs in `pipeline` take from it what each stage needs.

    Callables import their stage inside, so that describing a domain loads neither Keras nor scikit-learn.
    """

    name: str
    title: str
    purpose: str
    icon: str
    upload_help: str
    schema: Schema
    read: Callable[[ReadRequest], Dataset]
    inspect: Callable[[Dataset, Splits | None], list[Finding]]
    mend: Callable[[Dataset, Splits, Sequence[str]], tuple[Dataset, Splits]]
    split: Callable[[Dataset, int, Mapping[str, Any]], Splits]
    models: Mapping[str, Offer]
    presets: Mapping[str, tuple[str, ...]]  # "fast" and "all"
    primary_metric: str
    metrics: tuple[str, ...]
    group_metrics: tuple[str, ...]
    explainers: tuple[str, ...]
    explain: Callable[[ExplainRequest], list[Explanation]]
    slices: Callable[[Dataset], pd.DataFrame]  # columns to check for bias, by row id
    prediction_table: Callable[[pd.DataFrame, Dataset], pd.DataFrame]  # columns of the command line's contract
    problem: Problem = CLASSIFICATION  # what is asked of models
    novelty: Callable[[Dataset, Path | None], np.ndarray] | None = None  # (n, d), by which new rows look strange
    prediction_notes: Callable[[pd.DataFrame], list[str]] | None = None  # what to say beside predictions
    learning_curve: Callable[..., list[dict[str, Any]]] | None = None  # (train … test, seeds, work, options)
    about_rows: Callable[[Dataset, Mapping[str, Any]], pd.DataFrame] | None = None  # what metrics need besides scores
    pick_threshold: Callable[[np.ndarray, np.ndarray, pd.DataFrame | None], float | None] | None = None
    ages: bool = False  # whether scores are shown week by week, and models may learn on
    inputs: Callable[[Dataset], pd.DataFrame] | None = None  # what models read of a row, for the drift check
    reference_rows: int = 0  # training rows kept beside a run, against which explanations compare a case
    symbol: str = ":material/category:"  # beside its name in the navigation
    order: int = 100  # its place among the domains; those of one place stand by name
    words: Mapping[str, Any] = field(default_factory=dict)  # fields of `Words` that its kind of row calls otherwise
    options: tuple[Option, ...] = ()
    sample: Sample | None = None
    more_samples: tuple[Sample, ...] = ()  # others, which need no prepared run
    known_data: tuple[KnownData, ...] = ()
    notice: str = ""
    limits: tuple[str, ...] = ()

    def parse_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return all options typed, with defaults filled in.

        Raises
        ------
        OptionError
            If an option does not exist or does not fit.
        """
        known = {option.name: option for option in self.options}
        for name in options:
            if name not in known:
                raise OptionError(f"there is no option {name!r}", where=self.name, expected=", ".join(known) or "none")
        return {name: option.parse(options.get(name, option.default)) for name, option in known.items()}

    def choose_models(self, models: str | Sequence[str], options: Mapping[str, Any] | None = None) -> tuple[str, ...]:
        """Return model names for a preset, a comma-separated list or a sequence.

        With the ``options`` of a training, a preset also holds the models that want these.

        Raises
        ------
        OptionError
            If a model does not exist.
        """
        if isinstance(models, str):
            if models in self.presets:
                given = options or {}
                more = (
                    name
                    for name, offer in self.models.items()
                    if offer.wants and all(given.get(key) == value for key, value in offer.wants.items())
                )
                return (*self.presets[models], *more)
            models = [name.strip() for name in models.split(",") if name.strip()]
        for name in models:
            if name not in self.models:
                raise OptionError(
                    f"there is no model {name!r}",
                    where=self.name,
                    expected=", ".join([*self.presets, *self.models]),
                )
        if not models:
            raise OptionError("no model was named", where=self.name, expected=", ".join([*self.presets, *self.models]))
        return tuple(dict.fromkeys(models))

    def known(self, name: str) -> KnownData:
        """Return the public data set of that name.

        Raises
        ------
        OptionError
            If there is none.
        """
        for known in self.known_data:
            if known.name == name:
                return known
        raise OptionError(
            f"there is no known data set {name!r}",
            where=self.name,
            expected=", ".join(known.name for known in self.known_data) or "none",
        )

    @property
    def kind(self) -> Kind:
        """What a row is, as the schema asks for it."""
        return kind_of(self.schema)

    @property
    def called(self) -> Words:
        """What rows, cases and answers are called."""
        return self.kind.called(self.words)

    def facts(self) -> dict[str, Any]:
        """Return what a report says about the domain, as plain values."""
        return {
            "title": self.title,
            "purpose": self.purpose,
            "notice": self.notice,
            "limits": list(self.limits),
            "judged": list(self.problem.judged),
            "primary_metric": self.primary_metric,
            "models": {name: {"label": offer.label, "summary": offer.summary} for name, offer in self.models.items()},
        }


def offered(package: str) -> dict[str, Offer]:
    """Return the models that a domain's package offers, by name.

    Any module of the package's folder may export ``OFFERS``: ``offers.py`` has ours, and comes first. Those of the
    entry point group ``daylight.models`` that name the domain in ``Offer.joins`` come last.
    """
    name, ours = package.rpartition(".")[2], import_module(f"{package}.offers").OFFERS
    found = [offer for offer in discover(package, "OFFERS", "daylight.models") if offer not in ours]
    return named([*ours, *(offer for offer in found if not offer.joins or name in offer.joins)])


def presets(models: Mapping[str, Offer], fast: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the two presets: ``fast`` and the newcomers who say that they belong there, and all.

    Models that want certain options of a training join them there (`Domain.choose_models`).
    """
    joined = (name for name, offer in models.items() if offer.fast and name not in fast)
    return {"fast": (*fast, *joined), "all": tuple(name for name, offer in models.items() if not offer.wants)}


_DOMAINS: dict[str, Domain] = {}


def register(domain: Domain) -> Domain:
    """Make ``domain`` known under its name, with the metrics and explainers that join it, and return it."""
    metrics = [one.name for one in ALL_METRICS.values() if domain.name in one.joins]
    methods = [one.name for one in every_explainer() if domain.name in one.joins]
    domain = replace(
        domain,
        metrics=tuple(dict.fromkeys((*domain.metrics, *metrics))),
        explainers=tuple(dict.fromkeys((*domain.explainers, *methods))),
    )
    _DOMAINS[domain.name] = domain
    return domain


def domains() -> dict[str, Domain]:
    """Return the registered domains by name, in the order in which they are shown."""
    return dict(sorted(_DOMAINS.items(), key=lambda item: (item[1].order, item[0])))


def get_domain(name: str) -> Domain:
    """Return the domain of that name.

    Raises
    ------
    OptionError
        If there is none.
    """
    if name not in _DOMAINS:
        raise OptionError(f"there is no domain {name!r}", expected=", ".join(_DOMAINS))
    return _DOMAINS[name]
