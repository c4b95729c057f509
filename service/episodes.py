"""What a weekly look makes of episodes: decisions only; `service.alert` reads and writes.

A deviation recovers at its second look on plan in a row, a fact as soon as it holds no more. What
a person has answered for is not raised again before it has recovered: a fact about other records
is another episode.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from rules.alert.alerts import alert_key
from rules.alert.episode_steps import Next, Step, next_step
from rules.alert.evidence import Evidence
from rules.alert.lines import Channel, LineKind, Recipient, WeekLine
from rules.chance.deviations import Deviation, State
from rules.language import Text
from rules.time import Day, date_of, day_number
from service.alert_job import Job
from service.store.alerts import Episode, TaskState

_BASELINE = Text(
    "déjà là au départ (date `start` d'alerts.yaml, ou première semaine) : rien n'est envoyé",
    "there from the beginning (date `start` of alerts.yaml, or the first week): nothing is sent",
)
_NOWHERE = Text(
    "il n'y a aucun compte, dans la portée, où une tâche pourrait aller à un utilisateur actif du "
    "CRM",
    "there is no account, in scope, where a task could go to an active user of the CRM",
)
WAITS = Text(
    "assez de tâches sont ouvertes (limits d'alerts.yaml) : celle-ci attend une place",
    "enough tasks are open (limits of alerts.yaml): this one waits for a place",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a look says of a rule and a subject, in words; `state` of a fact: it holds, or not.

    A task would hang on `account_id`, for the CRM user `owner_id`.
    """

    rule: str
    subject: str
    rep: str | None
    is_fact: bool
    state: State
    evidence: Evidence
    severity: float = 0.0
    recipient: Recipient = Recipient.REP
    assignee: str | None = None
    channel: Channel = Channel.DIGEST
    wants_line: bool = True
    snooze: int = 0
    account_id: int | None = None
    owner_id: int | None = None
    deviation: Deviation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a look does with an episode, and the line that tells it (None: nothing is told)."""

    step: Step
    verdict: Verdict | None
    episode: Episode | None
    kind: LineKind | None = None


def silenced_of(latest: Episode | None, current: Collection[int]) -> tuple[int, ...]:
    """Of the records for which a fact holds, those for which a person has answered already."""
    if latest is None:
        return ()
    evidence = Evidence.of_json(latest.evidence)
    known = set(evidence.silenced)
    if latest.is_open and latest.is_hushed:
        known |= set(evidence.items)
    return tuple(sorted(known.intersection(current)))


def step_of(job: Job, verdict: Verdict, latest: Episode | None) -> Next:
    """What to do with the episode of a deviation."""
    is_open = latest is not None and latest.is_open
    evidence = Evidence.of_json(latest.evidence) if latest and is_open else None
    since = evidence.on_plan_since if evidence else None
    return next_step(
        verdict.state,
        is_open=is_open,
        on_plan_since=day_number(date.fromisoformat(since)) if since else None,
        monday=job.week.first,
    )


def after_deviation(job: Job, verdict: Verdict, latest: Episode | None) -> Change:
    """The episode of a deviation as it is after a look."""
    found = step_of(job, verdict, latest)
    is_below = verdict.state in (State.WATCH, State.CONFIRMED)
    match found.step:
        case Step.OPENED:
            episode = _opened(job, verdict, latest)
            return Change(step=found.step, verdict=verdict, episode=episode, kind=_kind(episode))
        case Step.UPDATED if latest and is_below:
            episode = _updated(job, verdict, latest)
            return Change(step=found.step, verdict=verdict, episode=episode, kind=_kind(episode))
        case Step.UPDATED | Step.RECOVERED if latest:
            # The figures stay those of the last look below plan.
            has_recovered = found.step is Step.RECOVERED
            evidence = replace(
                Evidence.of_json(latest.evidence), on_plan_since=_iso(found.on_plan_since)
            )
            episode = replace(
                latest, updated_on=job.as_of, evidence=evidence.to_json(),
                is_open=not has_recovered, recovered_on=job.as_of if has_recovered else None,
            )  # fmt: skip
            kind = LineKind.RECOVERED if has_recovered else _kind(episode)
            return Change(step=found.step, verdict=verdict, episode=episode, kind=kind)
        case _ if latest and latest.is_open:
            return Change(step=found.step, verdict=verdict, episode=latest, kind=_kind(latest))
        case _:
            is_told = verdict.state is State.WATCH and verdict.wants_line
            return Change(
                step=Step.NOTHING, verdict=verdict, episode=None,
                kind=LineKind.WATCH if is_told else None,
            )  # fmt: skip


def after_fact(job: Job, verdict: Verdict, latest: Episode | None) -> list[Change]:
    """The episodes of a fact as they are after a look: one may end and the next begin."""
    holds = verdict.state is State.CONFIRMED
    if latest is None or not latest.is_open:
        return [_begun(job, verdict, latest)] if holds else _remembered(job, verdict, latest)
    if latest.is_hushed:
        return _hushed(job, verdict, latest, holds=holds)
    if not holds:
        return [_recovered(job, verdict, latest)]
    if verdict.assignee != latest.assignee:
        # Somebody else is to act: what was asked of one person is not rewritten for another.
        return [Change(step=Step.RECOVERED, verdict=None, episode=ended(job, latest)),
                _begun(job, verdict, latest)]  # fmt: skip
    episode = _updated(job, verdict, latest)
    return [Change(step=Step.UPDATED, verdict=verdict, episode=episode, kind=LineKind.FACT)]


def _hushed(job: Job, verdict: Verdict, latest: Episode, *, holds: bool) -> list[Change]:
    """What becomes of a fact that a person has answered, or that was there from the beginning."""
    answered_on = latest.answered_on
    has_rested = answered_on is None or job.as_of >= answered_on + verdict.snooze
    if holds and has_rested:
        return [Change(step=Step.RECOVERED, verdict=None, episode=ended(job, latest)),
                _begun(job, verdict, latest)]  # fmt: skip
    silenced = verdict.evidence.silenced
    if not holds and not silenced:
        return [_recovered(job, verdict, latest)]
    evidence = replace(Evidence.of_json(latest.evidence), items=silenced, silenced=silenced)
    episode = replace(latest, updated_on=job.as_of, evidence=evidence.to_json())
    return [Change(step=Step.UPDATED, verdict=verdict, episode=episode, kind=_kind(episode))]


def _begun(job: Job, verdict: Verdict, latest: Episode | None) -> Change:
    episode = _opened(job, verdict, latest)
    return Change(step=Step.OPENED, verdict=verdict, episode=episode, kind=LineKind.FACT)


def _recovered(job: Job, verdict: Verdict, latest: Episode) -> Change:
    evidence = replace(Evidence.of_json(latest.evidence), silenced=verdict.evidence.silenced)
    episode = replace(
        latest, updated_on=job.as_of, is_open=False, recovered_on=job.as_of,
        evidence=evidence.to_json(),
    )  # fmt: skip
    kind = LineKind.RECOVERED
    return Change(step=Step.RECOVERED, verdict=verdict, episode=episode, kind=kind)


def _remembered(job: Job, verdict: Verdict, latest: Episode | None) -> list[Change]:
    """What was answered for and holds no more may be raised again, the next time that it does."""
    if latest is None:
        return []
    evidence = Evidence.of_json(latest.evidence)
    if tuple(evidence.silenced) == tuple(verdict.evidence.silenced):
        return []
    kept = replace(evidence, silenced=verdict.evidence.silenced).to_json()
    episode = replace(latest, updated_on=job.as_of, evidence=kept)
    return [Change(step=Step.NOTHING, verdict=verdict, episode=episode)]


def ended(job: Job, episode: Episode) -> Episode:
    """An episode that is no longer judged, closed without having recovered."""
    evidence = replace(Evidence.of_json(episode.evidence), is_ended=True).to_json()
    return replace(
        episode, is_open=False, updated_on=job.as_of, recovered_on=job.as_of, evidence=evidence
    )


def _opened(job: Job, verdict: Verdict, latest: Episode | None) -> Episode:
    number = latest.episode + 1 if latest else 1
    task_state, reason = _task(job, verdict)
    language = job.team.language
    evidence = verdict.evidence
    return Episode(
        key=alert_key(verdict.rule, verdict.subject, number),
        rule=verdict.rule, subject=verdict.subject, episode=number, is_open=True,
        opened_on=job.as_of, updated_on=job.as_of, recovered_on=None,
        evidence=evidence.to_json(),
        subject_line=evidence.text.to(language), body=evidence.body.to(language),
        account_id=verdict.account_id, owner_id=verdict.owner_id,
        task_state=task_state, task_reason=reason.to(language) if reason else None,
        rep=verdict.rep, assignee=verdict.assignee, recipient=verdict.recipient,
        channel=verdict.channel, severity=verdict.severity, is_silent=job.is_silent,
    )  # fmt: skip


def _updated(job: Job, verdict: Verdict, latest: Episode) -> Episode:
    """With the figures of this look; a task stays with its account and its CRM user."""
    language = job.team.language
    evidence = verdict.evidence
    return replace(
        latest,
        updated_on=job.as_of,
        evidence=evidence.to_json(),
        severity=verdict.severity,
        subject_line=evidence.text.to(language),
        body=evidence.body.to(language),
    )


def _task(job: Job, verdict: Verdict) -> tuple[TaskState, Text | None]:
    """Whether a new episode wants a task in the CRM, and why not."""
    if verdict.channel is Channel.DIGEST:
        return TaskState.NONE, None
    if job.is_silent:
        return TaskState.NONE, _BASELINE
    if verdict.account_id is None or verdict.owner_id is None:
        return TaskState.NONE, _NOWHERE
    return TaskState.WAITING, WAITS


def _kind(episode: Episode) -> LineKind:
    return LineKind.ANSWERED if episode.answer and episode.is_hushed else LineKind.CONFIRMED


def line_of(job: Job, change: Change) -> WeekLine | None:
    """The line of a change; None when nothing is told."""
    verdict, episode = change.verdict, change.episode
    if change.kind is None or verdict is None:
        return None
    evidence = Evidence.of_json(episode.evidence) if episode else verdict.evidence
    kind = change.kind
    if verdict.is_fact and kind is LineKind.CONFIRMED:
        kind = LineKind.FACT
    return WeekLine(
        period=job.week.key, rule=verdict.rule, subject=verdict.subject, kind=kind,
        rep=verdict.rep, assignee=verdict.assignee, recipient=verdict.recipient,
        channel=verdict.channel, severity=verdict.severity,
        text=evidence.text, body=evidence.body, action=evidence.action, evidence=evidence,
        is_new=change.step is Step.OPENED,
        is_silent=episode.is_silent if episode else job.is_silent,
        key=episode.key if episode else None,
    )  # fmt: skip


def _iso(day: Day | None) -> str | None:
    return None if day is None else date_of(day).isoformat()
