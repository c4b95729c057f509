"""What a push did, in figures, and what it leaves to people."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from connectors.base import State
from rules.diff import Debt
from rules.language import Text
from rules.owned import LABELS
from service.store.backlog import Rejection
from service.store.holds import Held


@dataclass(slots=True)
class PushReport:
    """What a push did: values by outcome, tasks, requests sent, why it stopped early if it did.

    Of the values that were `owed` to begin with, each is by now applied, rejected or held in
    `values`, or still `left` to do; a value that was tried twice has each of its outcomes there.
    `tasks` counts creations by outcome; `updated` and `completed` are those of earlier pushes.
    `rejections` says why values and tasks were refused, the most frequent reason first. `held` is
    what waits for a person in this CRM, of this run or of an earlier one; `lost` tells of the own
    fields that the CRM lacks: their values wait, the others were written.
    """

    run_id: int = 0
    owed: int = 0
    left: int = 0
    values: Counter[str] = field(default_factory=Counter)
    read_back: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    stopped: Text | None = None
    rejections: list[Rejection] = field(default_factory=list)
    held: Sequence[Held] = ()
    lost: Sequence[Text] = ()

    @property
    def rejected(self) -> int:
        """Values and tasks that the CRM refused; they are not sent again by themselves."""
        return self.values[State.REJECTED.value] + self.tasks[State.REJECTED.value]

    @property
    def written(self) -> int:
        """Values that the CRM acknowledged."""
        return self.values[State.APPLIED.value]

    @property
    def newly_held(self) -> Sequence[Held]:
        """The holds that this run began."""
        return [each for each in self.held if each.run_id == self.run_id]

    def counts(self) -> dict[str, int]:
        """Flat counts for the run's record."""
        return {
            "values.in": self.owed,
            **{f"values.{state}": count for state, count in sorted(self.values.items())},
            "values.left": self.left,
            **{f"read_back.{state}": count for state, count in sorted(self.read_back.items())},
            **{f"tasks.{state}": count for state, count in sorted(self.tasks.items())},
            "calls": self.calls,
        }

    def to_json(self) -> dict[str, object]:
        """The counts, why it stopped early, what waits, and what was refused, as plain data."""
        return {
            **self.counts(), "stopped": self.stopped, "rejections": self.rejections,
            "held": self.held, "lost": self.lost,
        }  # fmt: skip

    def hold(self, values: int) -> None:
        """Count values that this push held."""
        if values:
            self.values[Debt.HELD.value] += values


def told_of_held(found: Sequence[Held]) -> Iterator[Text]:
    """What waits for a person, by the run that holds it, and what to do."""
    for run_id, group in groupby(found, key=attrgetter("run_id")):
        of_run = list(group)
        fr = ", ".join(_counted(each, LABELS[each.field].fr, "effacées") for each in of_run)
        en = ", ".join(_counted(each, LABELS[each.field].en, "cleared") for each in of_run)
        yield Text(
            f"Retenu par l'exécution {run_id}, trop de valeurs changeaient d'un coup, ou le CRM en "
            f"contenait qu'Arpent n'a pas écrites : {fr}. Si c'est voulu, « arpent push --release "
            f"{run_id} » les écrit ; sinon corrigez la règle ou la donnée : ce qui revient à "
            "l'ancienne valeur n'est plus retenu.",
            f"Held by run {run_id}, too many values changed at once, or the CRM held some that "
            f"Arpent did not write: {en}. If this is meant, `arpent push --release {run_id}` "
            "writes them; if not, correct the rule or the data: what returns to its old value is "
            "no longer held.",
        )


def _counted(held: Held, label: str, cleared: str) -> str:
    """`Tier 120 (30 cleared)`."""
    words = f"{label} {held.values}"
    return f"{words} ({held.cleared} {cleared})" if held.cleared else words
