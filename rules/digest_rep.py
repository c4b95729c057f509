"""A rep's digest: where to go this week and why, pace with its band, one thing to decide.

At most 250 words: what does not fit is left out by rank and counted. It is private: nobody else
reads it, and the manager's comes later.
"""

from collections.abc import Iterator

from rules.alert_lines import LineKind, WeekLine
from rules.digest import Audience, Digest, Line, Section, cut, fitted, headed, named, said
from rules.digest_material import OfRep, OfWeek, Visit
from rules.digest_words import accounts, day, false_alarms, frozen, labelled, margin, paced
from rules.kpi_names import KpiName
from rules.language import Language, Text

PACE = (
    KpiName.REVENUE_WON,
    KpiName.OPPORTUNITIES_OPENED,
    KpiName.ACTIVE_PIPELINE,
    KpiName.CONVERSION_RATE,
    KpiName.PRIORITY_CONTACTED,
)
_WHY_LENGTH, _WHY_WORDS = 160, 22
# The first visits, the pace and the first of the news stay longest.
_KEPT_VISITS, _KEPT_NEWS = 4, 2
_RECOGNITION, _PACE, _FIRST_NEWS, _VISIT, _NEWS = 5, 10, 20, 30, 50
_IN_CRM = Text("dans le CRM, par Prochain contact", "in the CRM, by Next contact")
_IN_ALERTS = Text("demandez le détail aux opérations", "ask ops for the details")


def rep_digest(rep: OfRep, week: OfWeek) -> Digest:
    """The digest of a rep, in the rep's language, in at most 250 words."""
    language = rep.language
    sections = [
        _visits(rep, language),
        _pace(rep, week, language),
        _decision(rep, week, language),
        _recognition(rep, language),
        _news(rep, language),
    ]
    monday, due = day(week.week.first, language), accounts(rep.visits.due, language)
    private = Text(
        f"Pour vous seul ; votre gestionnaire reçoit le sien {week.hours_later} heures après.",
        f"For you alone; your manager's comes {week.hours_later} hours later.",
    )
    foot = [
        frozen(week, language), margin(language), false_alarms(week, language),
        private.to(language),
    ]  # fmt: skip
    return fitted(
        Digest(
            audience=Audience.REP,
            recipient=rep.key,
            language=language,
            period=week.week.key,
            subject=headed(
                Text(
                    f"Votre semaine du {monday} : {due} à voir",
                    f"Your week of {monday}: {due} to see",
                ).to(language)
            ),
            intro=Text(f"Bonjour {named(rep.name)},", f"Hello {named(rep.name)},").to(language),
            sections=[each for each in sections if each.lines or each.more],
            foot=[each for each in foot if each],
        )
    )


def _visits(rep: OfRep, language: Language) -> Section:
    title = Text("Où aller cette semaine", "Where to go this week").to(language)
    if not rep.visits.first:
        nothing = Text(
            "aucun compte n'attend de contact d'ici dimanche",
            "no account is due for a contact by Sunday",
        )
        return Section(title=title, lines=[Line(text=nothing.to(language))])
    before = ["", *(visit.why for visit in rep.visits.first)]
    lines = [
        Line(
            lead=named(visit.name),
            text=_reason(visit, language, is_same=visit.why == before[place]),
            rank=place if place < _KEPT_VISITS else _VISIT + place,
        )
        for place, visit in enumerate(rep.visits.first)
    ]
    more = max(rep.visits.due - len(lines), 0)
    return Section(title=title, lines=lines, more=more, where=_IN_CRM.to(language))


def _reason(visit: Visit, language: Language, *, is_same: bool) -> str:
    """When it is due and why; a reason that is the one just told is not told again."""
    on = day(visit.due_on, language)
    due = Text(f"dû le {on}", f"due {on}").to(language)
    why = cut(visit.why or "", _WHY_LENGTH, _WHY_WORDS)
    if why and is_same:
        why = Text("même raison", "same reason").to(language)
    return f"{due} – {why}" if why else due


def _pace(rep: OfRep, week: OfWeek, language: Language) -> Section:
    found = {figure.kpi: figure for figure in rep.figures if not figure.cut}
    lines = [
        Line(
            lead=labelled(found[kpi], week, language),
            text=said(paced(found[kpi], week, language)),
            rank=_PACE + place,
        )
        for place, kpi in enumerate(PACE)
        if kpi in found and kpi in week.labels and found[kpi].expected is not None
    ]
    title = Text("Votre rythme", "Your pace").to(language)
    where = Text("demandez le détail aux opérations", "ask ops for the details")
    return Section(title=title, lines=lines, where=where.to(language))


def _decision(rep: OfRep, week: OfWeek, language: Language) -> Section:
    """The gravest matter with what to do about it, else the account that is the latest."""
    title = Text("Une décision", "One thing to decide").to(language)
    matter = decided(rep)
    if matter is not None:
        action = matter.action or matter.body
        line = Line(lead=cut(matter.text.to(language), 140, 20), text=said(action.to(language)))
        return Section(title=title, lines=[line], stands_out=True)
    late = [visit for visit in rep.visits.first if visit.due_on < week.week.first]
    if not late:
        return Section(title=title)
    latest = min(late, key=lambda visit: visit.due_on)
    asked = Text(
        "le contacter cette semaine, ou contester son niveau ?",
        "contact it this week, or challenge its tier?",
    ).to(language)
    return Section(title=title, lines=[Line(lead=named(latest.name), text=asked)], stands_out=True)


def decided(rep: OfRep) -> WeekLine | None:
    """The matter that the rep is asked to decide; None where there is none."""
    for kind in (LineKind.CONFIRMED, LineKind.FACT, LineKind.WATCH):
        matters = [line for line in rep.lines if line.kind is kind and not line.is_silent]
        if matters:
            return max(matters, key=lambda line: line.severity)
    return None


def _recognition(rep: OfRep, language: Language) -> Section:
    lines = [
        Line(text=said(line.text.to(language)), rank=_RECOGNITION + place)
        for place, line in enumerate(_of(rep, LineKind.RECOGNITION))
    ]
    return Section(title=Text("Bravo", "Well done").to(language), lines=lines)


_HEADS = {
    LineKind.CONFIRMED: Text("Écart confirmé", "Confirmed deviation"),
    LineKind.WATCH: Text("À surveiller", "To watch"),
    LineKind.FACT: Text("Fait", "Fact"),
    LineKind.RECOVERED: Text("Revenu dans le plan", "Back on plan"),
    LineKind.ANSWERED: Text("Répondu", "Answered"),
}


def headed_line(line: WeekLine, language: Language, rank: int = 0) -> Line:
    """A line of the week under the word for its kind."""
    return Line(
        lead=_HEADS[line.kind].to(language) if line.kind in _HEADS else "",
        text=said(line.text.to(language)),
        rank=rank,
    )


def _news(rep: OfRep, language: Language) -> Section:
    """Everything else, the gravest first."""
    matter = decided(rep)
    others = [
        line
        for kind in _HEADS
        for line in _of(rep, kind)
        if line is not matter and not line.is_silent
    ]
    lines = [
        headed_line(line, language, place + (_FIRST_NEWS if place < _KEPT_NEWS else _NEWS))
        for place, line in enumerate(others)
    ]
    title = Text("À suivre", "To follow").to(language)
    return Section(title=title, lines=lines, where=_IN_ALERTS.to(language))


def _of(rep: OfRep, kind: LineKind) -> Iterator[WeekLine]:
    return (line for line in rep.lines if line.kind is kind)
