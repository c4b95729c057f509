"""What digests are written from: values that the store was asked for, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.alert.false_alarms import FalseAlarms
from rules.alert.lines import WeekLine
from rules.calendar import Period
from rules.kpi.figures import Figure
from rules.kpi.names import KpiName
from rules.language import Language, Text
from rules.records import Kind
from rules.time import Day

_HAIR = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An account to go to; `due_on` is its next contact.

    `why` is its reason in the team's language, `row` the row of the tier's table that gives it
    alone, None where something else than the table has settled the tier.
    """

    account_id: int
    name: str
    tier: str | None
    priority: str | None
    why: str | None
    due_on: Day
    row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """A rep's first accounts, and how many are due in all.

    `fits`: how many of them the `hours` of the rep's week hold; None where the hours of a week, or
    those of a contact, are not known.
    """

    first: Sequence[Visit] = ()
    due: int = 0
    fits: int | None = None
    hours: float | None = None

    @property
    def asked(self) -> int:
        """How many the rep is asked to see this week."""
        return self.due if self.fits is None else min(self.fits, self.due)

    @property
    def waiting(self) -> int:
        """How many are due and have to wait."""
        return self.due - self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncontacted:
    """Priority accounts without a logged contact: how many of how many, and the first of them."""

    count: int
    total: int
    names: Sequence[str]
    ids: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Challenges without an answer: how many, for how many days, of which account the oldest."""

    count: int
    days: int
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfRep:
    """What concerns a rep. `figures` are of whole KPIs and of groups of time, as of a Sunday.

    `delivered`: whether the rep's own digest of the week has left, None while that isn't known.
    `is_away`: for most of the week, so that there is none; `is_for_ops`: it went to ops alone.
    """

    key: str
    name: str
    language: Language
    visits: Visits = field(default_factory=Visits)
    figures: Sequence[Figure] = ()
    lines: Sequence[WeekLine] = ()
    uncontacted: Uncontacted | None = None
    waiting: Waiting | None = None
    delivered: bool | None = None
    is_away: bool = False
    is_for_ops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfWeek:
    """What all digests of a week share. `as_of` is the Sunday of the figures, None without any.

    `since` is the day from which on a priority account should have been contacted. `is_frozen`:
    the figures are those kept on Monday, which rep and manager both read. `quarter_ends`: the last
    day of the fiscal quarter of `as_of`. `pages`: (kind, id) → the address of a record in its CRM.
    """

    week: Period
    as_of: Day | None
    since: Day
    currency: str
    labels: Mapping[KpiName, Text]
    groups: Mapping[str, Text] = field(default_factory=dict)
    false_alarms: FalseAlarms | None = None
    hours_later: int = 24
    is_frozen: bool = True
    quarter_ends: Day | None = None
    pages: Mapping[tuple[Kind, int], str] = field(default_factory=dict)


def fitting(tiers: Sequence[str | None], hours: Mapping[str, float], capacity: float) -> int:
    """How many contacts, from the first on, some hours hold; one at least.

    `hours` are those of one contact by tier; one of a tier that has none takes as long as the
    shortest.
    """
    shortest, used = min(hours.values()), 0.0
    for place, tier in enumerate(tiers):
        used += hours.get(tier or "", shortest)
        # Sums of halves and tenths of hours: a hair over is not over.
        if used > capacity + _HAIR:
            return max(place, 1)
    return len(tiers)
