"""The `Reading` of series: what every file and column was taken for, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dl_core.data.dataset import Dataset
from dl_core.data.reading import ASKED, LEFT_OUT, TRAINED, Question, Reading, Verdict
from dl_core.data.series.panel import Panel
from dl_core.reading.request import ReadRequest
from dl_core.reading.series.covariates import Beside
from dl_core.reading.series.recognise import WORDS, Found
from dl_core.reading.series.shape import COLUMNS, LONG, MATRIX, ROWS, Layout
from dl_core.reading.series.sides import Side
from dl_core.reading.tables.about import TableAbout, readings
from dl_core.reading.tables.read import RawTable
from dl_core.reading.tables.trained import Trained
from dl_core.reading.understood import understood
from dl_core.schema import Role

_NAMES = 50
_WHY = {
    Role.PAST: "changes from step to step; known only as time goes by",
    Role.GROUP: "stays the same within a series",
}


@dataclass(frozen=True)
class Said:
    """What goes into a reading once files are recognised."""

    found: Found
    request: ReadRequest
    trained: Trained
    around: Beside | None = None

    def reading(
        self, dataset: Dataset | None, questions: Sequence[Question] = (), assumed: Sequence[str] = ()
    ) -> Reading:
        """Return the reading, of a data set or of files about which a question is open."""
        about = [self._values(table, layout) for table, layout in self.found.layouts]
        about += [self._side(side) for side in self.found.sides]
        files, columns = readings(about)
        layout = self.found.layout
        said = Reading(
            "series",
            layout=WORDS[layout.kind],
            files=tuple(files),
            columns=tuple(columns),
            about={"series": self._series(dataset, layout)},
            questions=tuple(questions),
            assumed=(*layout.assumed, *assumed, *self._guessed()),
            options={"layout": layout.kind} if layout.kind in (ROWS, COLUMNS, MATRIX) else {},
        )
        return understood(said, dataset, self.request, roles=self._roles(layout), notes=self.found.notes)

    def tables(self) -> tuple[TableAbout, ...]:
        """Return how each table was read."""
        return (
            *(self._values(table, layout) for table, layout in self.found.layouts),
            *(self._side(side) for side in self.found.sides),
        )

    def _values(self, table: RawTable, layout: Layout) -> TableAbout:
        told: dict[str, dict[str, Any]] = {name: {"why": why} for name, why in layout.left.items()}
        shown = {LONG: "holds the value", COLUMNS: "a series of its own", ROWS: "a step, by its name"}
        for name in layout.values:
            told[name] = self._as(
                Role.VALUE, layout.why or shown.get(layout.kind, "a part of each period, by its name")
            )
        for name in layout.time:
            together = (
                f", together with {', '.join(n for n in layout.time if n != name)}" if len(layout.time) > 1 else ""
            )
            told[name] = self._as(Role.TIME, f"holds times{together}")
        for name in layout.key:
            together = f", together with {', '.join(n for n in layout.key if n != name)}" if len(layout.key) > 1 else ""
            told[name] = self._as(Role.SERIES, f"names the series{together}")
        told |= self._beside(layout.more)
        for question in layout.questions:
            for name in {name for choice in question.choices for names in choice.roles.values() for name in names}:
                told.setdefault(name, {}).update(verdict=Verdict.OPEN, alternatives=(str(Role.VALUE),))
        about = table.about.with_columns(told)
        return (
            about.as_part("test", "holds the steps of the test")
            if table.test
            else about.as_part("table", "holds the values")
        )

    def _side(self, side: Side) -> TableAbout:
        about = side.table.about.as_part(side.part, side.why)
        told = {name: self._as(role, _WHY.get(role, "as in the table of values")) for name, role in side.roles.items()}
        return about.with_columns({**told, **self._beside(side.more)})

    def _as(self, role: Role, why: str) -> dict[str, Any]:
        why = ASKED if role in self.request.wished else TRAINED if role in self.trained.roles else why
        return {"role": str(role), "why": why}

    def _beside(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what became of columns beside the values."""
        told: dict[str, dict[str, Any]] = {}
        around = self.around
        if around is None:
            return told
        for name in names:
            role = around.roles.get(name)
            if role is None:
                told[name] = {"role": LEFT_OUT, "why": around.why.get(name, "")}
                continue
            other = {Role.PAST: Role.FUTURE, Role.FUTURE: Role.PAST}.get(role)
            told[name] = {
                **self._as(role, _WHY.get(role, around.why.get(name, ""))),
                "verdict": Verdict.CERTAIN if role in self.request.wished else Verdict.ASSUMED,
                "alternatives": (str(other),) if other else (),
            }
        return told

    def _guessed(self) -> list[str]:
        """Return the sentence on covariates, whose roles are guessed."""
        notes = self.around.notes if self.around is not None and not self.trained else []
        known = {Role.PAST, Role.FUTURE} <= set(self.request.wished)
        return [] if known else [note.message for note in notes if note.kind == "covariates"]

    def _roles(self, layout: Layout) -> Mapping[Role, Sequence[str]]:
        roles: dict[Role, Sequence[str]] = {Role.SERIES: layout.key, Role.TIME: layout.time}
        if layout.kind in (LONG, COLUMNS):
            roles[Role.VALUE] = layout.values
        if self.around is not None:
            for role in (Role.PAST, Role.FUTURE):
                roles[role] = tuple(name for name, one in self.around.roles.items() if one == role)
        roles |= {role: names for role, names in self.request.wished.items() if role in (Role.GROUP, Role.VALUE)}
        return {role: tuple(names) for role, names in roles.items() if names}

    def _series(self, dataset: Dataset | None, layout: Layout) -> dict[str, Any]:
        """Return what is said of series under their own key."""
        target = layout.values[0] if layout.kind == LONG else ""
        if dataset is None or not len(dataset):
            return {"target": target}
        panel = Panel.of(dataset)
        times = panel.times
        return {
            "count": len(panel),
            "names": [str(name) for name in panel.series[:_NAMES]],
            "target": target or ("" if layout.kind != COLUMNS else "each column"),
            "frequency": panel.frequency.removesuffix("-JAN"),
            "season": panel.seasons[0] if panel.seasons else None,
            "seasons": list(panel.seasons),
            "start": short_time(times.min()),
            "end": short_time(times.max()),
            "steps": int(panel.lengths.max()),
        }


def short_time(time: Any) -> str:
    """Return a time without what is zero anyway; numbers of steps as they are."""
    if not isinstance(time, np.datetime64):
        return str(int(time))
    return str(time)[:16].replace("T", " ").removesuffix(" 00:00")
