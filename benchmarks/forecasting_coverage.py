"""Do intervals hold what they promise? Coverage of 80, 90 and 95 % intervals on rolling windows of both samples.

    python -m benchmarks.forecasting_coverage [--sample electricity|traffic|both] [--models a,b|fast|all]
        [--windows N] [--validation-windows N] [--seed 0]

Trains by `pipeline.train` as the dashboard does, and prints for each model which share of the true values of the test
windows lay inside its intervals: *raw* as the model gave them, *shown* as people see them, calibrated on windows before
(`evaluate.series.conformal` and `adaptive`), with 95 % intervals over series and windows. The bar is a distance of 3
points from nominal at 90 and 95 %. Electricity has 310 series and few windows; traffic is one series, where only many
windows tell coverage at all.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import dl_core.domains  # noqa: F401  makes the domains known
from dl_core import pipeline
from dl_core.data.series.origins import stride_of
from dl_core.data.series.panel import Panel
from dl_core.domain import Domain, get_domain
from dl_core.evaluate.judge import ALL, judge
from dl_core.evaluate.series.evaluate import forecast_metrics
from dl_core.evaluate.series.forecasts import Forecasts, forecast_rows
from dl_core.evaluate.series.windows import JudgedWindows
from dl_core.problems.forecasting import FORECASTING, before_test
from dl_core.reading.request import ReadRequest
from dl_core.train.run import Run, TrainSpec
from dl_core.train.series.answers import cases_of, window_answer

BAR = 3.0  # points
LEVELS = (80, 90, 95)
WINDOWS = {"electricity": (3, 3), "traffic": (20, 10)}  # test and validation


def main() -> None:
    """Train and print a line for each model and kind of interval."""
    args = _options()
    domain = get_domain("forecasting")
    for name in ("electricity", "traffic") if args.sample == "both" else (args.sample,):
        with tempfile.TemporaryDirectory(prefix="daylight-") as folder:
            run = _trained(domain, name, args, Path(folder))
            _print(domain, run, args.seed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", choices=("electricity", "traffic", "both"), default="both")
    parser.add_argument("--models", default="fast")
    parser.add_argument("--windows", type=int, default=0)
    parser.add_argument("--validation-windows", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _trained(domain: Domain, name: str, args: argparse.Namespace, folder: Path) -> Run:
    """Return a run on one sample."""
    sample = next(one for one in (domain.sample, *domain.more_samples) if one.folder.name == name)
    usual = WINDOWS[name]
    options = {"windows": args.windows or usual[0], "validation_windows": args.validation_windows or usual[1]}
    models = tuple(domain.presets.get(args.models, args.models.split(",")))
    spec = TrainSpec(models=models, seed=args.seed, options=options)
    began = time.perf_counter()
    dataset = pipeline.ingest(domain, ReadRequest((sample.folder,), options={**sample.options, **options}))
    splits = pipeline.split(domain, dataset, args.seed, options)
    run = pipeline.train(domain, dataset, splits, spec, folder / "run")
    print(f"\n{name}: {splits.protocol} ({time.perf_counter() - began:.0f} s)")
    return run


def _print(domain: Domain, run: Run, seed: int) -> None:
    """Print raw and shown coverage of every model."""
    dataset = run.load_dataset()
    facts = FORECASTING.facts(dataset, run.splits)
    shares = "".join(f"{f'{level} %':>24}" for level in LEVELS)
    print(f"{'model':22}{'':8}{shares}{'width 95':>10}   within {BAR:g} points")
    for name in run.trained:
        for kind, said in (("raw", _raw(domain, run, name)), ("shown", run.predictions)):
            judged = JudgedWindows.of(said.cases(name), facts)
            found = _coverage(judged, seed)
            cells = "".join(
                f"{100 * line['value']:10.1f} [{_percent(line['low'])}, {_percent(line['high'])}]" for line in found
            )
            width = judged.quantity(forecast_metrics(["width_95"])[0]).value
            far = [abs(100 * line["value"] - level) for line, level in zip(found, LEVELS, strict=True)][1:]
            print(f"{name:22}{kind:8}{cells}{width:10.2f}   {'yes' if max(far) <= BAR else 'no'}")


def _raw(domain: Domain, run: Run, name: str) -> Forecasts:
    """Return what the model that was judged says of the test windows, before calibration."""
    dataset = run.load_dataset()
    known, held = before_test(dataset, run.splits), Panel.of(dataset.subset(run.splits.test))
    model = run.load_model(name, domain.models[name], judged=True)
    answer = window_answer(model, known, held, stride_of(run.spec.options, model.horizon))
    return Forecasts(forecast_rows(name, "test", cases_of(answer)))


def _coverage(judged: JudgedWindows, seed: int) -> list[dict]:
    """Return a line with value and interval for each level."""
    names = [f"coverage_{level}" for level in LEVELS]
    found = judge({"": judged}, forecast_metrics(names), seed=seed)[""]
    return [found[ALL, name].as_dict() for name in names]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:5.1f}"


if __name__ == "__main__":
    main()
