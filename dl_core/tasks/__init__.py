"""The verbs as jobs: arguments and results are plain JSON, runs and data sets are named by id and owner.

The dashboard submits these through `engine` as ``"dl_core.tasks:NAME"``. Every task takes ``(args, context)``;
``args`` always holds ``owner``, and a task on a run holds ``run``: ``{"id": run id}``, or ``{"prepared": domain name}``
for the run that ships with the sample.
"""

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core.tasks.data import ingest, inspect, sample
from dl_core.tasks.explain import explain, layers
from dl_core.tasks.export import export, report
from dl_core.tasks.interactions.exposure import exposure, feedback, rerank, rerank_example
from dl_core.tasks.interactions.lists import find_items, find_users, user_lists
from dl_core.tasks.interactions.reasons import cold_start, explain_list
from dl_core.tasks.interactions.recommend import recommend, recommend_all, similar_items
from dl_core.tasks.interactions.summary import list_overview
from dl_core.tasks.judging import ageing, bias, cases, compare, drift, learning_curve, mitigate, robustness
from dl_core.tasks.predict import predict, what_if
from dl_core.tasks.series.browse import series_lines, series_listed
from dl_core.tasks.series.explain import explain_forecast, stress_forecast
from dl_core.tasks.series.forecast import forecast_ahead, what_if_forecast
from dl_core.tasks.series.results import series_forecasts, series_found
from dl_core.tasks.series.summary import series_overview
from dl_core.tasks.table.summary import overview
from dl_core.tasks.training import train, warm_up

__all__ = [
    "ageing",
    "bias",
    "cases",
    "cold_start",
    "compare",
    "drift",
    "explain",
    "explain_forecast",
    "explain_list",
    "export",
    "exposure",
    "feedback",
    "find_items",
    "find_users",
    "forecast_ahead",
    "ingest",
    "inspect",
    "layers",
    "learning_curve",
    "list_overview",
    "mitigate",
    "overview",
    "predict",
    "recommend",
    "recommend_all",
    "report",
    "rerank",
    "rerank_example",
    "robustness",
    "sample",
    "series_forecasts",
    "series_found",
    "series_lines",
    "series_listed",
    "series_overview",
    "similar_items",
    "stress_forecast",
    "train",
    "user_lists",
    "warm_up",
    "what_if",
    "what_if_forecast",
]
