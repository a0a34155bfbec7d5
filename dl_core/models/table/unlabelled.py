"""What models that never see a label may look at."""

from __future__ import annotations

import re
from dataclasses import replace

from dl_core.data.dataset import Dataset
from dl_core.schema import Role

FROM_LABELS = re.compile(r"\bknown\b|\bfrauds?\b")  # as `data.history` names what it makes of known labels


def without_labels(data: Dataset) -> Dataset:
    """Return the same rows without the columns that were made from labels: delayed fraud rates and counts.

    A detector that reads them is not unsupervised: it profits from labels as a rule or a network does.
    """
    history = data.roles.get(Role.HISTORY, ())
    kept = tuple(name for name in history if not FROM_LABELS.search(name))
    return data if kept == tuple(history) else replace(data, roles={**data.roles, Role.HISTORY: kept})
