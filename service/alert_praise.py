"""Recognition: what deserves a word to a rep, told once however late the CRM tells it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from rules.alert.evidence import Evidence
from rules.alert.lines import Channel, LineKind, Recipient, WeekLine
from rules.alert.recognition import LOOKS_BACK, Recognised
from rules.alert.words import Figures, rendered
from rules.calendar import DAYS_PER_WEEK, Period, fiscal_year_of
from rules.records import Kind
from rules.time import Day, Instant, date_of, instant_of
from service.alert_job import Job
from service.store import alert_events as events_of
from service.store import alerts
from service.store.alert_events import Win
from service.store.engine import Transaction
from service.store.facts import slot_key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """Something to recognise; `about` makes it the only one of its kind."""

    name: Recognised
    rep: str
    about: str
    accounts: Sequence[tuple[int, str, str]] = ()
    deals: Sequence[tuple[int, str]] = ()
    n: int = 0


def praise(connection: Transaction, job: Job) -> list[WeekLine]:
    """The lines of recognition of a week: of events that no earlier week has told.

    In the first week of a workspace only what happened in the week before.
    """
    back = DAYS_PER_WEEK if job.is_first else LOOKS_BACK
    days = Period(job.week.key, job.week.first - back, job.week.first - 1)
    events = [
        event
        for event in (*_wins(connection, job, days), *_risen(connection, job, days),
                      *_referrals(connection, job))
        if event.rep in job.team.reps and not job.has_left(event.rep)
    ]  # fmt: skip
    if not events:
        return []
    told = alerts.told_before(connection, list(Recognised), job.week.key)
    lines = [_line(job, event) for event in events]
    return [line for line in lines if (line.rule, line.subject) not in told]


def _wins(connection: Transaction, job: Job, days: Period) -> Iterator[_Event]:
    rules = job.alerts.recognition
    if rules.won_back is None and rules.priority_win is None:
        return
    for win in events_of.wins(connection, days.first, days.last):
        after, wanted = rules.won_back, rules.priority_win
        if after and win.before is not None and win.day - win.before > after.after:
            yield _of_win(Recognised.WON_BACK, win)
        if wanted and (win.tier in wanted.tiers or win.segment in wanted.segments):
            yield _of_win(Recognised.PRIORITY_WIN, win)


def _of_win(name: Recognised, win: Win) -> _Event:
    return _Event(
        name=name, rep=win.rep, about=str(win.deal_id), deals=[(win.deal_id, win.deal)],
        accounts=[(win.account_id, win.account, win.tier or "")], n=1,
    )  # fmt: skip


def _risen(connection: Transaction, job: Job, days: Period) -> Iterator[_Event]:
    rule = job.alerts.recognition.risen
    if rule is None:
        return
    since, until = _midnight(job, days.first), _midnight(job, days.last + 1)
    for each in events_of.risen(connection, rule.from_, rule.to, since=since, until=until):
        yield _Event(
            name=Recognised.RISEN, rep=each.rep, about=str(each.account_id), n=1,
            accounts=[(each.account_id, each.account, each.tier)],
        )  # fmt: skip


def _referrals(connection: Transaction, job: Job) -> Iterator[_Event]:
    rule = job.alerts.recognition.referrals
    slot = job.territory.slots.get(slot_key(Kind.OPPORTUNITY, rule.field)) if rule else None
    if rule is None or slot is None:
        return
    year = fiscal_year_of(job.week.first - 1, job.team.fiscal_year)
    counts = events_of.referred(connection, slot, rule.value, year.first, job.week.first - 1)
    for rep, count in sorted(counts.items()):
        if reached := count // rule.every * rule.every:
            yield _Event(
                name=Recognised.REFERRALS, rep=rep, about=f"{year.key}-{reached}", n=reached
            )


def _midnight(job: Job, day: Day) -> Instant:
    return instant_of(datetime.combine(date_of(day), time(), tzinfo=job.team.zone))


def _line(job: Job, event: _Event) -> WeekLine:
    figures = Figures(
        rep=job.name(event.rep), n=event.n,
        accounts=[name for _, name, _ in event.accounts], deals=[name for _, name in event.deals],
    )  # fmt: skip
    text = rendered(job.alerts.recognition.text(event.name), figures)
    evidence = Evidence(
        period=job.week.key,
        observed=float(event.n),
        accounts=tuple(event.accounts),
        deals=tuple(event.deals),
    ).worded(text, text, None)
    return WeekLine(
        period=job.week.key, rule=event.name.value, subject=f"{event.rep}/{event.about}",
        kind=LineKind.RECOGNITION, rep=event.rep, assignee=None, recipient=Recipient.REP,
        channel=Channel.DIGEST, severity=0.0, text=text, body=text, action=None,
        evidence=evidence, is_new=True, is_silent=job.is_silent,
    )  # fmt: skip
