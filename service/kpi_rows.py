"""The figures that `arpent kpi` shows: those asked for, in order, with the words of the playbook.

Pure: `service.measure` makes the figures, `service.cli.show.kpi` prints the rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rules.calendar import Span
from rules.kpi.figures import TEAM, Figure
from rules.kpi.kpis import Cut, Kpi, KpiName
from rules.language import Text
from rules.rulebook import Rulebook

EVERYBODY = Text("Équipe", "Team")
WITHOUT_VALUE = Text("sans valeur", "no value")
_AIMED = (KpiName.PRIORITY_COVERED, KpiName.PRIORITY_REVENUE, KpiName.PRIORITY_TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiRow:
    """A figure with its words; of a frozen one, `today` is the same period measured now.

    `member` names the part of a cut, None for the whole.
    """

    figure: Figure
    name: Text
    label: Text
    member: Text | None
    today: Figure | None = None

    @property
    def attainment(self) -> float | None:
        """Value ÷ what is expected to date, where that says anything."""
        return self.figure.attainment

    @property
    def band(self) -> tuple[float, float] | None:
        """The 95 % interval of the attainment, where the figure is a sample."""
        low, high, expected = self.figure.low, self.figure.high, self.figure.expected
        if self.attainment is None or low is None or high is None or not expected:
            return None
        return low / expected, high / expected

    @property
    def is_told(self) -> bool:
        """Whether there is anything to say: a record that counts, or something that a plan asks.

        Zero of something is told (no account covered out of forty), nothing of nothing is not.
        """
        shown = [self.figure, *([self.today] if self.today else [])]
        return any(_tells(each) for each in shown)

    def to_json(self) -> dict[str, Any]:
        """The row as plain data: a figure with its words, a value even where it is in doubt."""
        today = {} if self.today is None else {"today": self.today.to_json()}
        return {
            **self.figure.to_json(),
            "name": self.name,
            "label": self.label,
            "attainment": self.attainment,
            "member_label": self.member,
            **today,
        }


def _tells(figure: Figure) -> bool:
    if figure.value or figure.numerator or figure.denominator:
        return True
    # What kpis.yaml aims at holds for everybody, even for who has no account.
    is_asked = figure.target is not None and figure.kpi not in _AIMED
    return is_asked or (figure.kpi is KpiName.COVERAGE and figure.denominator is not None)


def rows(
    book: Rulebook,
    figures: Sequence[Figure],
    *,
    subjects: Sequence[str],
    span: Span,
    cut: Cut,
    today: Sequence[Figure] | None = None,
    stages: Sequence[str] = (),
) -> list[KpiRow]:
    """The rows of some subjects, in their order, then in that of the KPIs, then of the members.

    Uncut, a KPI that has no meaning whole (activities by name, time by group) shows its members,
    in the order of the playbook, stages in that of `stages`, what has no value at the end.
    `today` are the figures to set beside frozen ones.
    """
    kpis = {kpi.name: kpi for kpi in book.kpis.measured}
    now = {each.key: each for each in today or ()}
    then = {each.key: each for each in figures}
    every = [*figures, *(_unknown(each) for key, each in now.items() if key not in then)]
    order = {name: place for place, name in enumerate(kpis)}
    chosen = [
        each for each in every
        if each.span is span and each.subject in subjects and each.kpi in kpis
        and each.cut == _cut(kpis[each.kpi], cut)
    ]  # fmt: skip
    words = _members(book, stages)
    chosen.sort(
        key=lambda each: (subjects.index(each.subject), order[each.kpi], _place(each, words))
    )
    return [
        KpiRow(
            figure=each, name=name_of(book, each.subject), label=kpis[each.kpi].label,
            member=_member(each, words), today=now.get(each.key) if today is not None else None,
        )
        for each in chosen
    ]  # fmt: skip


def _unknown(figure: Figure) -> Figure:
    """What was not there yet when a week was frozen."""
    return replace(
        figure, value=None, numerator=None, denominator=None, low=None, high=None, doubt=None
    )


def _cut(kpi: Kpi, cut: Cut) -> str:
    return kpi.always.value if cut is Cut.WHOLE else cut.value


def name_of(book: Rulebook, subject: str) -> Text:
    """What a subject is called."""
    if subject == TEAM:
        return EVERYBODY
    rep = book.team.reps.get(subject)
    name = rep.name if rep else subject
    return Text(name, name)


def _members(book: Rulebook, stages: Sequence[str]) -> Mapping[str, Mapping[str, Text]]:
    """What the members of cuts are called, in order, where the playbook has a word for them."""
    groups = book.kpis.time.groups if book.kpis.time else {}
    fields = {
        cut.value: book.fields.opportunity[name].choices()
        for cut, name in book.kpis.cuts.of_deals.items()
    }
    return {
        **fields,
        Cut.ACTIVITY: {name: each.label for name, each in book.kpis.activities.items()},
        Cut.GROUP: {name: each.label for name, each in groups.items()},
        Cut.TIER: book.segments.tier.choices,
        Cut.SEGMENT: _segments(book),
        Cut.STAGE: {each: Text(each, each) for each in stages},
        Cut.MOVE: {
            f"{left}>{reached}": Text(f"{was.fr} → {now.fr}", f"{was.en} → {now.en}")
            for left, was in book.segments.tier.choices.items()
            for reached, now in book.segments.tier.choices.items()
        },
    }


def _segments(book: Rulebook) -> Mapping[str, Text]:
    """What the values of the rule, or of the field, behind `cuts: {segment: …}` are called."""
    name = book.kpis.cuts.segment or ""
    rule = book.segments.rule(name)
    if rule is not None:
        return rule.choices
    field = book.fields.account.get(name)
    return field.choices() if field else {}


def _place(figure: Figure, words: Mapping[str, Mapping[str, Text]]) -> tuple[int, str]:
    known = list(words.get(figure.cut, ()))
    if not figure.member:
        return len(known) + 1, ""
    place = known.index(figure.member) if figure.member in known else len(known)
    return place, figure.member.casefold()


def _member(figure: Figure, words: Mapping[str, Mapping[str, Text]]) -> Text | None:
    if not figure.cut:
        return None
    if not figure.member:
        return WITHOUT_VALUE
    return words.get(figure.cut, {}).get(figure.member, Text(figure.member, figure.member))


def definitions(book: Rulebook, shown: Sequence[KpiRow], cut: Cut) -> Iterator[tuple[str, Text]]:
    """The whole definition of each KPI shown, once, by its name."""
    names = {row.figure.kpi for row in shown}
    cadence = book.segments.tier.contact_every
    for kpi in book.kpis.measured:
        if kpi.name in names:
            along = cut if kpi.always is Cut.WHOLE else kpi.always
            yield kpi.name.value, book.kpis.explained(kpi, along, book.team.currency, cadence)
