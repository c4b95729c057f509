"""What a weekly look makes of an episode: decisions only; `service.alert` reads and writes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from rules.alerts import (
    Alerts,
    Confirmed,
    DeviationRule,
    Evidence,
    Judged,
    Next,
    Step,
    alert_key,
    next_step,
    rendered,
)
from rules.calendar import Period, week_of
from rules.deviations import Deviation, State
from rules.kpis import Kpis
from rules.language import Text
from rules.plan import Plan
from rules.team import Team
from rules.time import Day, date_of, day_number
from service.store.alerts import Episode, StartingAccount, TaskState

_NOT_STARTED = Text(
    "avant la date `start` d'alerts.yaml, rien n'est envoyé",
    "before the date `start` of alerts.yaml, nothing is sent",
)
_NOWHERE = Text(
    "ce représentant n'a aucun compte, dans la portée, dont le responsable est actif dans le CRM",
    "this rep has no account, in scope, whose owner is active in the CRM",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a run works with."""

    team: Team
    kpis: Kpis
    plans: Sequence[Plan]
    alerts: Alerts
    as_of: Day

    @property
    def week(self) -> Period:
        """The ISO week of the look; what is judged ends on the Sunday before."""
        return week_of(self.as_of)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A rule looked at for a rep, and the latest episode, open or not."""

    name: str
    rule: DeviationRule
    rep: str
    judged: Judged
    latest: Episode | None

    @property
    def next(self) -> Next:
        """What to do with the episode."""
        is_open = self.latest is not None and self.latest.is_open
        evidence = Evidence.of_json(self.latest.evidence) if self.latest and is_open else None
        since = evidence.on_plan_since if evidence else None
        return next_step(
            self.deviation.state,
            is_open=is_open,
            on_plan_since=day_number(date.fromisoformat(since)) if since else None,
            monday=self.judged.until + 1,
        )

    @property
    def deviation(self) -> Deviation:
        """The verdict."""
        return self.judged.deviation

    @property
    def has_news(self) -> bool:
        """Whether the episode takes this look's figures: it is, or stays, below plan."""
        is_below = self.deviation.state in (State.WATCH, State.CONFIRMED)
        return is_below and self.next.step in (Step.OPENED, Step.UPDATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a rep may start from: the accounts to name, and what a task hangs on."""

    accounts: Sequence[StartingAccount] = ()
    account_id: int | None = None
    owner_id: int | None = None


def start_from(accounts: Sequence[StartingAccount]) -> Start:
    """Where a rep may start from: the task hangs on the first account, for its own CRM user."""
    if not accounts:
        return Start()
    candidates = [account for account in accounts if account.is_candidate]
    return Start(accounts=candidates, account_id=accounts[0].id, owner_id=accounts[0].owner_id)


def after(job: Job, look: Look, start: Start) -> Episode | None:
    """The episode as it is after a look; None when there is none."""
    latest = look.latest
    match look.next.step:
        case Step.OPENED:
            return _opened(job, look, start)
        case Step.UPDATED if latest and look.has_news:
            evidence = _evidence(job, look, start).to_json()
            subject_line, body = _texts(job, look, start)
            return replace(
                latest,
                updated_on=job.as_of,
                evidence=evidence,
                subject_line=subject_line,
                body=body,
            )
        case Step.UPDATED | Step.RECOVERED if latest:
            # The figures stay those of the last look below plan.
            has_recovered = look.next.step is Step.RECOVERED
            evidence = replace(
                Evidence.of_json(latest.evidence), on_plan_since=_iso(look.next.on_plan_since)
            ).to_json()
            return replace(
                latest,
                updated_on=job.as_of,
                evidence=evidence,
                is_open=not has_recovered,
                recovered_on=job.as_of if has_recovered else None,
            )
        case _:
            return latest if latest and latest.is_open else None


def _opened(job: Job, look: Look, start: Start) -> Episode:
    number = look.latest.episode + 1 if look.latest else 1
    subject_line, body = _texts(job, look, start)
    task_state, reason = _task(job, look.rule, start)
    return Episode(
        key=alert_key(look.name, look.rep, number),
        rule=look.name,
        subject=look.rep,
        episode=number,
        is_open=True,
        opened_on=job.as_of,
        updated_on=job.as_of,
        recovered_on=None,
        evidence=_evidence(job, look, start).to_json(),
        subject_line=subject_line,
        body=body,
        account_id=start.account_id,
        owner_id=start.owner_id,
        task_state=task_state,
        task_reason=reason.to(job.team.language) if reason else None,
    )


def _task(job: Job, rule: DeviationRule, start: Start) -> tuple[TaskState, Text | None]:
    """Whether a new episode owes a task to the CRM, and why not."""
    if rule.confirmed is Confirmed.NONE:
        return TaskState.NONE, None
    if job.as_of < job.alerts.start:
        return TaskState.NONE, _NOT_STARTED
    if start.account_id is None:
        return TaskState.NONE, _NOWHERE
    return TaskState.OWED, None


def _evidence(job: Job, look: Look, start: Start) -> Evidence:
    kpi, deviation = job.kpis.opportunities_opened, look.deviation
    return Evidence(
        period=job.week.key,
        kpi=look.rule.kpi,
        definition=kpi.definition({}) if kpi else "",
        state=deviation.state,
        weeks=deviation.window,
        since=date_of(look.judged.since).isoformat(),
        until=date_of(look.judged.until).isoformat(),
        observed=deviation.observed,
        expected=deviation.expected,
        low=deviation.low,
        high=deviation.high,
        missing=deviation.missing,
        p=deviation.p,
        accounts=[(account.id, account.name, account.tier or "") for account in start.accounts],
        on_plan_since=_iso(look.next.on_plan_since),
    )


def _texts(job: Job, look: Look, start: Start) -> tuple[str, str]:
    subject_line, body = (
        rendered(
            template,
            look.deviation,
            rep=job.team.reps[look.rep].name,
            accounts=[account.name for account in start.accounts],
            language=job.team.language,
        )
        for template in (look.rule.subject, look.rule.body)
    )
    return subject_line, body


def ended(job: Job, episode: Episode) -> Episode:
    """An episode that is no longer judged, closed without having recovered."""
    evidence = replace(Evidence.of_json(episode.evidence), is_ended=True).to_json()
    return replace(
        episode, is_open=False, updated_on=job.as_of, recovered_on=job.as_of, evidence=evidence
    )


def _iso(day: Day | None) -> str | None:
    return None if day is None else date_of(day).isoformat()
