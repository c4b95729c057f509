"""The weekly look at deviations: which reps are below plan by more than chance, and since when.

1. Claim the ISO week in the ledger: one worker, once a week.
2. Judge every rep who has a plan, over windows of complete weeks before this one.
3. Open, update or close the episode of each rule and rep, with the evidence and where to start.

It is one transaction: either the week is done and its alerts are kept, or neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rules.alerts import Alerts, DeviationRule, Step, judged
from rules.calendar import DAYS_PER_WEEK, Period
from rules.deviations import Deviation
from rules.kpis import Kpis
from rules.language import Text
from rules.plan import Plan, Rate, plan_on
from rules.team import Team
from rules.time import Day, Instant, day_of
from service.episodes import Job, Look, Start, after, ended, start_from
from service.store import alerts as episodes
from service.store import ledger, measures
from service.store.alerts import Episode
from service.store.engine import Store
from service.store.measures import Transaction

JOB = "alert"
_ACCOUNTS = 3

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
    """A rule looked at for a rep. `deviation` is None for a rep who is no longer judged.

    `key` is that of the episode that is open after the look, or that the look has closed.
    """

    rule: str
    rep: str
    name: str
    step: Step
    deviation: Deviation | None
    key: str | None = None
    subject_line: str | None = None

    def to_json(self) -> dict[str, object]:
        """The line as plain data."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertReport:
    """A week's look; no lines when the week was already done."""

    period: str
    is_already_done: bool
    lines: Sequence[AlertLine] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many lines took each step."""
        return {step.value: sum(line.step is step for line in self.lines) for step in Step}

    def to_json(self) -> dict[str, object]:
        """The report as plain data."""
        return {
            "period": self.period,
            "is_already_done": self.is_already_done,
            "lines": [line.to_json() for line in self.lines],
            "counts": self.counts,
        }


def run(
    store: Store,
    *,
    team: Team,
    kpis: Kpis,
    plans: Sequence[Plan],
    alerts: Alerts,
    now: Instant,
    run_id: int,
    force: bool = False,
) -> AlertReport:
    """Do the week of `now` in the team's zone, once; `force` does it again."""
    job = Job(team=team, kpis=kpis, plans=plans, alerts=alerts, as_of=day_of(now, team.zone))
    with store.write() as connection:
        is_first = ledger.enter(
            connection, JOB, scope="workspace", period=job.week.key, run_id=run_id, now=now
        )
        if not is_first and not force:
            return AlertReport(period=job.week.key, is_already_done=True)
        looks, no_longer = _look(connection, job)
        starts = _starts(connection, job, [look.rep for look in looks if look.has_news])
        pairs = [(look, after(job, look, starts.get(look.rep, Start()))) for look in looks]
        closed = [ended(job, episode) for episode in no_longer]
        _keep(connection, job, pairs, closed)
    lines = [_line(job, look, episode) for look, episode in pairs]
    lines += [_ended_line(job, episode) for episode in closed]
    return AlertReport(period=job.week.key, is_already_done=False, lines=lines)


def _look(connection: Transaction, job: Job) -> tuple[list[Look], list[Episode]]:
    """Every rule for every rep who can be judged, and the open episodes that no longer can be.

    A rep without a plan in force, or whom no CRM knows, is not judged; a rule may have left the
    playbook.
    """
    latest = episodes.latest_episodes(connection)
    linked = episodes.linked_reps(connection)
    judged_reps = {rep: planned for rep, planned in _planned(job).items() if rep in linked}
    looks = []
    for name, rule in job.alerts.deviations.items():
        counts = _counts(connection, job, rule)
        for rep, planned in judged_reps.items():
            verdict = judged(
                rule.windows,
                planned,
                counts.get(rep, {}),
                until=job.week.first - 1,
                fiscal_start=job.team.fiscal_year,
            )
            looks.append(
                Look(name=name, rule=rule, rep=rep, judged=verdict, latest=latest.get((name, rep)))
            )
    no_longer = [
        episode
        for (rule, rep), episode in latest.items()
        if episode.is_open and (rep not in judged_reps or rule not in job.alerts.deviations)
    ]
    return looks, no_longer


def _planned(job: Job) -> Mapping[str, Sequence[tuple[Rate, Period]]]:
    """Rep → rates and their days, of the reps who are there and have a plan in force."""
    fiscal_start = job.team.fiscal_year
    found = {}
    for key, rep in job.team.reps.items():
        current = plan_on(job.plans, key, job.as_of, fiscal_start)
        has_left = rep.end is not None and rep.end < job.as_of
        if current is None or current.targets.opportunities_opened is None or has_left:
            continue
        found[key] = [
            (rate, days)
            for plan in job.plans
            if plan.owner == key
            and (rate := plan.targets.opportunities_opened)
            and (days := plan.days(fiscal_start).clipped(rep.start, rep.end))
        ]
    return found


def _counts(
    connection: Transaction, job: Job, rule: DeviationRule
) -> Mapping[str, Mapping[Day, int]]:
    """Rep → day → count, over the longest window of a rule."""
    kpi = job.kpis.opportunities_opened
    if kpi is None:
        return {}
    first = job.week.first - max(rule.windows) * DAYS_PER_WEEK
    return measures.opened_on_days(connection, kpi, first, job.week.first - 1)


def _starts(connection: Transaction, job: Job, reps: Sequence[str]) -> Mapping[str, Start]:
    """Where each rep may start from."""
    if not reps:
        return {}
    contacted = job.kpis.priority_contacted
    tiers = contacted.tiers if contacted else []
    accounts = episodes.starting_accounts(connection, reps, tiers, _ACCOUNTS)
    return {rep: start_from(found) for rep, found in accounts.items()}


def _keep(
    connection: Transaction,
    job: Job,
    pairs: Sequence[tuple[Look, Episode | None]],
    no_longer: Sequence[Episode],
) -> None:
    steps = [(look.next.step, episode) for look, episode in pairs if episode is not None]
    opened = [episode for step, episode in steps if step is Step.OPENED]
    changed = [episode for step, episode in steps if step in (Step.UPDATED, Step.RECOVERED)]
    recovered = [episode.key for episode in changed if not episode.is_open]
    episodes.insert_episodes(connection, opened)
    episodes.update_episodes(connection, [*changed, *no_longer])
    language = job.team.language
    episodes.drop_owed_tasks(connection, recovered, _RECOVERED.to(language))
    ended_keys = [episode.key for episode in no_longer]
    episodes.drop_owed_tasks(connection, ended_keys, _ENDED.to(language))


def _line(job: Job, look: Look, episode: Episode | None) -> AlertLine:
    return AlertLine(
        rule=look.name,
        rep=look.rep,
        name=job.team.reps[look.rep].name,
        step=look.next.step,
        deviation=look.deviation,
        key=episode.key if episode else None,
        subject_line=episode.subject_line if episode else None,
    )


def _ended_line(job: Job, episode: Episode) -> AlertLine:
    rep = job.team.reps.get(episode.subject)
    return AlertLine(
        rule=episode.rule,
        rep=episode.subject,
        name=rep.name if rep else episode.subject,
        step=Step.RECOVERED,
        deviation=None,
        key=episode.key,
        subject_line=episode.subject_line,
    )
