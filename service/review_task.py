"""The task « Revue de territoire »: asked for once for each review that is due, entered once done.

It is an episode of its own rule, so that the push writes its task as any other: once, whatever
dies. Completed in the CRM, the review took place on the day that we saw it; its date is what the
next one, and the fact `review_late`, count from.
"""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from rules.alert.alerts import alert_key
from rules.alert.evidence import Evidence
from rules.alert.lines import Channel, Recipient
from rules.language import Text, shown
from rules.plan.plan import Plan
from rules.plan.terms import WEEK_DAYS
from rules.time import Day, Instant, date_of, day_of, start_of
from service.alert_job import LOOK, Job
from service.store import alerts, reviewing, starting
from service.store.alerts import Episode, TaskState
from service.store.engine import Transaction
from service.store.reviewing import RULE
from service.store.starting import StartingAccount

__all__ = ["RULE", "raise_due", "settle"]

# Before any deviation: a review looks at all of them.
_SEVERITY = 5_000.0
_NOON = 12 * 3_600_000


def settle(connection: Transaction, zone: ZoneInfo, *, run_id: int) -> int:
    """Enter the reviews whose task was completed in a CRM, and end them; returns how many."""
    done = reviewing.completed(connection)
    for each in done:
        reviewing.enter_review(
            connection, each.rep, on=each.on, at=noon_of(each.on, zone), run_id=run_id
        )
        reviewing.end_episodes(connection, each.rep, each.on)
    return len(done)


def noon_of(day: Day, zone: ZoneInfo) -> Instant:
    """An instant that is on a day, whichever way the clocks change."""
    return start_of(day, zone) + _NOON


def raise_due(connection: Transaction, job: Job) -> int:
    """Ask for the reviews that are due and not asked for yet; returns how many.

    The first one is due so long after the first look: of reviews before it nothing is known. One
    that a person has put aside is not asked for again until a review took place. Nothing is
    asked for before the first alert, nor in a quiet week of the rep.
    """
    if job.is_silent:
        return 0
    first = reviewing.first_look(connection, LOOK)
    reviewed = dict.fromkeys(job.team.reps, first) | dict(alerts.last_reviews(connection))
    due = [
        rep
        for rep in job.team.reps
        if not job.has_left(rep) and not job.is_quiet(rep) and _is_due(job, rep, reviewed)
    ]
    latest = alerts.latest_episodes(connection) if due else {}
    due = [rep for rep in due if not ((found := latest.get((RULE, rep))) and found.is_open)]
    places = starting.starting_accounts(connection, due, [], 1) if due else {}
    users = starting.active_users(connection) if due else {}
    asked = []
    for rep in due:
        before = latest.get((RULE, rep))
        number = before.episode + 1 if before else 1
        if place := next(iter(places.get(rep, ())), None):
            asked.append(_episode(job, rep, number, place, users))
    return alerts.insert_episodes(connection, asked)


def due_on(plan: Plan, fiscal_start: int, last: Day | None) -> Day | None:
    """When a plan is to be reviewed next, after the last review; None where it never is."""
    if plan.review is None:
        return None
    return max(plan.days(fiscal_start).first, last or 0) + plan.review.every


def _is_due(job: Job, rep: str, reviewed: Mapping[str, Instant | None]) -> bool:
    plan, at = job.plan(rep), reviewed.get(rep)
    last = None if at is None else day_of(at, job.team.zone)
    due = due_on(plan, job.team.fiscal_year, last) if plan else None
    # It falls in the week that begins: asked for a week later, six weeks would become seven.
    return due is not None and due < job.as_of + WEEK_DAYS


def _episode(
    job: Job, rep: str, number: int, place: StartingAccount, users: Mapping[tuple[str, int], int]
) -> Episode:
    """The task is for whom the plan names, where that is a user of the same CRM; else for the rep.

    It hangs on the first account of the rep: a CRM looks a task up by its account.
    """
    plan = job.plan(rep)
    other = (plan.review.with_ if plan and plan.review else None) or job.team.reps[rep].manager
    crm = next((crm for (key, crm), user in users.items() if user == place.owner_id), 0)
    user = users.get((other or "", crm))
    assignee, owner = (other, user) if other and user else (rep, place.owner_id)
    name, with_whom = shown(job.name(rep)), shown(job.name(other if assignee == rep else rep))
    line = Text(f"Revue de territoire : {name}", f"Territory review: {name}")
    body = Text(
        f"La revue du plan est due, avec {with_whom or name}. « arpent review --owner {rep} » la "
        "prépare : avant et après, niveaux, segments, temps, trois questions. Une fois faite, "
        "complétez cette tâche : sa date est retenue.",
        f"The review of the plan is due, with {with_whom or name}. `arpent review --owner {rep}` "
        "prepares it: before and after, tiers, segments, time, three questions. Once it took "
        "place, complete this task: its date is kept.",
    )
    today, language = date_of(job.as_of).isoformat(), job.team.language
    evidence = Evidence(period=job.week.key, since=today, until=today)
    return Episode(
        key=alert_key(RULE, rep, number), rule=RULE, subject=rep, episode=number, is_open=True,
        opened_on=job.as_of, updated_on=job.as_of, recovered_on=None,
        evidence=evidence.worded(line, body, None).to_json(), subject_line=line.to(language),
        body=body.to(language), account_id=place.id, owner_id=owner, task_state=TaskState.OWED,
        task_reason=None, rep=rep, assignee=assignee,
        recipient=Recipient.REP if assignee == rep else Recipient.MANAGER, channel=Channel.TASK,
        severity=_SEVERITY,
    )  # fmt: skip
