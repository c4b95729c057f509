"""What a cycle did: its counts for the run's record, what it refused, held and could not do."""

from collections.abc import Collection
from dataclasses import dataclass, field

from rules.language import Text
from service.alert import AlertReport
from service.answers_to_tasks import Listened
from service.freeze import FreezeReport
from service.measure import MeasureReport
from service.pull import PullReport
from service.push_report import PushReport
from service.store.holds import Held
from service.store.tags import Evaluation


@dataclass(slots=True)
class CycleReport:
    """What a cycle did; `failures` says which CRM could not go on, and why.

    `frozen` and `alerted` are None when the weekly look was not due, or a CRM could not be read.
    `busy` are the CRMs on which another command works; `unwritten` says why nothing was pushed,
    where nothing may. `answered` is what people made of their tasks.
    """

    run_id: int
    tagged: Evaluation
    measured: MeasureReport
    alerted: AlertReport | None
    frozen: FreezeReport | None = None
    pulled: dict[str, PullReport] = field(default_factory=dict)
    answered: dict[str, Listened] = field(default_factory=dict)
    pushed: dict[str, PushReport] = field(default_factory=dict)
    failures: dict[str, Text] = field(default_factory=dict)
    busy: Collection[str] = ()
    unwritten: Text | None = None

    def counts(self) -> dict[str, int]:
        """Flat counts for the run's record."""
        counts = {
            "tag.evaluated": self.tagged.evaluated,
            "tag.changed": self.tagged.changed,
            "tag.moved": self.tagged.moved,
        }
        for vendor, pulled in self.pulled.items():
            counts |= {f"{vendor}.pull.{name}": count for name, count in pulled.counts.items()}
        for vendor, said in self.answered.items():
            counts |= {f"{vendor}.answer.{name}": count for name, count in said.counts.items()}
        for vendor, pushed in self.pushed.items():
            counts |= {f"{vendor}.push.{name}": count for name, count in pushed.counts().items()}
        return counts

    @property
    def rejected(self) -> int:
        """Values and tasks that a CRM refused."""
        return sum(pushed.rejected for pushed in self.pushed.values())

    @property
    def lost(self) -> bool:
        """Whether a CRM lacks one of our fields."""
        return any(pushed.lost for pushed in self.pushed.values())

    @property
    def held(self) -> list[Held]:
        """What waits for a person in the CRMs."""
        return [each for pushed in self.pushed.values() for each in pushed.held]

    @property
    def newly_held(self) -> list[Held]:
        """The holds that this cycle began."""
        return [each for pushed in self.pushed.values() for each in pushed.newly_held]

    def to_json(self) -> dict[str, object]:
        """The counts, and what was not done, as plain data."""
        return {
            "run": self.run_id,
            **self.counts(),
            "failures": self.failures,
            "fields": {vendor: pulled.notices for vendor, pulled in self.pulled.items()},
            "rejections": {vendor: pushed.rejections for vendor, pushed in self.pushed.items()},
            "held": {vendor: pushed.held for vendor, pushed in self.pushed.items()},
            "unwritten": self.unwritten,
        }
