"""`alerts.yaml`: the facts and the deviations that are watched, what they say, when, and to whom.

An alert is an *episode* of a rule and a subject, a rep or one account: it opens once, is updated
while it lasts, and recovers; a later one has the next number. `rules.alert.episode_steps` decides.
"""

from base64 import b32encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from pydantic import Field

from rules.alert.facts import FactRule, Gravity, check_fact
from rules.alert.lines import Recipient
from rules.alert.recognition import Recognition, check_recognition
from rules.alert.sensitivity import Sensitivity
from rules.alert.settings import Discovery, Later, Minimum, Places, Quiet, SentAt, Start, Weeks
from rules.alert.words import Template
from rules.calendar import Period, next_weekday
from rules.conditions import compile_condition
from rules.kpi.kpis import Days, KpiName, Kpis, Unit
from rules.language import Text
from rules.located import Document, Path, nearest
from rules.models import model_of
from rules.segments import TAGS, Segments
from rules.syntax import ConditionError
from rules.team import Strict
from rules.terms import Name, Term
from rules.time import Day, Instant, date_of, instant_of
from rules.working_days import DayRange

DUE_HOUR = 9
MAJORITY = 3
"""A week is quiet when so many of its days from Monday to Friday are."""
_KEY_LENGTH = 16
# What a plan spreads over the weeks, and the rates and sums that have limits of their own.
JUDGED = (
    KpiName.OPPORTUNITIES_OPENED, KpiName.ACTIVITIES, KpiName.CONVERSION_RATE, KpiName.REVENUE_WON,
)  # fmt: skip


class Confirmed(StrEnum):
    """What a confirmed deviation does: a task in the CRM, a line of the digest, or nothing."""

    TASK = "task"
    DIGEST = "digest"
    NONE = "none"


class Watch(StrEnum):
    """What a deviation to watch does."""

    DIGEST = "digest"
    NONE = "none"


class DeviationRule(Strict):
    """A KPI judged against the plan each week, over windows of complete weeks.

    `activity` names the one judged, of the KPI `activities`; `minimum` is how many closed deals a
    rate needs to be judged at all.
    """

    kpi: KpiName
    activity: str | None = None
    windows: Weeks = Field(default_factory=lambda: [4, 8, 13])
    minimum: Minimum = 36
    watch: Watch = Watch.DIGEST
    confirmed: Confirmed = Confirmed.TASK
    gravity: Gravity = Gravity.NORMAL
    snooze: Days = 14
    due: Days = 2
    subject: Template
    body: Template

    @property
    def recipient(self) -> Recipient:
        """Whose business it is: always the rep's own."""
        return Recipient.REP

    @property
    def unit(self) -> Unit:
        """What the KPI counts."""
        match self.kpi:
            case KpiName.CONVERSION_RATE:
                return Unit.RATIO
            case KpiName.REVENUE_WON:
                return Unit.MONEY
            case _:
                return Unit.COUNT


class Limits(Strict):
    """How much a rep is asked at a time; what is over goes to the digest."""

    open_tasks_per_rep: Places = 3


class Send(Strict):
    """When digests leave: that of a rep at a time of the week, that of a manager so many hours on.

    `manager` is in hours.
    """

    rep: SentAt = "monday 07:00"
    manager: Later = 24


class Alerts(Strict):
    """What is watched, how sensitively, and when people are left in peace.

    Before `start`, episodes open but nothing is owed to the CRM; without it, that is so in the
    first week of a workspace. `false_discovery`: of all that is confirmed in a week, at most such
    a share may be false (Benjamini–Hochberg), at the price of later alerts.
    """

    start: Start | None = None
    sensitivity: Sensitivity = Sensitivity.NORMAL
    false_discovery: Discovery | None = None
    limits: Limits = Limits()
    send: Send = Send()
    quiet: Quiet = Field(default_factory=list)
    facts: dict[str, FactRule] = Field(default_factory=dict)
    deviations: dict[str, DeviationRule] = Field(default_factory=dict)
    recognition: Recognition = Recognition()

    def rule(self, name: str) -> FactRule | DeviationRule | None:
        """A rule by its name."""
        return self.facts.get(name) or self.deviations.get(name)

    def is_quiet(self, week: Period, away: Sequence[DayRange] = ()) -> bool:
        """Whether nobody is to be alerted in a week: most of its days are quiet, or `away`."""
        off = [
            day
            for day in range(week.first, week.first + 5)
            if any(first <= day <= last for first, last in (*self.quiet, *away))
        ]
        return len(off) >= MAJORITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What `alerts.yaml` may name: KPIs, tiers, facts and tags of accounts, bound fields."""

    kpis: Kpis
    tiers: Collection[str] = ()
    names: Mapping[str, Name] | None = None
    opportunity_fields: Collection[str] = ()


def names_for(facts: Mapping[str, Name], segments: Segments) -> Mapping[str, Name]:
    """What the condition of a fact may name: every fact of an account, and its tags."""
    rules = [segments.rule(tag) for tag in TAGS]
    return {**facts, **{rule.name: rule.as_name for rule in rules if rule}}


def read_alerts(document: Document, known: Known) -> Alerts | None:
    """`alerts.yaml`, checked against what the other files say."""
    alerts = model_of(document, Alerts)
    if alerts is None:
        return None
    for name in alerts.facts.keys() & alerts.deviations.keys():
        document.complain(
            ("deviations", name),
            Text(
                f"« {name} » est déjà le nom d'un fait : choisissez-en un autre",
                f"'{name}' is already the name of a fact: choose another",
            ),
            at_key=True,
        )
    for name, fact in alerts.facts.items():
        check_fact(document, name, fact, known.tiers)
        if fact.when is not None and known.names is not None:
            _check_condition(document, name, fact.when, known.names)
    for name, rule in alerts.deviations.items():
        _check_deviation(document, name, rule, known)
    check_recognition(document, alerts.recognition, known.tiers, known.opportunity_fields)
    return alerts


def condition_of(when: str, names: Mapping[str, Name]) -> Term:
    """The condition of a fact; raises `ConditionError`."""
    return compile_condition(when, names)


def _check_condition(document: Document, name: str, when: str, names: Mapping[str, Name]) -> None:
    try:
        condition_of(when, names)
    except ConditionError as error:
        document.complain(("facts", name, "when"), error.text, offset=error.offset)


def _check_deviation(document: Document, name: str, rule: DeviationRule, known: Known) -> None:
    path, kpis = ("deviations", name), known.kpis
    if kpis.kpi(rule.kpi) is None:
        document.complain(
            (*path, "kpi"),
            Text(
                f"« {rule.kpi} » n'est pas dans kpis.yaml : ajoutez-le là",
                f"'{rule.kpi}' is not in kpis.yaml: add it there",
            ),
        )
    elif rule.kpi not in JUDGED:
        judged = ", ".join(JUDGED)
        document.complain(
            (*path, "kpi"),
            Text(
                f"« {rule.kpi} » ne se compare pas à un plan semaine par semaine : {judged}",
                f"'{rule.kpi}' can't be judged against a plan week by week: {judged}",
            ),
        )
    if "minimum" in rule.model_fields_set and rule.unit is not Unit.RATIO:
        document.complain(
            (*path, "minimum"),
            Text(
                "minimum ne va qu'avec un taux : conversion_rate",
                "minimum only goes with a rate: conversion_rate",
            ),
            at_key=True,
        )
    _check_activity(document, name, rule, known)


def _check_activity(document: Document, name: str, rule: DeviationRule, known: Known) -> None:
    path, activities = ("deviations", name), known.kpis.activities
    if (rule.kpi is KpiName.ACTIVITIES) != (rule.activity is not None):
        document.complain(
            path,
            Text(
                "« activity » nomme l'activité jugée : écrivez-la avec kpi: activities, et là "
                "seulement",
                "'activity' names the activity judged: write it with kpi: activities, and only "
                "there",
            ),
            at_key=True,
        )
    elif rule.activity is not None:
        if activities and rule.activity not in activities:
            hint = nearest(rule.activity, list(activities))
            document.complain(
                (*path, "activity"),
                Text(
                    f"« {rule.activity} » n'est pas une activité de kpis.yaml{hint.fr}",
                    f"'{rule.activity}' is not an activity of kpis.yaml{hint.en}",
                ),
            )
        elif rule.activity in activities and (when := activities[rule.activity].when):
            _check_its_condition(document, (*path, "activity"), when, known)


def _check_its_condition(document: Document, path: Path, when: str, known: Known) -> None:
    """Week by week, an activity is counted by facts and tags of accounts, not by other rules."""
    try:
        condition_of(when, known.names or {})
    except ConditionError:
        if known.names is not None:
            document.complain(
                path,
                Text(
                    f"la condition de cette activité (« {when} ») nomme une règle qui n'est pas un "
                    "niveau, une priorité, un segment ou un quadrant : elle ne se juge pas semaine "
                    "par semaine",
                    f"the condition of this activity ('{when}') names a rule that is not a tier, a "
                    "priority, a segment or a quadrant: it can't be judged week by week",
                ),
            )


def alert_key(rule: str, subject: str, episode: int) -> str:
    """The short, stable name of an episode: 16 characters of base 32."""
    digest = sha256(f"{rule}/{subject}/{episode}".encode()).digest()
    return b32encode(digest).decode()[:_KEY_LENGTH].lower()


def due_instant(
    opened_on: Day, due_days: int, zone: ZoneInfo, quiet: Sequence[DayRange] = ()
) -> Instant:
    """When a task is due: so many days later, on a weekday, at 9:00 in the team's zone.

    Never on one of the quiet days.
    """
    day = next_weekday(opened_on + due_days)
    while any(first <= day <= last for first, last in quiet):
        day = next_weekday(day + 1)
    return instant_of(datetime.combine(date_of(day), time(DUE_HOUR), tzinfo=zone))
