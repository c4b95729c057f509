"""The check of plans: what contradicts itself in them, and the classic errors of a territory.

1. The terms of each plan in force, and those that revisions bring, become numbers
   (`rules.plan_check.reading`): as the plan says, and as history says where there is enough of it.
2. The identities that must hold are looked at (`rules.plan_check.identities`, `plan_check_load`).
3. The linters look at the rules, the reviews and the agreements (`rules.plan_check.linters`).
4. What a plan accepts is marked, until the day that it says.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from babel.dates import format_date

from rules.kpi.kpis import Kpis
from rules.language import Language, Text
from rules.plan.plan import Plan
from rules.plan.terms import TEAM, Acceptance, FindingName
from rules.plan_check.identities import identities
from rules.plan_check.linters import departure_found, plan_found, rules_found, split_found
from rules.plan_check.load import load, sums
from rules.plan_check.reading import terms_of
from rules.plan_check.terms import NOTHING, Measured, Reading, Terms
from rules.plan_check.values import Accepted, Finding, Notice
from rules.rulebook import Rulebook
from rules.segments import Segments
from rules.team import Team
from rules.time import Day, date_of

_BY_HISTORY = Text("D'après ce qui est mesuré : ", "From what is measured: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was found; a contradiction that nobody accepts is for somebody to settle.

    `unknown` are the numbers that nobody tells, by owner and period of a plan: an identity with one
    of them in it was not looked at. A plan of the team may be an objective and no more.
    """

    contradictions: Sequence[Finding] = ()
    warnings: Sequence[Finding] = ()
    unknown: Mapping[tuple[str, int], Sequence[str]] = field(default_factory=dict)

    @property
    def standing(self) -> Sequence[Finding]:
        """The contradictions that nobody accepts."""
        return [each for each in self.contradictions if each.accepted is None]


def check_plans(
    book: Rulebook, *, measured: Mapping[str, Measured], as_of: Day, owner: str | None = None
) -> Findings:
    """All there is to say of the plans of a playbook, or of one owner's, as of a day.

    Args:
        book: the playbook, as compiled.
        measured: what the store knows, by owner of a plan.
        as_of: plans that are over by this day are left alone, unless their owner has no other.
        owner: only the plans of this rep, or of `team`.
    """
    plans = [
        plan for plan in due(book.plans, as_of, book.team) if owner in (None, plan.owner)
    ]  # fmt: skip
    each = [
        check_plan(
            plan, kpis=book.kpis, team=book.team, rules=book.segments,
            measured=measured.get(plan.owner, NOTHING), as_of=as_of,
        )
        for plan in plans
    ]  # fmt: skip
    together = [] if owner not in (None, TEAM) else _together(book, plans, measured, as_of)
    common = [*rules_found(book.segments, book.fields), *_splits(book, plans, measured, as_of)]
    return _settled(plans, each, together, common, as_of)


def check_plan(
    plan: Plan, *, kpis: Kpis, team: Team, rules: Segments, measured: Measured, as_of: Day
) -> Findings:
    """What one plan shows by itself; acceptances are not looked at yet.

    Terms that are no longer in force are left alone. What later terms show is told once.
    """
    contradictions: dict[FindingName | Notice, Finding] = {}
    warnings: dict[FindingName | Notice, Finding] = {}
    unknown: Sequence[str] = ()
    name = team.reps[plan.owner].name if plan.owner in team.reps else plan.owner
    for place, terms in _versions(plan, team, as_of):
        read = partial(
            terms_of, terms, kpis=kpis, team=team, segments=rules, measured=measured, place=place
        )
        numbers = read(reading=Reading.PLAN)
        unknown = numbers.unknown
        for found in _broken(numbers):
            contradictions.setdefault(found.name, found)
        if measured != NOTHING:
            for found in _broken(read(reading=Reading.HISTORY)):
                contradictions.setdefault(found.name, _by_history(found))
        for found in plan_found(terms, () if place is None else ("revisions", place), name):
            warnings.setdefault(found.name, found)
    for found in departure_found(plan, team):
        warnings[found.name] = found
    return Findings(
        contradictions=list(contradictions.values()), warnings=list(warnings.values()),
        unknown={(plan.owner, plan.period): unknown} if unknown and plan.owner != TEAM else {},
    )  # fmt: skip


def due(plans: Iterable[Plan], as_of: Day, team: Team) -> list[Plan]:
    """The plans to look at on a day: in force or to come, else the last one of each owner."""
    by_owner: dict[str, list[Plan]] = {}
    for plan in sorted(plans, key=lambda each: each.period):
        by_owner.setdefault(plan.owner, []).append(plan)
    return [
        plan
        for every in by_owner.values()
        for plan in (
            [each for each in every if each.days(team.fiscal_year).last >= as_of] or every[-1:]
        )
    ]


def _versions(plan: Plan, team: Team, as_of: Day) -> list[tuple[int | None, Plan]]:
    """The terms in force on a day and later ones, each with the place of its revision."""
    places = {revision.from_: place for place, revision in enumerate(plan.revisions)}
    versions = plan.versions(team.fiscal_year)
    kept = [terms for period, terms in versions if period.last >= as_of]
    kept = kept or [terms for _, terms in versions[-1:]]
    return [(None if terms.since is None else places.get(terms.since), terms) for terms in kept]


def _broken(terms: Terms) -> Iterator[Finding]:
    yield from identities(terms)
    if (found := load(terms)) is not None:
        yield found


def _by_history(found: Finding) -> Finding:
    text = Text(f"{_BY_HISTORY.fr}{found.text.fr}", f"{_BY_HISTORY.en}{found.text.en}")
    return replace(found, text=text)


def _latest(book: Rulebook, plan: Plan, measured: Mapping[str, Measured], as_of: Day) -> Terms:
    """The numbers of the last terms of a plan."""
    place, terms = _versions(plan, book.team, as_of)[-1]
    return terms_of(
        terms, kpis=book.kpis, team=book.team, segments=book.segments, reading=Reading.PLAN,
        measured=measured.get(plan.owner, NOTHING), place=place,
    )  # fmt: skip


def _by_year(
    book: Rulebook, plans: Sequence[Plan], measured: Mapping[str, Measured], as_of: Day
) -> Iterator[tuple[Terms | None, list[Terms]]]:
    """For each year, the terms of the team's plan and those of the reps'."""
    for year in sorted({plan.period for plan in plans}):
        terms = {
            plan.owner: _latest(book, plan, measured, as_of)
            for plan in book.plans
            if plan.period == year
        }
        team = terms.pop(TEAM, None)
        yield team, list(terms.values())


def _together(
    book: Rulebook, plans: Sequence[Plan], measured: Mapping[str, Measured], as_of: Day
) -> list[Finding]:
    found = [
        sums(team, reps) for team, reps in _by_year(book, plans, measured, as_of) if team
    ]  # fmt: skip
    return [each for each in found if each is not None]


def _splits(
    book: Rulebook, plans: Sequence[Plan], measured: Mapping[str, Measured], as_of: Day
) -> list[Finding]:
    return [
        found for _, reps in _by_year(book, plans, measured, as_of) for found in split_found(reps)
    ]  # fmt: skip


def _settled(
    plans: Sequence[Plan],
    each: Sequence[Findings],
    together: Sequence[Finding],
    common: Sequence[Finding],
    as_of: Day,
) -> Findings:
    """Everything that was found, each with what its plan accepts; what is common, with any's."""
    contradictions: list[Finding] = []
    warnings: list[Finding] = []
    for plan, found in zip(plans, each, strict=True):
        own = [one for one in together if (one.owner, one.period) == (plan.owner, plan.period)]
        contradictions += [
            _accepting(one, plan.accept, as_of) for one in [*found.contradictions, *own]
        ]  # fmt: skip
        warnings += [_accepting(one, plan.accept, as_of) for one in found.warnings]
        names = {one.name for one in [*found.contradictions, *own, *found.warnings, *common]}
        warnings += _idle(plan, names)
    every = [acceptance for plan in plans for acceptance in plan.accept]
    warnings += [_accepting(one, every, as_of) for one in common]
    unknown = {key: names for one in each for key, names in one.unknown.items()}
    return Findings(contradictions=contradictions, warnings=warnings, unknown=unknown)


def _accepting(found: Finding, accepted: Sequence[Acceptance], as_of: Day) -> Finding:
    """A finding with who accepts it; of an acceptance that is over, it says so."""
    named = sorted(
        (one for one in accepted if one.finding is found.name), key=lambda one: one.until
    )
    if not named:
        return found
    last = named[-1]
    if last.until >= as_of:
        return replace(found, accepted=Accepted(until=last.until, why=last.why))
    french, english = (
        format_date(date_of(last.until), "long", locale=each.locale) for each in Language
    )
    return replace(
        found,
        text=Text(
            f"{found.text.fr} (C'était accepté jusqu'au {french} : « {last.why} ». Ce n'est plus "
            "le cas.)",
            f"{found.text.en} (This was accepted until {english}: '{last.why}'. It no longer is.)",
        ),
    )


def _idle(plan: Plan, names: set[FindingName | Notice]) -> Iterator[Finding]:
    """What a plan accepts, and nobody finds."""
    for place, acceptance in enumerate(plan.accept):
        if acceptance.finding not in names:
            name = acceptance.finding.value
            yield Finding(
                name=Notice.ACCEPTED_NOT_FOUND, owner=plan.owner, period=plan.period,
                path=("accept", place),
                text=Text(
                    f"« {name} » est accepté, et n'est pas trouvé : retirez cette ligne.",
                    f"'{name}' is accepted, and is not found: remove this line.",
                ),
            )  # fmt: skip
