"""Opening the models that name classes, for the probes that ask them for scores."""

from __future__ import annotations

from dl_core.domain import Domain
from dl_core.errors import OptionError
from dl_core.models.base import Classifier
from dl_core.pipeline import Run, open_model


def open_classifier(domain: Domain, run: Run, name: str | None) -> tuple[str, Classifier]:
    """Return name and model as `pipeline.open_model` does, as what the probes here ask.

    Raises
    ------
    OptionError
        If it is no classifier.
    """
    chosen, model = open_model(domain, run, name)
    if not isinstance(model, Classifier):
        raise OptionError(f"{chosen} is no classifier", where=run.folder.name)
    return chosen, model
