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
    parser = Parser(prog="python -m dl_core", description="Daylight without a browser.")
    sub = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)

    def add(name: str, help: str, *parts: Callable[[Parser], None]) -> Parser:
        command = sub.add_parser(name, help=help, description=help)
        for part in parts:
            part(command)
        command.set_defaults(command=commands[name])
        return command

    add("domains", "List the domains.")
    train = add("train", "Train models on your data.", _data, _reading)
    train.add_argument("domain", metavar="DOMAIN", help="see `domains`")
    train.add_argument("--test", type=Path, metavar="PATH", help="rows for the final scores and nothing else")
    train.add_argument("--models", default="fast", help="fast (default), all, or names joined by commas")
    train.add_argument("--seed", type=int, default=0, metavar="N")
    train.add_argument("--time-budget", type=float, metavar="SECONDS", help="models that do not fit are left out")
    train.add_argument("--run", type=Path, required=True, metavar="DIR", help="folder for the run")
    add("predict", "Predict new cases.", _run, _model, _data, _reading, _out)
    add("evaluate", "Show the scores, or score labelled data.", _run, _data_if_any, _reading, _json)
    compare = add("compare", "Compare models side by side on the same rows.", _run, _json)
    compare.add_argument("--models", default="", help="two or more names joined by commas; all by default")
    explain = add("explain", "Draw what the model looked at.", _run, _model, _data, _reading, _out)
    explain.add_argument("--methods", default="", help="names joined by commas")
    explain.add_argument("--target", help="class to explain; the predicted one by default")
    bias = add("bias", "Show every metric by group.", _run, _model, _json)
    bias.add_argument("--groups", required=True, metavar="COL[,COL]", help="columns; two are shown as pairs as well")
    probe = add("probe", "Ask the run something else; without a name, list what it can be asked.", _run, _model, _json)
    probe.add_argument("name", nargs="?", metavar="NAME", help="see the list")
    probe.add_argument("--option", type=pair, action="append", default=[], metavar="KEY=VALUE", help="see the list")
    probe.add_argument("--data", type=Path, metavar="PATH", help="new cases, for probes that read some")
    probe.add_argument("--out", type=Path, metavar="DIR", help="folder, for probes that write a file")
    add("report", "Write the report.", _run, _out)
    add("export", "Write a bundle that `predict` runs anywhere.", _run, _model, _out)
    return parser


def _run(parser: Parser) -> None:
    parser.add_argument(
        "--run", type=Path, required=True, metavar="DIR", help="the run's folder (predict: or a bundle)"
    )


def _model(parser: Parser) -> None:
    parser.add_argument("--model", metavar="NAME", help="by default the best on validation")


def _data(parser: Parser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="PATH")


def _data_if_any(parser: Parser) -> None:
    parser.add_argument("--data", type=Path, metavar="PATH")


def _out(parser: Parser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="PATH")


def _json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _reading(parser: Parser) -> None:
    parser.add_argument("--role", type=pair, action="append", default=[], metavar="ROLE=COLUMN")
    parser.add_argument("--option", type=pair, action="append", default=[], metavar="KEY=VALUE")
