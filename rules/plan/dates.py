"""The days of a plan: those of its owner, absences, agreements, and revisions in their order."""

from collections.abc import Iterator

from rules.calendar import Period, quarter
from rules.language import Language, Text, money
from rules.located import Document, Path
from rules.plan.plan import Plan
from rules.team import Team
from rules.time import Day, date_of

_OF_ITSELF = {"from_", "why", "agreed"}


def check_days(document: Document, plan: Plan, team: Team) -> None:
    """Complain of an owner who is not there, and of days that are not the plan's."""
    days = plan.days(team.fiscal_year)
    rep = team.reps.get(plan.owner)
    start, end = (rep.start, rep.end) if rep else (None, None)
    if end is not None and end < days.first:
        document.complain(
            ("owner",),
            Text(
                f"{plan.owner} est parti le {_iso(end)}, avant le plan : supprimez ce plan, ou "
                "corrigez end dans team.yaml",
                f"{plan.owner} left on {_iso(end)}, before the plan: delete this plan, or correct "
                "end in team.yaml",
            ),
        )
    if start is not None and start > days.last:
        document.complain(
            ("owner",),
            Text(
                f"{plan.owner} arrive le {_iso(start)}, après le plan : corrigez period, ou start "
                "dans team.yaml",
                f"{plan.owner} joins on {_iso(start)}, after the plan: correct period, or start "
                "in team.yaml",
            ),
        )
    elif start is not None:
        _check_quarters(document, plan, team, start)
    for place, (first, last) in enumerate(plan.away):
        if last < days.first or first > days.last:
            document.complain(("away", place), _outside(first, days))
    for name, day in plan.agreed.items():
        if day > days.last:
            document.complain(("agreed", name), _outside(day, days))


def _check_quarters(document: Document, plan: Plan, team: Team, start: Day) -> None:
    """Complain of money in a quarter that is over when its owner joins."""
    for place in range(1, 5):
        over = quarter(plan.period, place, team.fiscal_year)
        key = f"q{place}"
        amount = next((each for name, each in plan.quarters.items() if name == key), 0)
        if over.last < start and amount:
            fr, en = (money(amount, plan.currency, each) for each in Language)
            document.complain(
                ("quarters", key),
                Text(
                    f"{plan.owner} arrive le {_iso(start)}, après {key} : écrivez 0 ici et portez "
                    f"{fr} aux trimestres suivants",
                    f"{plan.owner} joins on {_iso(start)}, after {key}: write 0 here and move "
                    f"{en} to later quarters",
                ),
            )


def check_revisions(document: Document, plan: Plan, team: Team) -> Iterator[tuple[int, Plan]]:
    """The place of each revision with the terms that it leaves; complains of those out of order."""
    days = plan.days(team.fiscal_year)
    last: Day | None = None
    for place, revision in enumerate(plan.revisions):
        at: Path = ("revisions", place)
        text = _misplaced(revision.from_, last, days)
        if text is not None:
            document.complain((*at, "from"), text)
            continue
        last = revision.from_
        if not revision.model_fields_set - _OF_ITSELF:
            document.complain(
                at,
                Text(
                    "cette révision ne change rien : écrivez ce qui change (objective, quarters, "
                    "targets …), ou retirez-la",
                    "this revision changes nothing: write what changes (objective, quarters, "
                    "targets …), or remove it",
                ),
            )
        for name in revision.quarters or {}:
            over = name.startswith("q") and quarter(plan.period, int(name[1]), team.fiscal_year)
            if over and over.last < revision.from_:
                document.complain(
                    (*at, "quarters", name),
                    Text(
                        f"{name} est fini le {_iso(revision.from_)} : retirez cette ligne, une "
                        "révision ne change que les jours à venir",
                        f"{name} is over on {_iso(revision.from_)}: remove this line, a revision "
                        "only changes the days to come",
                    ),
                    at_key=True,
                )
        yield place, plan.on(revision.from_)


def _misplaced(day: Day, last: Day | None, days: Period) -> Text | None:
    """What is wrong with the day of a revision, given the one before and the plan's days."""
    if day not in days:
        return _outside(day, days)
    if day == days.first:
        return Text(
            f"le plan commence le {_iso(day)} : corrigez le plan lui-même, ou donnez à cette "
            "révision un jour plus tardif",
            f"the plan begins on {_iso(day)}: correct the plan itself, or give this revision a "
            "later day",
        )
    if last is not None and day == last:
        return Text(
            f"une autre révision vaut déjà à partir du {_iso(day)} : réunissez les deux, ou "
            "changez une date",
            f"another revision already holds from {_iso(day)}: make one of the two, or change a "
            "date",
        )
    if last is not None and day < last:
        return Text(
            f"cette révision précède celle du {_iso(last)} : rangez-les par date",
            f"this revision is before the one of {_iso(last)}: put them in order of date",
        )
    return None


def _outside(day: Day, days: Period) -> Text:
    first, last = _iso(days.first), _iso(days.last)
    return Text(
        f"{_iso(day)} n'est pas dans le plan : écrivez un jour du {first} au {last}",
        f"{_iso(day)} is not in the plan: write a day from {first} to {last}",
    )


def _iso(day: Day) -> str:
    return date_of(day).isoformat()
