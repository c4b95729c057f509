"""The deviations of a weekly look: what each rule says of each rep who has a plan.

Dispersion is estimated once for each KPI over all reps; where `false_discovery` is set, what is
confirmed must also stand among all that was judged this week.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log10

from rules.alert.alerts import Confirmed, DeviationRule, Watch
from rules.alert.evidence import Evidence
from rules.alert.facts import GRAVITIES
from rules.alert.judging import Course, Judged, Means, judged, more_needed, weekly_history
from rules.alert.lines import Channel
from rules.alert.sensitivity import limits_of
from rules.alert.words import Figures, more_by_sunday, rendered, shared_by
from rules.chance.deviations import State, benjamini_hochberg
from rules.chance.dispersion import dispersions
from rules.kpi.kpis import Kpi, Unit
from rules.language import Language, Text, counted, money
from rules.time import Day, date_of
from service.alert_counts import courses
from service.alert_job import Job
from service.episodes import Verdict
from service.store import starting
from service.store.engine import Transaction
from service.store.starting import StartingAccount

_ACCOUNTS = 3
_TOP = 999.0
_LEAST_CHANCE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A rule looked at for a rep."""

    rule: str
    deviation: DeviationRule
    rep: str
    course: Course
    means: Means
    judged: Judged


def looked(connection: Transaction, job: Job) -> list[Look]:
    """Every rule for every rep who can be judged.

    A rep who is away or gone, without a plan in force, or whom no CRM knows, is not judged.
    """
    linked = starting.linked_reps(connection)
    reps = [
        rep
        for rep in job.team.reps
        if rep in linked and not job.has_left(rep) and not job.is_quiet(rep)
    ]
    until = job.week.first - 1
    looks = []
    for name, rule in job.alerts.deviations.items():
        found = courses(connection, job, rule, reps)
        means = _means(job, rule, found, until)
        looks += [
            Look(
                rule=name, deviation=rule, rep=rep, course=course, means=means[rep],
                judged=judged(rule, course, means[rep], until=until),
            )
            for rep, course in found.items()
        ]  # fmt: skip
    return _discovered(looks, job.alerts.false_discovery)


def _means(
    job: Job, rule: DeviationRule, found: Mapping[str, Course], until: Day
) -> Mapping[str, Means]:
    limits = limits_of(job.alerts.sensitivity)
    if rule.unit is not Unit.COUNT:
        return {rep: Means(limits=limits) for rep in found}
    by_rep = dispersions(
        {rep: weekly_history(course, until=until) for rep, course in found.items()}
    )
    return {rep: Means(limits=limits, dispersion=by_rep.get(rep, 1.0)) for rep in found}


def _discovered(looks: Sequence[Look], rate: float | None) -> list[Look]:
    """What is confirmed by itself, but not among all, is only watched."""
    if rate is None or not looks:
        return list(looks)
    stands = benjamini_hochberg([look.judged.deviation.p for look in looks], rate)
    return [
        look if is_found or look.judged.deviation.state is not State.CONFIRMED else _watched(look)
        for look, is_found in zip(looks, stands, strict=True)
    ]


def _watched(look: Look) -> Look:
    deviation = replace(look.judged.deviation, state=State.WATCH)
    return replace(look, judged=replace(look.judged, deviation=deviation))


def starts(
    connection: Transaction, job: Job, reps: Sequence[str]
) -> Mapping[str, Sequence[StartingAccount]]:
    """Where each rep may start from."""
    if not reps:
        return {}
    contacted = job.kpis.priority_contacted
    tiers = contacted.tiers if contacted else []
    return starting.starting_accounts(connection, reps, tiers, _ACCOUNTS)


def verdict(job: Job, look: Look, accounts: Sequence[StartingAccount]) -> Verdict:
    """What a look says; the task hangs on the first account, for its own CRM user."""
    rule, deviation = look.deviation, look.judged.deviation
    recipient, assignee = job.address(look.rep, rule.recipient)
    channel = Channel.TASK if rule.confirmed is Confirmed.TASK else Channel.DIGEST
    strength = -100 * log10(max(deviation.p, _LEAST_CHANCE))
    return Verdict(
        rule=look.rule, subject=look.rep, rep=look.rep, is_fact=False, state=deviation.state,
        evidence=_evidence(job, look, accounts),
        severity=GRAVITIES[rule.gravity] + max(0.0, min(_TOP, strength)),
        recipient=recipient, assignee=assignee, channel=channel,
        wants_line=rule.watch is Watch.DIGEST, snooze=rule.snooze,
        account_id=accounts[0].id if accounts else None,
        owner_id=accounts[0].owner_id if accounts else None,
        deviation=deviation,
    )  # fmt: skip


def _evidence(job: Job, look: Look, accounts: Sequence[StartingAccount]) -> Evidence:
    rule, deviation = look.deviation, look.judged.deviation
    kpi = job.kpis.kpi(rule.kpi)
    cases = shared_by(deviation)
    candidates = [account for account in accounts if account.is_candidate]
    action = _action(job, look, kpi)
    figures = Figures(
        rep=job.name(look.rep), unit=rule.unit, currency=job.team.currency, deviation=deviation,
        accounts=[account.name for account in candidates], action=action,
    )  # fmt: skip
    return Evidence(
        period=job.week.key, kpi=rule.kpi, definition=kpi.definition({}) if kpi else "",
        state=deviation.state, unit=rule.unit.value, weeks=deviation.window,
        since=date_of(look.judged.since).isoformat(), until=date_of(look.judged.until).isoformat(),
        observed=deviation.observed / cases, expected=deviation.expected / cases,
        low=deviation.low / cases, high=deviation.high / cases, missing=deviation.missing,
        p=deviation.p, trials=deviation.trials, dispersion=deviation.dispersion,
        accounts=tuple((each.id, each.name, each.tier or "") for each in candidates),
    ).worded(rendered(rule.subject, figures), rendered(rule.body, figures), action)  # fmt: skip


def _action(job: Job, look: Look, kpi: Kpi | None) -> Text | None:
    """The least that would bring the figure back into its band."""
    rule, deviation = look.deviation, look.judged.deviation
    if kpi is None or deviation.state not in (State.WATCH, State.CONFIRMED):
        return None
    match rule.unit:
        case Unit.COUNT:
            more = more_needed(rule, look.course, look.means, sunday=job.week.last)
            label = job.kpis.activities[rule.activity].label if rule.activity else kpi.label
            weekly = deviation.expected / deviation.window
            return None if more is None else more_by_sunday(kpi, more, label, weekly=weekly)
        case Unit.MONEY:
            fr, en = (money(round(deviation.missing), job.team.currency, each) for each in Language)
            return Text(f"{fr} de plus de ventes gagnées", f"{en} more won")
        case _:
            missing = round(deviation.missing)
            wins = counted(missing, Text("vente gagnée", "win"), Text("ventes gagnées", "wins"))
            return Text(f"{wins.fr} de plus", f"{wins.en.replace(' ', ' more ', 1)}")
