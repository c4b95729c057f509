"""What a weekly look works with: the playbook, the day, and who is who."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rules.alert.alerts import Alerts
from rules.alert.lines import Recipient
from rules.calendar import Period, week_of
from rules.kpi.kpis import Kpis
from rules.plan.plan import Plan, plan_on
from rules.team import Team
from rules.terms import Name
from rules.time import Day

LOOK = "alert"
"""The job of the ledger that is the weekly look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Territory:
    """What facts read besides the team: the names of facts and tags, and what a tier asks for.

    `slots` hold bound fields; `hours` are those that one account of a tier asks for in a week.
    """

    names: Mapping[str, Name] = field(default_factory=dict)
    slots: Mapping[str, str] = field(default_factory=dict)
    hours: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a run works with; `is_first`: no other week was ever looked at."""

    team: Team
    kpis: Kpis
    plans: Sequence[Plan]
    alerts: Alerts
    as_of: Day
    territory: Territory = Territory()
    is_first: bool = False

    @property
    def week(self) -> Period:
        """The ISO week of the look; what is judged ends on the Sunday before."""
        return week_of(self.as_of)

    @property
    def is_silent(self) -> bool:
        """Whether what opens now is the baseline, of which nothing is sent."""
        start = self.alerts.start
        return self.is_first if start is None else self.as_of < start

    def plan(self, rep: str) -> Plan | None:
        """The plan of a rep in force today."""
        return plan_on(self.plans, rep, self.as_of, self.team.fiscal_year)

    def has_left(self, rep: str) -> bool:
        """Whether a rep is not there any more."""
        found = self.team.reps.get(rep)
        return found is not None and found.end is not None and found.end < self.as_of

    def is_quiet(self, rep: str) -> bool:
        """Whether a rep is left in peace this week."""
        plan = self.plan(rep)
        return self.alerts.is_quiet(self.week, plan.away if plan else ())

    def name(self, rep: str | None) -> str:
        """A rep as people call them."""
        found = self.team.reps.get(rep or "")
        return found.name if found else rep or ""

    def address(self, rep: str, recipient: Recipient) -> tuple[Recipient, str | None]:
        """Whose business something is, and who is to act: the manager for a rep who has left."""
        found = self.team.reps.get(rep)
        if recipient is Recipient.REP and found is not None and not self.has_left(rep):
            return Recipient.REP, rep
        manager = found.manager if found else None
        if recipient is Recipient.OPS or manager is None or self.has_left(manager):
            return Recipient.OPS, None
        return Recipient.MANAGER, manager
