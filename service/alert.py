"""The weekly look: facts that hold, and reps below plan by more than chance, since when.

1. Claim the ISO week in the ledger: one worker, once a week.
2. Judge: deviations over complete weeks before this one (`alert_deviations`), facts as of today
   (`alert_facts`). A quiet week is not judged, nor a rep who is away: the next one is.
3. Open, update or close the episode of each rule and subject, with the evidence (`episodes`).
4. Give each person the gravest tasks, as many as they have places for; the rest waits.
5. Keep the lines of the week, with recognition (`alert_praise`), for the digests.
6. Ask for the reviews that are due, and enter those that took place (`review_task`).

It is one transaction: either the week is done and its alerts are kept, or neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from rules.alert.alerts import Alerts, names_for
from rules.alert.episode_steps import Step
from rules.alert.evidence import Evidence
from rules.alert.facts import FactRule
from rules.alert.lines import Answer, LineKind, WeekLine
from rules.chance.deviations import Deviation, State
from rules.kpi.kpis import Kpis
from rules.language import Text
from rules.loads import hours_each
from rules.plan.plan import Plan
from rules.team import Team
from rules.time import Day, Instant, date_of, day_of
from service import alert_deviations, alert_facts, review_task
from service.alert_facts import Held
from service.alert_job import LOOK, Job, Territory
from service.alert_praise import praise
from service.episodes import (
    WAITS,
    Change,
    after_deviation,
    after_fact,
    ended,
    line_of,
    silenced_of,
)
from service.store import alerts as episodes
from service.store import ledger
from service.store.alerts import Episode
from service.store.engine import Store, Transaction
from service.store.facts import fact_slots
from service.store.rulebooks import Published

JOB = LOOK
_Latest = Mapping[tuple[str, str], Episode]

_ENDED = Text(
    "ce représentant ou cette règle ne sont plus suivis : l'épisode est clos sans tâche",
    "this rep or this rule is no longer followed: the episode is closed without a task",
)
_RECOVERED = Text(
    "l'écart s'est refermé avant l'envoi de la tâche",
    "the deviation closed before the task was sent",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """A rule looked at for a subject. `deviation` is None for a fact, or what is not judged more.

    `key` is that of the episode that is open after the look, or that the look has closed, `answer`
    what a person has answered for it, `snoozed_until` the day until which it was put off.
    """

    rule: str
    rep: str
    name: str
    step: Step
    deviation: Deviation | None
    key: str | None = None
    subject_line: str | None = None
    answer: Answer | None = None
    snoozed_until: Day | None = None

    def to_json(self) -> dict[str, object]:
        """The line as plain data."""
        until = self.snoozed_until
        day = None if until is None else date_of(until).isoformat()
        return asdict(self) | {"snoozed_until": day}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReport:
    """A week's look; no lines when the week was already done. `told` is for the digests."""

    period: str
    is_already_done: bool
    lines: Sequence[AlertLine] = ()
    told: Sequence[WeekLine] = ()
    is_quiet: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """How many lines took each step."""
        return {step.value: sum(line.step is step for line in self.lines) for step in Step}

    def to_json(self) -> dict[str, object]:
        """The report as plain data."""
        return {
            "period": self.period,
            "is_already_done": self.is_already_done,
            "is_quiet": self.is_quiet,
            "lines": [line.to_json() for line in self.lines],
            "watched": [line.text for line in self.told if line.kind is LineKind.WATCH],
            "counts": self.counts,
        }


def run_published(
    store: Store, published: Published, *, now: Instant, run_id: int, force: bool = False
) -> AlertReport:
    """Do the week of `now` under the playbook in force; see `run`."""
    book = published.rulebook
    segments = book.segments
    names = book.tagging.names
    facts = {name: names[name] for name in names if segments.rule(name) is None}
    territory = Territory(
        names=names_for(facts, segments),
        slots=fact_slots(published.slots),
        hours=hours_each(segments.budget.contact_hours, segments.tier.contact_every),
    )
    return run(
        store, team=book.team, kpis=book.kpis, plans=book.plans, alerts=book.alerts, now=now,
        run_id=run_id, territory=territory, force=force,
    )  # fmt: skip


def run(
    store: Store,
    *,
    team: Team,
    kpis: Kpis,
    plans: Sequence[Plan],
    alerts: Alerts,
    now: Instant,
    run_id: int,
    territory: Territory | None = None,
    force: bool = False,
) -> AlertReport:
    """Do the week of `now` in the team's zone, once; `force` does it again.

    `territory` is what facts about accounts read; without it, conditions know no field.
    """
    job = Job(
        team=team, kpis=kpis, plans=plans, alerts=alerts, as_of=day_of(now, team.zone),
        territory=territory or Territory(),
    )  # fmt: skip
    period = job.week.key
    with store.write() as connection:
        is_ours = ledger.enter(
            connection, JOB, scope=ledger.WORKSPACE, period=period, run_id=run_id, now=now
        )
        if not is_ours and not force:
            return AlertReport(period=period, is_already_done=True)
        if alerts.is_quiet(job.week):
            return AlertReport(period=period, is_already_done=False, is_quiet=True)
        job = _knowing(connection, job)
        review_task.settle(connection, team.zone, run_id=run_id)
        review_task.raise_due(connection, job)
        changes = _changes(connection, job)
        told = [line for change in changes if (line := line_of(job, change))]
        told += praise(connection, job)
        _keep(connection, job, changes, told)
    lines = [_line(job, change) for change in changes]
    return AlertReport(period=period, is_already_done=False, lines=lines, told=told)


def _knowing(connection: Transaction, job: Job) -> Job:
    """The job, once it is known whether another week was ever looked at."""
    is_first = not ledger.has_other(connection, JOB, scope=ledger.WORKSPACE, period=job.week.key)
    return replace(job, is_first=is_first)


def _changes(connection: Transaction, job: Job) -> list[Change]:
    """What the look does: every rule for every subject, and the episodes that are over."""
    latest = episodes.latest_episodes(connection)
    deviations = _of_deviations(connection, job, latest)
    facts = _of_facts(connection, job, latest)
    judged = {
        (change.verdict.rule, change.verdict.subject)
        for change in deviations
        if change.verdict is not None
    }
    no_longer = [
        Change(step=Step.RECOVERED, verdict=None, episode=ended(job, episode))
        for key, episode in latest.items()
        if episode.is_open and _is_over(job, episode) and key not in judged
    ]
    return [*deviations, *facts, *no_longer]


def _is_over(job: Job, episode: Episode) -> bool:
    """Whether an open episode that was not judged this week never will be."""
    if episode.rule in job.alerts.facts or episode.rule == review_task.RULE:
        return False
    is_resting = episode.rep is not None and job.is_quiet(episode.rep)
    return episode.rule not in job.alerts.deviations or not is_resting


def _of_deviations(connection: Transaction, job: Job, latest: _Latest) -> list[Change]:
    looks = alert_deviations.looked(connection, job)
    below = (State.WATCH, State.CONFIRMED)
    reps = [look.rep for look in looks if look.judged.deviation.state in below]
    accounts = alert_deviations.starts(connection, job, list(dict.fromkeys(reps)))
    return [
        after_deviation(
            job,
            alert_deviations.verdict(job, look, accounts.get(look.rep, ())),
            latest.get((look.rule, look.rep)),
        )
        for look in looks
    ]


def _of_facts(connection: Transaction, job: Job, latest: _Latest) -> list[Change]:
    held = {(each.rule, each.subject): each for each in alert_facts.held(connection, job)}
    # What held before, or was answered for, and holds no more.
    for key, episode in latest.items():
        fact = job.alerts.facts.get(episode.rule)
        if fact is not None and key not in held:
            held[key] = _no_more(episode, fact)
    users = alert_facts.active_users(connection)
    changes: list[Change] = []
    for key, each in held.items():
        if each.rep and job.is_quiet(each.rep):
            continue
        before = latest.get(key)
        silenced = silenced_of(before, [record.item for record in each.records])
        verdict = alert_facts.verdict(job, each, silenced, users)
        changes += after_fact(job, verdict, before)
    return changes


def _no_more(episode: Episode, fact: FactRule) -> Held:
    _, slash, account = episode.subject.partition("/")
    return Held(
        rule=episode.rule,
        fact=fact,
        rep=episode.rep or "",
        account_id=int(account) if slash else None,
    )


def _keep(
    connection: Transaction, job: Job, changes: Sequence[Change], told: Sequence[WeekLine]
) -> None:
    language = job.team.language
    opened = [each.episode for each in changes if each.step is Step.OPENED and each.episode]
    changed = [each.episode for each in changes if each.step is not Step.OPENED and each.episode]
    closed = [episode for episode in changed if not episode.is_open]
    is_ended = {each.key: Evidence.of_json(each.evidence).is_ended for each in closed}
    episodes.update_episodes(connection, changed)
    episodes.insert_episodes(connection, opened)
    for reason, wanted in ((_RECOVERED, False), (_ENDED, True)):
        keys = [key for key, ends in is_ended.items() if ends is wanted]
        episodes.drop_owed_tasks(connection, keys, reason.to(language))
    places = job.alerts.limits.open_tasks_per_rep
    episodes.share_places(connection, places, WAITS.to(language))
    episodes.keep_lines(connection, job.week.key, told)


def _line(job: Job, change: Change) -> AlertLine:
    verdict, episode = change.verdict, change.episode
    rule = verdict.rule if verdict else episode.rule if episode else ""
    rep = (verdict.rep if verdict else episode.rep if episode else None) or ""
    return AlertLine(
        rule=rule,
        rep=rep,
        name=job.name(rep),
        step=change.step,
        deviation=verdict.deviation if verdict else None,
        key=episode.key if episode else None,
        subject_line=episode.subject_line if episode else None,
        answer=episode.answer if episode else None,
        snoozed_until=episode.snoozed_until if episode else None,
    )
