"""Train the models of a run one after the other, so that one that fails or finds no time does not lose the others."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.splits import Splits
from dl_core.errors import CancelledError, DaylightError, LimitError, RunError, StorageError
from dl_core.evaluate.results import Evaluation
from dl_core.files import read_json
from dl_core.models.base import Emit, FitContext, Offer, silent
from dl_core.train.answers import Answer, Answers
from dl_core.train.budget import Budget, Course
from dl_core.train.novelty import Novelty
from dl_core.train.run import JUDGED, REFERENCE, FittedModel, Run, Said, TrainSpec, environment, few
from dl_core.train.unfinished import Unfinished

LOG = logging.getLogger(__name__)
MOST_COMPARED = 50_000  # rows from which it is learned what training rows look like

Judge = Callable[[Said, Mapping[str, FittedModel]], Evaluation]


@dataclass(frozen=True)
class Session:
    """What surrounds a training.

    Parameters
    ----------
    offers : mapping of str to Offer
        The models of the spec by name.
    answers : Answers
        How models are asked about held-out rows, for the kind of problem at hand.
    judge : callable
        Returns the `Evaluation` of all that the models said.
    emit, should_stop, cache
        As in `FitContext`. Besides the models' own events there is ``{"event": "model", "model": name, "state":
        "running" | "done" | "failed" | "skipped", "reason": str}``; progress and seconds left are those of the run.
    sample_weight : pandas.Series or None
        Weight by row id of the training rows.
    novelty : callable or None
        ``(dataset, cache) -> (n, d)`` features by which new rows are compared with the training rows.
    reference : int
        Training rows to keep beside the run, against which explanations compare a case; none are exported.
    """

    offers: Mapping[str, Offer]
    answers: Answers
    judge: Judge
    emit: Emit = silent
    should_stop: Callable[[], bool] = lambda: False
    cache: Path | None = None
    sample_weight: pd.Series | None = None
    novelty: Callable[[Dataset, Path | None], np.ndarray] | None = None
    reference: int = 0


def train_models(
    domain: str,
    dataset: Dataset,
    splits: Splits,
    spec: TrainSpec,
    folder: Path,
    session: Session,
    dataset_path: str = "dataset",
) -> Run:
    """Train, calibrate and judge the models of ``spec`` and save the run.

    Baselines come first, so that there is always a result. Where ``folder`` holds an unfinished run of the same data,
    split and spec, models that were trained to the end are taken over and the interrupted one goes on from its last
    checkpoint; a finished run is replaced.

    Parameters
    ----------
    domain : str
    dataset : Dataset
    splits : Splits
    spec : TrainSpec
    folder : Path
    session : Session
    dataset_path : str
        Where the data set lies, relative to ``folder``; ``"dataset"`` saves it there.

    Returns
    -------
    Run

    Raises
    ------
    CancelledError
        If ``session.should_stop`` said so.
    LimitError
        If the time budget left no room for any model.
    RunError
        If every model failed.
    """
    return _Training(domain, dataset, splits, spec, Path(folder), session).run(dataset_path)


class _Training:
    def __init__(
        self, domain: str, dataset: Dataset, splits: Splits, spec: TrainSpec, folder: Path, session: Session
    ) -> None:
        self.domain, self.dataset, self.splits = domain, dataset, splits
        self.spec, self.folder, self.session = spec, folder, session
        self.budget = Budget(spec.time_budget)
        offers = [session.offers[name] for name in spec.models]
        self.order = sorted(offers, key=lambda offer: offer.kind != "baseline")
        self.course = Course(offers, session.emit, self.budget)
        self.answers = session.answers
        self.parts = self.answers.parts(dataset, splits)
        self.unfinished = Unfinished(self.folder, dataset.fingerprint, splits, spec, session.sample_weight)
        self.fitted: dict[str, FittedModel] = {}
        self.tables: list[pd.DataFrame] = []

    def run(self, dataset_path: str) -> Run:
        """Train all models and return the saved run."""
        self._prepare(dataset_path)
        for offer in self.order:
            self._one(offer)
        models = {name: self.fitted[name] for name in self.spec.models}
        if not self.tables:
            self._no_result(models)
        self.session.emit({"event": "progress", "done": 0.97, "text": "Evaluating the models"})
        rank = {name: number for number, name in enumerate(self.spec.models)}
        table = pd.concat(self.tables, ignore_index=True).sort_values("model", key=lambda m: m.map(rank), kind="stable")
        predictions = self.answers.gather(table.reset_index(drop=True), self.dataset)
        self._novelty()
        run = Run(
            folder=self.folder,
            domain=self.domain,
            spec=self.spec,
            dataset={**self.dataset.describe(), "path": dataset_path},
            splits=self.splits,
            models=models,
            predictions=predictions,
            evaluation=self.session.judge(predictions, models),
            seconds=self.budget.spent,
            environment=environment(),
        )
        if self.session.reference:
            few(self.parts["train"], self.session.reference, self.spec.seed).save(self.folder / REFERENCE)
        run.save()
        self.unfinished.clear()
        self.session.emit({"event": "progress", "done": 1.0, "text": "Done", "seconds_left": 0.0})
        return run

    def _prepare(self, dataset_path: str) -> None:
        if (self.folder / "run.json").exists():
            (self.folder / "run.json").unlink()
            shutil.rmtree(self.folder / "models", ignore_errors=True)
        (self.folder / "models").mkdir(parents=True, exist_ok=True)
        if dataset_path == "dataset" and not self._holds_dataset():
            self.dataset.save(self.folder / "dataset")

    def _holds_dataset(self) -> bool:
        about = self.folder / "dataset" / "dataset.json"
        return about.is_file() and read_json(about)["fingerprint"] == self.dataset.fingerprint

    def _one(self, offer: Offer) -> None:
        """Train one model, or note why not."""
        known = self.unfinished.taken_over(offer)
        if known is not None:
            self._keep(*known)
            self.course.end(offer.name, "done")
            return
        if self.session.should_stop():
            raise CancelledError("the work was cancelled")
        if self.budget.over() and self.tables:
            self._give_up(offer, "skipped", f"no time was left of the {self.spec.time_budget:g} s")
            return
        self.course.begin(offer.name)
        try:
            self._keep(*self._train(offer))
        except StorageError:
            raise
        except CancelledError:
            if self.session.should_stop():
                raise
            self._give_up(offer, "skipped", f"it did not fit into the time budget of {self.spec.time_budget:g} s")
        except DaylightError as error:
            self._give_up(offer, "failed", error.line())
        except Exception as error:  # one model's fault must not lose the others; it is logged and shown
            LOG.exception("model %s failed", offer.name)
            self._give_up(offer, "failed", f"Internal error ({type(error).__name__}).")
        else:
            self.course.end(offer.name, "done")

    def _give_up(self, offer: Offer, state: str, reason: str) -> None:
        self.fitted[offer.name] = FittedModel(offer.name, offer.label, offer.kind, state, reason)
        self.course.end(offer.name, state, reason)

    def _keep(self, fitted: FittedModel, said: Mapping[str, Answer]) -> None:
        self.fitted[fitted.name] = fitted
        for part, answer in said.items():
            self.tables.append(self.answers.rows(fitted, answer, part, self.parts))

    def _train(self, offer: Offer) -> tuple[FittedModel, dict[str, Answer]]:
        """Fit, ask, save; the mark comes last."""
        context, ask, clock = self._context(offer), self.answers.ask, time.perf_counter
        model, began = offer.build(), clock()
        turn = 1.0 - self.answers.settles
        model.fit(self.parts["train"], self.parts["validation"], context.part(0.0, turn))
        seconds = clock() - began
        said = {"validation": ask(model, "validation", self.parts)}
        fitted = self.answers.fitted(offer, model, said["validation"], self.parts, self.spec.seed)
        began, half = clock(), (1.0 + turn) / 2 if self.answers.finishes else 1.0
        self.answers.settle(model, self.parts, context.part(turn, half))
        seconds, began = seconds + clock() - began, clock()
        said["test"] = ask(model, "test", self.parts)
        per_case = 1000 * (clock() - began) / max(1, self.answers.count(said["test"]))
        fitted, said = self.answers.judged(fitted, said)
        began = clock()
        place = self._place(offer)
        refit = False
        if self.answers.finishes and self.spec.options.get("refit", True):
            judged = place / JUDGED
            judged.mkdir()
            model.save(judged)
            refit = self.answers.finish(model, self.parts, context.part(half, 1.0))
            if not refit:
                shutil.rmtree(judged)
        seconds += clock() - began
        model.save(place)
        size = sum(file.stat().st_size for file in place.rglob("*") if file.is_file() and JUDGED not in file.parts)
        fitted = replace(
            fitted,
            fit_seconds=seconds,
            predict_ms=per_case,
            size_bytes=size,
            parameters=model.parameters(),
            history=list(getattr(model, "history", [])),
            refit=refit,
        )
        self.unfinished.mark(offer, fitted, said)
        return fitted, said

    def _place(self, offer: Offer) -> Path:
        """Return the fresh folder of a model's files."""
        place = self.folder / "models" / offer.name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        return place

    def _context(self, offer: Offer) -> FitContext:
        weight = self.session.sample_weight
        mine = self.course.effort[offer.name]
        return FitContext(
            seed=self.spec.seed,
            emit=self.course.of(offer.name),
            should_stop=lambda: self.session.should_stop() or self.budget.over(),
            cache=self.session.cache,
            options=self.spec.options,
            sample_weight=None if weight is None else weight.loc[self.parts["train"].ids].to_numpy(dtype=float),
            out_of_time=self.budget.share(0.95 * mine, self.course.to_come()),
            checkpoint=self.unfinished.checkpoint(offer),
        )

    def _novelty(self) -> None:
        """Learn what training rows look like; a run without it lacks one warning only, so a fault is shown only."""
        if self.session.novelty is None:
            return
        try:
            parts = {part: few(self.parts[part], MOST_COMPARED, self.spec.seed) for part in ("train", "validation")}
            features = {part: self.session.novelty(rows, self.session.cache) for part, rows in parts.items()}
            Novelty.fit(features["train"], features["validation"]).save(self.folder)
        except (StorageError, CancelledError):
            raise
        except Exception as error:
            LOG.exception("novelty failed")
            reason = error.line() if isinstance(error, DaylightError) else type(error).__name__
            self.session.emit({"event": "warning", "text": f"New cases are not compared with training: {reason}"})

    def _no_result(self, models: Mapping[str, FittedModel]) -> None:
        reasons = "; ".join(f"{model.label}: {model.reason}" for model in models.values())
        if all(model.state == "skipped" for model in models.values()):
            raise LimitError(
                "no model could be trained in the time given",
                where=f"{self.spec.time_budget:g} s",
                todo="increase the time budget, or choose a faster model",
            )
        raise RunError(f"no model could be trained ({reasons})", todo="see the data quality findings, or choose others")
