"""What digests are written from: values that the store was asked for, nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.alert.false_alarms import FalseAlarms
from rules.alert.lines import WeekLine
from rules.calendar import Period
from rules.kpi.figures import Figure
from rules.kpi.names import KpiName
from rules.language import Language, Text
from rules.time import Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An account to go to; `due_on` is its next contact."""

    account_id: int
    name: str
    tier: str | None
    priority: str | None
    why: str | None
    due_on: Day


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """A rep's first accounts, and how many are due in all."""

    first: Sequence[Visit] = ()
    due: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncontacted:
    """Priority accounts without a logged contact: how many of how many, and the first names."""

    count: int
    total: int
    names: Sequence[str]


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
    the figures are those kept on Monday, which rep and manager both read.
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
