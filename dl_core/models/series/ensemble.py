"""The deep ensemble: several networks, different in what they read, put together by what held windows say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np

from dl_core.data.series.panel import Panel
from dl_core.errors import CancelledError
from dl_core.evaluate.series.forecasts import MIDDLE
from dl_core.models.base import FitContext
from dl_core.models.series.base import Forecaster, Held
from dl_core.models.series.judge import mean_scaled_error, pick_weights
from dl_core.models.series.network import NetworkForecaster
from dl_core.models.series.pretrained import FineTuned
from dl_core.models.series.pretrained_features import Reading
from dl_core.models.series.recipes import recipes_for
from dl_core.models.series.ridge import LinearPath, LinearStart
from dl_core.models.series.stack import DenseStack, NBeats, NHits
from dl_core.models.series.windows import last_windows
from dl_core.models.store import load_about, save_about

Member = NetworkForecaster | FineTuned
MEMBERS: tuple[type[Member], ...] = (DenseStack, NBeats, NHits, LinearPath, LinearStart, FineTuned)
KINDS = {kind.name: kind for kind in MEMBERS}


class DeepEnsemble(Forecaster):
    """Networks of several look-backs, trained one after the other and combined by weights picked on held windows.

    A linear path is solved first, then dense stacks are trained that differ in look-back and scaling (Oreshkin et al.
    2020 combine look-backs and losses likewise). Which members there are follows from the panel's seasons and lengths
    (`recipes_for`); the pretrained network, fine-tuned, is one more, as it was taught on other series and errs in other
    ways. How they weigh follows from held windows (`pick_weights`); the weighted mean of each quantile is the
    forecast. The run's option ``lookback`` is not for them, as each has its own.
    """

    name = "deep_ensemble"

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.weights = np.zeros(0)
        self.chosen, self.horizon = {}, 0

    @property
    def reach(self) -> int:
        """Steps that the farthest-reading member reads."""
        return max(member.reach for member in self.members)

    def learn(self, known: Panel, held: Held | None, context: FitContext) -> None:
        """Train all members anew where there are held windows or no members yet, else go on with each."""
        again = held is None and bool(self.members)
        members = self.members if again else self._recruit(known)
        options = {name: value for name, value in context.options.items() if name != "lookback"}  # each has its own
        done: list[Member] = []
        for number, member in enumerate(members):
            part = replace(
                context.part(number / len(members), (number + 1) / len(members)),
                seed=context.seed + 100 * number,
                options=options,
            )
            if not self._learned(member, known, held, part, needed=not done and not again):
                break
            done.append(member)
        if again:
            return
        self.members = done
        self.weights = np.full(len(done), 1 / len(done))
        if held is not None:
            self._weigh(held)

    def _recruit(self, known: Panel) -> list[Member]:
        """Return untrained members."""
        members: list[Member] = []
        for recipe in recipes_for(known, self.horizon):
            member = recipe.kind(**recipe.changes)
            member.name, member.horizon = recipe.name, self.horizon
            members.append(member)
        taught = FineTuned()
        taught.horizon = self.horizon
        return [*members[:1], taught, *members[1:]]

    def _learned(self, member: Member, known: Panel, held: Held | None, context: FitContext, *, needed: bool) -> bool:
        """Train one member; return False where time was over before it was of use and others stand in."""
        if context.out_of_time() and not needed:
            return False
        try:
            member.learn(known, held, context)
        except CancelledError:
            context.check_stop()  # the user ended the work
            if needed:
                raise
            return False
        return True

    def _weigh(self, held: Held) -> None:
        """Pick the members' weights on held windows and note what each is worth alone."""
        sizes = held.history.scales()
        middles = np.stack([member.forecast(held.history)[:, :, MIDDLE] for member in self.members])
        self.weights = pick_weights(middles, held.truth, sizes)
        together = np.tensordot(self.weights, middles, axes=1)
        self.chosen |= {
            "mase": mean_scaled_error(together, held.truth, sizes),
            "members": [
                {"name": member.name, "weight": float(weight), **member.chosen}
                for member, weight in zip(self.members, self.weights, strict=True)
            ],
        }

    def ahead(self, panel: Panel) -> np.ndarray:
        """Return the weighted mean of the members' quantiles (n, horizon, levels)."""
        return reduce(np.add, (weight * member.ahead(panel) for weight, member in self._weighted()))

    def _weighted(self) -> list[tuple[float, Member]]:
        return [(float(weight), one) for weight, one in zip(self.weights, self.members, strict=True) if weight > 0]

    def inputs(self, panel: Panel) -> Mapping[str, np.ndarray]:
        """Return what the members read together: as many steps as the farthest, as many covariates as the widest."""
        return last_windows(panel.filled(), max(map(_length, self.members)), self.horizon, self._widest().covariates)

    def _widest(self) -> NetworkForecaster:
        """Return the network that reads most covariates, the calendar among them."""
        networks = (one for one in self.members if isinstance(one, NetworkForecaster))
        return max(networks, key=lambda one: one.shape.future + one.shape.past)

    def graph(self) -> keras.Model:
        """Return all members as one network."""
        longest = max(map(_length, self.members))
        inputs = replace(self._widest().shape, length=longest).inputs()
        total = None
        for weight, member in self._weighted():
            graph = member.graph()
            read = {name: inputs[name][:, longest - _length(member) :] for name in graph.input}
            if isinstance(member, NetworkForecaster):  # the calendar stands after the covariates
                for name in read.keys() & {"past", "future"}:
                    read[name] = read[name][:, :, : getattr(member.shape, name)]
            part = weight * graph(read)
            total = part if total is None else total + part
        return keras.Model(inputs, total, name=self.name)

    def parameters(self) -> int:
        """Return the number of learned numbers."""
        return sum(member.parameters() for member in self.members)

    def save(self, folder: Path) -> None:
        """Write every member into a folder of its own."""
        kinds: list[dict[str, Any]] = []
        for number, member in enumerate(self.members):
            place = Path(folder) / f"member_{number}"
            place.mkdir()
            member.save(place)
            kinds.append({"kind": type(member).name, "name": member.name})
        about = {"members": kinds, "weights": self.weights.tolist(), "horizon": self.horizon, "chosen": self.chosen}
        save_about(Path(folder), about)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return what `save` wrote."""
        about = load_about(Path(folder))
        model = cls()
        model.horizon, model.chosen = int(about["horizon"]), about["chosen"]
        model.weights = np.array(about["weights"])
        for number, one in enumerate(about["members"]):
            member = KINDS[one["kind"]].load(Path(folder) / f"member_{number}")
            member.name = one["name"]
            model.members.append(member)
        return model


def _length(member: Member) -> int:
    """Return how many steps a member's graph reads."""
    return member.shape.length if isinstance(member, NetworkForecaster) else Reading.of(member.seasons).length
