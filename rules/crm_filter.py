"""A list of a CRM's records in neutral words, so that a person can find a figure again there.

`rules.kpi.filters` says which list gives the figure of a KPI; each vendor's `filters.py` says
how the list is asked for in its pages and in its query language. Pure values; no vendor's word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from rules.language import Text
from rules.records import ActivityKind, Kind
from rules.time import Day, Instant, start_of


class What(StrEnum):
    """What every CRM knows of an opportunity or of an activity."""

    OWNER = "owner"
    STAGE = "stage"
    CREATED = "created"
    CLOSES = "closes"
    HAPPENED = "happened"
    AMOUNT = "amount"


class Read(StrEnum):
    """What is read off the list: how many records it has, or the sum of their amounts."""

    COUNT = "count"
    AMOUNT = "amount"


@dataclass(frozen=True, slots=True)
class Bound:
    """A field that the playbook binds: its name in the CRM, and what people call it."""

    crm_field: str
    label: Text


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values of a field: its key in the CRM, and what people see."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class Among:
    """The field has one of these values; at least one is given."""

    field: What | Bound
    choices: Sequence[Choice]


@dataclass(frozen=True, slots=True)
class Empty:
    """The field has no value."""

    field: What | Bound


@dataclass(frozen=True, slots=True)
class Within:
    """The field is a day from one to another, both included, in the filter's zone."""

    field: What
    first: Day
    last: Day


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The amount, in the CRM's home currency, is at least so many minor units."""

    minimum: int

    @property
    def units(self) -> str:
        """The amount as a query writes it: `10000`, `10000.5`."""
        return f"{(Decimal(self.minimum) / 100).normalize():f}"


Condition = Among | Empty | Within | AtLeast


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The records that meet every condition, and what is read off them.

    `kind` is of opportunities or of activities; of these `activity` says which: every note, and of
    the others those that count as a contact with the customer. `until` is the instant of the
    figure: what is to begin later did not happen yet. `cautions` are what the list can't tell.
    """

    kind: Kind
    conditions: Sequence[Condition]
    read: Read
    zone: ZoneInfo
    currency: str
    until: Instant
    activity: ActivityKind | None = None
    cautions: Sequence[Text] = ()

    def instants(self, days: Within) -> tuple[Instant, Instant]:
        """The first instant of some days in the filter's zone, and the first one after them.

        What happens is cut at `until`, which itself still counts.
        """
        end = start_of(days.last + 1, self.zone)
        if days.field is What.HAPPENED:
            end = min(end, self.until + 1)
        return start_of(days.first, self.zone), end


@dataclass(frozen=True, slots=True)
class FilterText:
    """How a person asks a CRM for the list, and the same in its query language.

    Run as it stands, the query tells the number of records or the sum of their amounts; on HubSpot,
    whose search has no sums, it lists the records with their amounts.
    """

    words: Text
    query: str


@dataclass(frozen=True, slots=True)
class NoFilter:
    """No list of the CRM gives the figure, and why."""

    why: Text
