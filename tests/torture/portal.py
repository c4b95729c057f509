"""A CRM of the story, as its people and whoever examines it see it.

One class for each vendor (`in_hubspot`, `in_salesforce`, `in_zoho`) says how a person does in that
CRM what the story wants, and how the truth is read from the emulated CRM itself. All else knows no
vendor.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from connectors.base import Connector
from connectors.sandbox.emulated import Emulated
from connectors.sandbox.switches import Switches
from rules.owned import Owned
from tests.scenarios.truth import Team, Truth

ZONE = ZoneInfo("America/Toronto")
WRITTEN = tuple(each.value for each in Owned if each is not Owned.CHALLENGE)
# Who makes up the territory, in this order, so that each has the same id in every portal.
COMPANIES, DEALS = 8, 2
HIGH, MEDIUM, LOW = "660000", "230000", "36000"

Fault = dict[str, Any]
# Company → our field → what it holds.
Values = dict[str, dict[str, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A value of ours as it was written: by Arpent or by a person."""

    company: str
    field: str
    value: str | None
    is_ours: bool


class Portal(ABC):
    """One emulated CRM with a small territory, which nobody serves yet."""

    vendor: ClassVar[str]
    # The class of which Arpent opens an object.
    connector: ClassVar[type[Connector]]
    # The arguments by which it is told how long a call may take.
    waits: ClassVar[Sequence[str]]
    # The planted bugs that do no harm, since the CRM itself prevents it.
    harmless: ClassVar[Collection[str]]
    # How the paths end by which a batch of values leaves, and by which a task is created.
    batch: ClassVar[str]
    tasks_path: ClassVar[str]
    # Switches that make it show late what was written; a number that varies them comes with.
    late: ClassVar[Mapping[str, object]]
    # Switches by which it refuses the tier silver, and by which it takes it again.
    refusing: ClassVar[Mapping[str, object]]
    taking: ClassVar[Mapping[str, object]]

    def __init__(self, sandbox: Emulated, switches: Switches) -> None:
        self.sandbox, self.switches = sandbox, switches

    def furnish(self) -> None:
        """A rep, prospects of three sizes, and two deals."""
        self.add_rep("Élise", "Gagnon", "elise@arpent.example")
        for number in range(1, COMPANIES + 1):
            self.add_company(f"Compte {number}", (HIGH, MEDIUM, LOW)[number % 3])
        for number in range(1, DEALS + 1):
            self.add_deal(number)

    # What people do.

    @abstractmethod
    def add_rep(self, first: str, last: str, email: str) -> None:
        """The rep to whom all that follows belongs."""

    @abstractmethod
    def add_company(self, name: str, potential: str) -> None:
        """A prospect of the rep."""

    @abstractmethod
    def add_deal(self, number: int) -> None:
        """A deal of 20,000 with the company that was made in this place."""

    @abstractmethod
    def set_potential(self, company: str, potential: str) -> None:
        """Enter what a company could buy; empty, nobody knows."""

    @abstractmethod
    def set_tier(self, company: str, tier: str) -> None:
        """A rep edits a value of ours."""

    @abstractmethod
    def archive(self, company: str) -> None:
        """Delete a company."""

    @abstractmethod
    def log_call(self, company: str) -> None:
        """Log a call of 30 June that reached somebody."""

    @abstractmethod
    def win_a_deal(self) -> None:
        """The first deal is won."""

    # What there is.

    @abstractmethod
    def companies(self) -> Sequence[str]:
        """The ids of the companies in the order in which they were made, deleted ones too."""

    @abstractmethod
    def values(self) -> Values:
        """Our fields of each live company."""

    @abstractmethod
    def tasks(self) -> list[list[Any]]:
        """The live tasks: what they say, how they stand, on which companies they are."""

    @abstractmethod
    def writes(self, since: int = 0) -> list[Write]:
        """The values of ours that were written, oldest first, without the first `since` writes."""

    @abstractmethod
    def truth(self, team: Team) -> Truth:
        """What a mirror of it should hold."""

    @abstractmethod
    def requests(self) -> int:
        """How many requests it has seen."""

    # How Arpent meets it.

    @abstractmethod
    def settings(self, url: str, refresh_file: Path) -> dict[str, Any]:
        """The settings by which Arpent opens it at an address, with a refresh token."""

    @abstractmethod
    def faults(self) -> Sequence[tuple[str, float, Mapping[str, Fault]]]:
        """What goes wrong with it: on which paths, how likely, and what, by name."""

    @abstractmethod
    def state(self) -> tuple[Any, ...]:
        """All that another one needs to go on from here."""

    @abstractmethod
    def take_over(self, state: tuple[Any, ...]) -> None:
        """Go on from where another one was."""

    def number_of(self, number: int) -> str:
        """The id of the company made in this place."""
        return self.companies()[number - 1]

    def written(self) -> int:
        """How many writes it has seen."""
        return len(self.sandbox.history())

    def late_by(self, seed: int) -> Mapping[str, object]:
        """The switches by which it shows late what was written, in a way of its own."""
        del seed
        return self.late


def at(day: int, hour: int, month: int = 7) -> datetime:
    """An instant of summer 2026 in Montréal."""
    return datetime(2026, month, day, hour, 5, tzinfo=ZONE)
