"""Ranking: every user gets a list of items, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dl_core.data.dataset import Dataset
from dl_core.data.splits import Splits
from dl_core.errors import counted
from dl_core.evaluate.interactions.rankings import Rankings
from dl_core.evaluate.results import Comparison, Evaluation
from dl_core.problems.base import Judging, Problem, known_rows
from dl_core.schema import Role

if TYPE_CHECKING:
    from dl_core.bias.report import BiasReport
    from dl_core.data.interactions.histories import Histories
    from dl_core.evaluate.interactions.facts import InteractionFacts
    from dl_core.explain.explanation import Explanation
    from dl_core.models.interactions.base import Recommender
    from dl_core.report.content import Example
    from dl_core.train.interactions.answers import RankingAnswers
    from dl_core.train.run import FittedModel, Run
    from dl_core.train.scoring import ModelSource

ACTIVITY = "activity"  # column that says how much a user took before


class Ranking(Problem[Rankings, "Recommender"]):
    """Rank all items for a user by what the user took before."""

    name = "ranking"
    noun = Rankings
    judged = ("user", "users")
    goes_on = True

    def answers(self, judging: Judging) -> RankingAnswers:
        """Return answers as lists of items."""
        from dl_core.train.interactions.answers import RankingAnswers

        return RankingAnswers(judging.primary_metric, places(judging), removes_seen(judging), judging.seed)

    def evaluate(
        self, said: Rankings, models: Mapping[str, FittedModel], dataset: Dataset, splits: Splits, judging: Judging
    ) -> Evaluation:
        """Return metrics over the users with held-out items."""
        return self._evaluate(said, splits.protocol, dataset, splits, dataset.subset(splits.test), judging)

    def _evaluate(
        self, said: Rankings, protocol: str, dataset: Dataset, splits: Splits, held: Dataset, judging: Judging
    ) -> Evaluation:
        from dl_core.data.interactions.histories import Histories
        from dl_core.evaluate.interactions.evaluate import evaluate_rankings

        facts = self.facts(dataset, splits)
        return evaluate_rankings(
            said,
            protocol,
            facts=facts,
            metrics=judging.metrics,
            k=places(judging),
            users=self.users(dataset, splits),
            held=Histories.of(held, facts.catalogue),
            seed=judging.seed,
        )

    def compare(self, run: Run, chosen: Sequence[str], dataset: Dataset, judging: Judging) -> Comparison:
        """Return paired differences over users."""
        from dl_core.evaluate.interactions.compare import compare_rankings

        facts = self.facts(dataset, run.splits)
        return compare_rankings(self.said(run), self.chosen(run, chosen, judging), facts=facts, k=places(judging))

    def check_bias(
        self,
        run: Run,
        model: str,
        groups: pd.DataFrame,
        dataset: Dataset,
        judging: Judging,
        said: Rankings | None = None,
    ) -> BiasReport:
        """Return metrics by group of users."""
        from dl_core.bias.interactions.check import check_bias_rankings

        return check_bias_rankings(
            said or self.said(run),
            model,
            groups,
            metrics=judging.group_metrics,
            k=places(judging),
            facts=self.facts(dataset, run.splits),
            seed=judging.seed,
        )

    def score_new(
        self,
        source: ModelSource,
        name: str,
        fitted: Recommender,
        data: Dataset,
        features: np.ndarray | None,
        judging: Judging,
    ) -> pd.DataFrame:
        """Return `Rankings`' lines with ``basis``: what each user's list rests on."""
        from dl_core.train.interactions.ranker import Ranker, users_of

        ranker = Ranker(fitted, source.history(), remove_seen=removes_seen(judging))
        return ranker.table(name, users_of(data).tolist(), places(judging), data)

    def score_known(
        self, source: ModelSource, name: str, fitted: Recommender, data: Dataset, judging: Judging
    ) -> pd.DataFrame:
        """Return lists for the users of ``data``, judged by what they took there."""
        from dl_core.train.interactions.answers import answer_rows

        known = source.history()
        parts = {"test": data} if known is None else {"known": known, "test": data}
        answer = self.answers(judging).ask(fitted, "test", parts)
        return answer_rows(name, "test", answer)

    def evaluate_elsewhere(self, said: Rankings, run: Run, dataset: Dataset, judging: Judging) -> Evaluation:
        """Return metrics over the users of another data set; what they took before is that of the run."""
        users = counted(dataset.table[dataset.column(Role.USER)].nunique(), "user")
        protocol = (
            f"interactions of {users} of {dataset.name}; full "
            "ranking over items outside their histories; trained elsewhere"
        )
        return self._evaluate(said, protocol, run.load_dataset(), run.splits, dataset, judging)

    def pick_examples(self, run: Run, count: int) -> tuple[str | None, list[str]]:
        """Return users whose first recommendation they took, and users whose they did not."""
        from dl_core.report.interactions.section import pick_users

        return pick_users(run, count)

    def cases(self, run: Run, dataset: Dataset, rows: Sequence[str]) -> Dataset:
        """Return users, without rows of their own: they go on from what is known."""
        return users_only(dataset, rows)

    def beside(self, run: Run, dataset: Dataset) -> Dataset:
        """Return what was known before the test."""
        return known_rows(dataset, run.splits)

    def as_examples(self, run: Run, dataset: Dataset, explanations: Sequence[Explanation]) -> list[Example]:
        """Return first recommendations with their reasons."""
        from dl_core.report.interactions.section import as_examples

        return as_examples(run, dataset, explanations)

    def gather(self, table: pd.DataFrame, run: Run) -> Rankings:
        """Return the lists of several models."""
        return Rankings(table)

    def facts(self, dataset: Dataset, splits: Splits) -> InteractionFacts:
        """Return how often each item was taken before the test, and what is known about it."""
        from dl_core.data.interactions.catalogue import Catalogue
        from dl_core.evaluate.interactions.facts import InteractionFacts

        known = known_rows(dataset, splits)
        return InteractionFacts.of(histories_of(known), Catalogue.of(known))

    def users(self, dataset: Dataset, splits: Splits) -> pd.DataFrame:
        """Return how many items each user took before the test (`ACTIVITY`), and the groups, by user id."""
        return users_table(known_rows(dataset, splits))


def users_only(dataset: Dataset, users: Sequence[str]) -> Dataset:
    """Return a data set that names users to recommend to, and nothing else."""
    column = str(dataset.require(Role.USER).name)
    ids = pd.Index([str(at) for at in range(len(users))], name="row")
    table = pd.DataFrame({column: np.asarray(users, dtype=object)}, index=ids)
    return Dataset("users", table, {Role.USER: (column,)}, dataset.source, side=dataset.side)


def users_table(known: Dataset) -> pd.DataFrame:
    """Return how many items each user took (`ACTIVITY`) and what the users' table says, by user id."""
    histories = histories_of(known)
    table = pd.DataFrame({ACTIVITY: histories.lengths}, index=pd.Index(histories.users, name="user"))
    return table if histories.features is None else table.join(histories.features)


def histories_of(known: Dataset) -> Histories:
    """Return what every user took, in the catalogue of the rows."""
    from dl_core.data.interactions.catalogue import Catalogue
    from dl_core.data.interactions.histories import Histories

    return Histories.of(known, Catalogue.of(known))


def places(judging: Judging) -> int:
    """Return the k of the run's lists."""
    return int(judging.options.get("k") or 10)


def removes_seen(judging: Judging) -> bool:
    """Return whether what a user has taken is left out."""
    return judging.options.get("repeats", "fold") != "keep"


RANKING = Ranking()
