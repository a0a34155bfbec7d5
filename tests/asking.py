"""A reader of transactions that asks which column is the label, so that tests need no file that is unclear."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import dl_core.domains  # noqa: F401 - makes the domains known
from dl_core import domain as registry
from dl_core.data.reading import Choice, ColumnReading, FileReading, Question, QuestionError, Reading, Verdict
from dl_core.domain import ReadRequest
from dl_core.schema import Role


def asking_for_the_label(monkeypatch: pytest.MonkeyPatch, *fitting: str) -> None:
    """Let the reader of transactions ask which of the ``fitting`` columns is the label, unless somebody named it."""
    domain = registry.get_domain("fraud_detection")
    said = " and ".join(repr(name) for name in fitting)
    choices = tuple(Choice(name, {"label": (name,)}) for name in fitting)
    question = Question("target", f"Which column is the target? {said} both fit.", choices)

    def read(request: ReadRequest) -> Any:
        if not request.labelled or Role.LABEL in request.wished:
            return domain.read(request)
        path = request.paths[0]
        table = pd.read_csv(path)
        columns = [
            ColumnReading(
                path.name,
                name,
                "left out",
                "number" if table[name].dtype != object else "text",
                "few values" if name in fitting else "named so",
                Verdict.OPEN if name in fitting else Verdict.CERTAIN,
                examples=tuple(table[name].astype(str).unique()[:3]),
            )
            for name in table
        ]
        secret = ColumnReading(path.name, "ssn", "left out", "text", "looks like a national id", locked=True)
        files = (FileReading(path.name, "table", "the only file", len(table), "comma, UTF-8"),)
        raise QuestionError(Reading("table", files=files, columns=(*columns, secret), questions=(question,)))

    monkeypatch.setitem(registry._DOMAINS, "fraud_detection", replace(domain, read=read))
