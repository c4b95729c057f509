"""`alerts.yaml`: which deviations are watched, what they say, and the life of an episode.

An alert is an *episode* of a rule and a rep: it opens once when a deviation is confirmed, is
updated while it lasts, and recovers after two weeks on plan. A later one has the next number.
"""

from base64 import b32encode
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time
from enum import StrEnum
from hashlib import sha256
from json import dumps, loads
from math import ceil
from string import Formatter
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from rules import schema_shapes
from rules.calendar import DAYS_PER_WEEK, Period, next_weekday
from rules.deviations import Deviation, State, assess
from rules.kpis import Days, KpiName, Kpis, written
from rules.language import Language, Text, joined, number, shown
from rules.located import Document, Misfit, nearest
from rules.models import model_of
from rules.numbers import read_day, read_days
from rules.plan import Rate
from rules.team import Strict, Words
from rules.time import Day, Instant, date_of, instant_of

DUE_HOUR = 9
_KEY_LENGTH = 16
# Deviations need a count that a plan spreads over the weeks; rates and sums come with theirs.
COUNTED = (KpiName.OPPORTUNITIES_OPENED,)
PLACEHOLDERS = ("value", "weeks", "expected", "low", "high", "missing", "accounts", "rep")


class Confirmed(StrEnum):
    """What a confirmed deviation does in the CRM."""

    TASK = "task"
    NONE = "none"


def _templates(text: Text) -> Text:
    for words in text:
        try:
            parts = list(Formatter().parse(words))
        except ValueError as error:
            raise Misfit(
                f"accolade isolée dans « {words} » : doublez-la pour l'écrire telle quelle",
                f"a lone brace in '{words}': double it to write it as such",
            ) from error
        for _, name, layout, conversion in parts:
            if name is not None and (name not in PLACEHOLDERS or layout or conversion):
                hint = nearest(name, PLACEHOLDERS)
                known = ", ".join(PLACEHOLDERS)
                raise Misfit(
                    f"« {{{name}}} » n'est pas un emplacement connu{hint.fr} ({known})",
                    f"'{{{name}}}' is not a known placeholder{hint.en} ({known})",
                )
    return text


def _weeks(given: object) -> list[int]:
    if not isinstance(given, list) or not given:
        raise Misfit(
            "écrivez une liste de durées, comme [4 w, 8 w, 13 w]",
            "write a list of durations, as [4 w, 8 w, 13 w]",
        )
    weeks = []
    for text in given:
        days = read_days(text) if isinstance(text, str) else 0
        if days < DAYS_PER_WEEK or days % DAYS_PER_WEEK:
            raise Misfit(
                f"« {text} » : une fenêtre compte des semaines entières, comme 4 w",
                f"'{text}': a window is made of whole weeks, as 4 w",
            )
        weeks.append(days // DAYS_PER_WEEK)
    if len(set(weeks)) < len(weeks):
        raise Misfit("une fenêtre est écrite deux fois", "a window is written twice")
    return weeks


Template = Annotated[Words, AfterValidator(_templates)]
Weeks = Annotated[list[int], BeforeValidator(_weeks), WithJsonSchema(schema_shapes.DURATIONS)]
Start = Annotated[Day, written(read_day, least=0), WithJsonSchema(schema_shapes.DAY)]


class DeviationRule(Strict):
    """A KPI judged against the plan each week, over windows of complete weeks."""

    kpi: KpiName
    windows: Weeks
    confirmed: Confirmed = Confirmed.TASK
    due: Days = 2
    subject: Template
    body: Template


class Alerts(Strict):
    """What is watched. Before `start`, episodes open but nothing is owed to the CRM."""

    start: Start
    deviations: dict[str, DeviationRule] = Field(default_factory=dict)


def read_alerts(document: Document, kpis: Kpis) -> Alerts | None:
    """`alerts.yaml`, its KPIs checked against `kpis.yaml`."""
    alerts = model_of(document, Alerts)
    if alerts is None:
        return None
    measured: Collection[str] = [kpi.name for kpi in kpis.measured]
    for name, rule in alerts.deviations.items():
        if rule.kpi not in measured:
            document.complain(
                ("deviations", name, "kpi"),
                Text(
                    f"« {rule.kpi} » n'est pas dans kpis.yaml : ajoutez-le là",
                    f"'{rule.kpi}' is not in kpis.yaml: add it there",
                ),
            )
        elif rule.kpi not in COUNTED:
            known = ", ".join(COUNTED)
            document.complain(
                ("deviations", name, "kpi"),
                Text(
                    f"seul un nombre se compare à un plan semaine par semaine : {known}",
                    f"only a count can be judged against a plan week by week: {known}",
                ),
            )
    return alerts


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict on the days from `since` to `until`, the window that speaks most."""

    since: Day
    until: Day
    deviation: Deviation


def judged(
    windows: Sequence[int],
    planned: Sequence[tuple[Rate, Period]],
    counts: Mapping[Day, int],
    *,
    until: Day,
    fiscal_start: int,
) -> Judged:
    """Judge daily counts up to a Sunday against what a rep's plans expect of the same days.

    Windows are in weeks; `planned` are the days under each plan's rate with the rep there, and a
    window that reaches beyond them is shorter: two that come to the same days are one test.
    """
    observed: dict[int, int] = {}
    expected: dict[int, float] = {}
    since: dict[int, Day] = {}
    for window in windows:
        start = until - window * DAYS_PER_WEEK + 1
        parts = [(rate, part) for rate, days in planned if (part := days.clipped(start, until))]
        if parts:
            first = min(part.first for _, part in parts)
            weeks = ceil((until - first + 1) / DAYS_PER_WEEK)
            since[weeks] = first
            observed[weeks] = sum(
                count for day, count in counts.items() if any(day in part for _, part in parts)
            )
            expected[weeks] = sum(
                rate.expected(part.first, part.last, fiscal_start) for rate, part in parts
            )
    if not observed:
        weeks = max(windows)
        return Judged(since=until, until=until, deviation=assess({weeks: 0}, {weeks: 0.0}))
    deviation = assess(observed, expected)
    return Judged(since=since[deviation.window], until=until, deviation=deviation)


class Step(StrEnum):
    """What a weekly look does to the episodes of a rule and a rep."""

    NOTHING = "nothing"
    OPENED = "opened"
    UPDATED = "updated"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Next:
    """A step, and the first Monday of the run of weeks on plan that an open episode is in."""

    step: Step
    on_plan_since: Day | None = None


def next_step(state: State, *, is_open: bool, on_plan_since: Day | None, monday: Day) -> Next:
    """What a weekly look does, given whether an episode is open and since when it is on plan.

    An episode recovers at its second week on plan in a row. A look that is not conclusive leaves
    everything as it is. The same look twice in a week gives the same answer as once.
    """
    if not is_open:
        return Next(Step.OPENED if state is State.CONFIRMED else Step.NOTHING)
    match state:
        case State.NOT_CONCLUSIVE:
            return Next(Step.NOTHING, on_plan_since)
        case State.ON_PLAN if on_plan_since is not None and on_plan_since < monday:
            return Next(Step.RECOVERED, on_plan_since)
        case State.ON_PLAN:
            return Next(Step.UPDATED, monday)
        case State.WATCH | State.CONFIRMED:
            return Next(Step.UPDATED)


def alert_key(rule: str, subject: str, episode: int) -> str:
    """The short, stable name of an episode: 16 characters of base 32."""
    digest = sha256(f"{rule}/{subject}/{episode}".encode()).digest()
    return b32encode(digest).decode()[:_KEY_LENGTH].lower()


def due_instant(opened_on: Day, due_days: int, zone: ZoneInfo) -> Instant:
    """When a task is due: so many days later, on a weekday, at 9:00 in the team's zone."""
    day = next_weekday(opened_on + due_days)
    return instant_of(datetime.combine(date_of(day), time(DUE_HOUR), tzinfo=zone))


def rendered(
    template: Text,
    deviation: Deviation,
    *,
    rep: str,
    accounts: Sequence[str],
    language: Language,
) -> str:
    """A template of `alerts.yaml` with its figures, in a language."""
    nowhere = Text("vos comptes prioritaires", "your priority accounts").to(language)
    words: Mapping[str, str] = {
        "value": number(deviation.observed, language),
        "weeks": number(deviation.window, language),
        "expected": number(deviation.expected, language),
        "low": number(deviation.low, language),
        "high": number(deviation.high, language),
        "missing": number(deviation.missing, language),
        "accounts": joined(map(shown, accounts), language) if accounts else nowhere,
        "rep": shown(rep),
    }
    return template.to(language).format_map(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why an alert exists, kept with its episode. Days are ISO texts; `weeks` spans them.

    `accounts` are where to start: (id, name, tier). `on_plan_since` is the Monday of the first
    look on plan in a row. `is_ended`: closed because the rep is no longer judged (no plan, left),
    not because the figures recovered.
    """

    period: str
    kpi: str
    definition: str
    state: State
    weeks: int
    since: str
    until: str
    observed: int
    expected: float
    low: int
    high: int
    missing: int
    p: float
    accounts: Sequence[tuple[int, str, str]] = ()
    on_plan_since: str | None = None
    is_ended: bool = False

    def to_json(self) -> str:
        """As a JSON text, its keys in order."""
        return dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def of_json(cls, text: str) -> Self:
        """The evidence that `to_json` wrote."""
        data = loads(text)
        accounts = [(number, name, tier) for number, name, tier in data.pop("accounts")]
        return cls(accounts=tuple(accounts), state=State(data.pop("state")), **data)
