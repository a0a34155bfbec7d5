"""The words of the command line. The contract is fixed: scripts rely on it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from dl_core.errors import OptionError

Command = Callable[[argparse.Namespace], int | None]


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one clear line."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would have printed with its usage."""
        raise OptionError(message, where=self.prog.replace("__main__.py", "daylight"), todo="see --help")


def pair(text: str) -> tuple[str, str]:
    """Return ``NAME=VALUE`` as a pair."""
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def build(commands: Mapping[str, Command]) -> Parser:
    """Return the parser; ``commands`` holds a function for each command's name."""
    parser = Parser(
        prog="python -m dl_core", description="Daylight on the command line: train, compare, explain and check models."
    )
    sub = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)

    def add(name: str, help: str, *parts: Callable[[Parser], None]) -> Parser:
        command = sub.add_parser(name, help=help, description=help)
        for part in parts:
            part(command)
        command.set_defaults(command=commands[name])
        return command

    add("domains", "List the domains.")
    add("read", "Show how files are understood, with what is open.", _domain, _data, _reading, _json)
    train = add("train", "Train models on your data.", _domain, _data, _reading)
    train.add_argument("--models", default="fast", help="fast (default), all, or comma-separated names")
    train.add_argument("--seed", type=int, default=0, metavar="N")
    train.add_argument(
        "--time-budget",
        type=float,
        metavar="SECONDS",
        help="time budget in seconds; models that do not fit are skipped",
    )
    train.add_argument("--run", type=Path, required=True, metavar="DIR", help="output folder of the run")
    add("predict", "Predict new cases.", _run, _model, _data, _roles, _out)
    add("evaluate", "Show the test metrics, or evaluate on labelled data.", _run, _data_if_any, _roles, _json)
    compare = add("compare", "Compare models pairwise on the same test rows.", _run, _json)
    compare.add_argument("--models", default="", help="two or more comma-separated names; all by default")
    explain = add("explain", "Explain predictions (attributions, saliency maps).", _run, _model, _data, _roles, _out)
    explain.add_argument("--methods", default="", help="comma-separated names")
    explain.add_argument("--target", help="class to explain; the predicted one by default")
    bias = add("bias", "Bias check: metrics and disparities by group.", _run, _model, _json)
    bias.add_argument(
        "--groups", required=True, metavar="COL[,COL]", help="sensitive features; two are also intersected"
    )
    probe = add(
        "probe", "Run a probe (learning curve, mitigation, drift …); without a name, list them.", _run, _model, _json
    )
    probe.add_argument("name", nargs="?", metavar="NAME", help="see the list")
    probe.add_argument("--option", type=pair, action="append", default=[], metavar="KEY=VALUE", help="see the list")
    probe.add_argument(
        "--data", type=Path, action="append", metavar="PATH", help="new cases, for probes that read them"
    )
    probe.add_argument("--out", type=Path, metavar="DIR", help="output folder, for probes that write a file")
    add("report", "Write the report.", _run, _out)
    add("export", "Export a model as a bundle that `predict` runs anywhere.", _run, _model, _out)
    return parser


def _run(parser: Parser) -> None:
    parser.add_argument(
        "--run", type=Path, required=True, metavar="DIR", help="the run's folder (predict: or a bundle)"
    )


def _model(parser: Parser) -> None:
    parser.add_argument("--model", metavar="NAME", help="default: the best on the validation set")


def _domain(parser: Parser) -> None:
    parser.add_argument("domain", metavar="DOMAIN", help="see `domains`")
    parser.add_argument(
        "--test", type=Path, metavar="PATH", help="separate test data, used for the final evaluation only"
    )


def _data(parser: Parser) -> None:
    parser.add_argument(
        "--data", type=Path, action="append", required=True, metavar="PATH", help="a file or folder; may be repeated"
    )


def _data_if_any(parser: Parser) -> None:
    parser.add_argument("--data", type=Path, action="append", metavar="PATH", help="may be repeated")


def _out(parser: Parser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="PATH")


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _roles(parser: Parser) -> None:
    parser.add_argument(
        "--role",
        type=pair,
        action="append",
        default=[],
        metavar="ROLE=COLUMN",
        help="what a column is for; may be repeated; ROLE=none: there is none",
    )
    parser.add_argument("--option", type=pair, action="append", default=[], metavar="KEY=VALUE", help="may be repeated")


def _reading(parser: Parser) -> None:
    _roles(parser)
    parser.add_argument(
        "--reading", type=Path, metavar="FILE.json", help="roles and options as `read --json` printed them"
    )
