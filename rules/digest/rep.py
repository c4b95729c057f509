"""A rep's digest: where to go this week and why, pace with its band, one thing to decide.

At most 250 words: what does not fit is left out by rank and counted. It is private: nobody else
reads it, and the manager's comes later.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rules.alert.lines import LineKind, WeekLine
from rules.digest.digest import (
    Audience,
    Digest,
    Line,
    Record,
    Section,
    cut,
    fitted,
    headed,
    named,
    recorded,
    said,
)
from rules.digest.material import OfRep, OfWeek, Visit, Visits
from rules.digest.words import accounts, day, false_alarms, frozen, labelled, margin, paced
from rules.kpi.names import KpiName
from rules.language import Language, Text, counted, number
from rules.records import Kind
from rules.time import Day

PACE = (
    KpiName.REVENUE_WON,
    KpiName.OPPORTUNITIES_OPENED,
    KpiName.ACTIVE_PIPELINE,
    KpiName.CONVERSION_RATE,
    KpiName.PRIORITY_CONTACTED,
)
# What chance alone raises at times.
_CHANCES = (LineKind.CONFIRMED, LineKind.WATCH)
_WHY_LENGTH, _WHY_WORDS = 160, 22
_RECORDS = 3
"""So many of the records behind a fact are named."""
# Of each section the first lines stay longest, so that none is only a count.
_KEPT_VISITS, _KEPT_PACE = 3, 2
_RECOGNITION, _PACE, _FIRST_NEWS = 5, 10, 12
# One praise stays before everything else is only a count, the others do not.
_MORE_PRAISE = 13
# The rest in turn: the third figure, the fourth visit, the second of the news, the next figure.
_VISIT, _MORE_PACE, _NEWS = 23, 23, 25
_IN_CRM = Text("dans le CRM, par Prochain contact", "in the CRM, by Next contact")
_IN_ALERTS = Text("demandez le détail aux opérations", "ask ops for the details")


def rep_digest(rep: OfRep, week: OfWeek) -> Digest:
    """The digest of a rep, in the rep's language, in at most 250 words."""
    language = rep.language
    sections = [
        _visits(rep, week, language),
        _pace(rep, week, language),
        _decision(rep, week, language),
        _recognition(rep, language),
        _news(rep, week, language),
    ]
    monday, due = day(week.week.first, language), to_see(rep, language)
    private = Text(
        f"Pour vous seul ; votre gestionnaire reçoit le sien {week.hours_later} heures après.",
        f"For you alone; your manager's comes {week.hours_later} hours later.",
    )
    has_alert = any(line.kind in _CHANCES and not line.is_silent for line in rep.lines)
    foot = [
        frozen(week, language), margin(language),
        false_alarms(week, language) if has_alert else "", private.to(language),
    ]  # fmt: skip
    return fitted(
        Digest(
            audience=Audience.REP,
            recipient=rep.key,
            language=language,
            period=week.week.key,
            subject=headed(
                Text(f"Votre semaine du {monday} : {due}", f"Your week of {monday}: {due}").to(
                    language
                )
            ),
            intro=Text(f"Bonjour {named(rep.name)},", f"Hello {named(rep.name)},").to(language),
            sections=[each for each in sections if each.lines or each.more],
            foot=[each for each in foot if each],
        )
    )


def to_see(rep: OfRep, language: Language) -> str:
    """`7 comptes à voir`; `16 comptes à voir, 57 attendront` where the week does not hold all."""
    many = accounts(rep.visits.asked, language)
    told = Text(f"{many} à voir", f"{many} to see").to(language)
    if not rep.visits.waiting:
        return told
    rest = number(rep.visits.waiting, language, digits=0)
    waits = Text("attendra" if rep.visits.waiting == 1 else "attendront", "can wait")
    return f"{told}, {rest} {waits.to(language)}"


def _visits(rep: OfRep, week: OfWeek, language: Language) -> Section:
    monday = week.week.first
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
            text=_reason(visit, monday, language, is_same=visit.why == before[place]),
            rank=place if place < _KEPT_VISITS else _VISIT + place,
            link=week.pages.get((Kind.ACCOUNT, visit.account_id), ""),
        )
        for place, visit in enumerate(rep.visits.first[: rep.visits.asked])
    ]
    more = max(rep.visits.asked - len(lines), 0)
    if rep.visits.waiting and rep.visits.hours is not None:
        lines.insert(0, Line(text=_held(rep.visits, language)))
    return Section(title=title, lines=lines, more=more, where=_IN_CRM.to(language))


def _held(visits: Visits, language: Language) -> str:
    """`24 contacts tiennent dans vos 32 h`: why some wait."""
    hours = number(visits.hours or 0.0, language)
    held = counted(
        visits.asked,
        Text("contact tient", "contact fits"), Text("contacts tiennent", "contacts fit"),
    )  # fmt: skip
    return Text(f"{held.fr} dans vos {hours}\u00a0h", f"{held.en} into your {hours}\u00a0h").to(
        language
    )


def _reason(visit: Visit, monday: Day, language: Language, *, is_same: bool) -> str:
    """When it is due and why; a reason that is the one just told is not told again."""
    on = day(visit.due_on, language, beside=monday)
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
            rank=place + (_PACE if place < _KEPT_PACE else _MORE_PACE),
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
        return Section(title=title, lines=_asked(matter, week, language), stands_out=True)
    late = [visit for visit in rep.visits.first if visit.due_on < week.week.first]
    if not late:
        return Section(title=title)
    latest = min(late, key=lambda visit: visit.due_on)
    asked = Text(
        "le contacter cette semaine, ou contester son niveau ?",
        "contact it this week, or challenge its tier?",
    ).to(language)
    link = week.pages.get((Kind.ACCOUNT, latest.account_id), "")
    line = Line(lead=named(latest.name), text=asked, link=link)
    return Section(title=title, lines=[line], stands_out=True)


def _asked(matter: WeekLine, week: OfWeek, language: Language) -> list[Line]:
    """What to do, and then what for: an action, not a verdict."""
    told = matter.text.to(language)
    if matter.action is None:
        return [Line(lead=cut(told, 140, 20), text=said(matter.body.to(language)))]
    action = cut(matter.action.to(language), 140, 20)
    lines = [Line(lead=f"{action[:1].upper()}{action[1:]}.")]
    if matter.kind is LineKind.FACT:
        return [*lines, replace(headed_line(matter, week, language), lead="")]
    lines.append(Line(text=said(told)))
    # The accounts of a deviation are not behind it: they are those to begin with.
    if first := _records(matter, week):
        start = Text("Par où commencer", "Where to begin").to(language)
        lines.append(Line(lead=start, records=first[:_RECORDS]))
    return lines


def decided(rep: OfRep) -> WeekLine | None:
    """The matter that the rep is asked to decide; None where there is none."""
    for kind in (LineKind.CONFIRMED, LineKind.FACT, LineKind.WATCH):
        matters = [line for line in rep.lines if line.kind is kind and not line.is_silent]
        if matters:
            return max(matters, key=lambda line: line.severity)
    return None


def foremost(rep: OfRep) -> Sequence[WeekLine]:
    """The matter to decide, and the first of the rest: what the rep reads however long it gets."""
    first = decided(rep)
    return [line for line in (first, *_others(rep)[:1]) if line is not None]


def _others(rep: OfRep) -> Sequence[WeekLine]:
    """Everything but the matter to decide and what is to be celebrated, the gravest first."""
    matter = decided(rep)
    return [
        line
        for kind in _HEADS
        for line in _of(rep, kind)
        if line is not matter and not line.is_silent
    ]


def _recognition(rep: OfRep, language: Language) -> Section:
    lines = [
        Line(
            text=said(line.text.to(language)),
            rank=place + (_MORE_PRAISE if place else _RECOGNITION),
        )
        for place, line in enumerate(_of(rep, LineKind.RECOGNITION))
    ]
    return Section(title=Text("Bravo", "Well done").to(language), lines=lines)


_HEADS = {
    LineKind.CONFIRMED: Text("Écart confirmé", "Confirmed deviation"),
    LineKind.WATCH: Text("À surveiller", "To watch"),
    # In French the word for a fact also says that something is done.
    LineKind.FACT: Text("Constat", "Fact"),
    LineKind.RECOVERED: Text("Revenu dans le plan", "Back on plan"),
    LineKind.ANSWERED: Text("Répondu", "Answered"),
}


def headed_line(line: WeekLine, week: OfWeek, language: Language, rank: int = 0) -> Line:
    """A line of the week under the word for its kind; of a fact, with the first records of it."""
    text = said(line.text.to(language))
    found = _records(line, week) if line.kind is LineKind.FACT else []
    # What the playbook's own words name is not named twice.
    told = [each for each in found if each.name not in text][:_RECORDS]
    rest = max(round(line.evidence.observed), len(found)) - len(told) if told else 0
    return Line(
        lead=_HEADS[line.kind].to(language) if line.kind in _HEADS else "",
        text=text,
        rank=rank,
        records=told,
        others=rest,
    )


def _records(line: WeekLine, week: OfWeek) -> list[Record]:
    """The records of a line: its opportunities, where it has some, else its accounts."""
    evidence = line.evidence
    found = [(Kind.OPPORTUNITY, number, name) for number, name in evidence.deals] or [
        (Kind.ACCOUNT, number, name) for number, name, _ in evidence.accounts
    ]
    return [recorded(name, week.pages.get((kind, number), "")) for kind, number, name in found]


def _news(rep: OfRep, week: OfWeek, language: Language) -> Section:
    lines = [
        headed_line(line, week, language, place + (_NEWS if place else _FIRST_NEWS))
        for place, line in enumerate(_others(rep))
    ]
    title = Text("À suivre", "To follow").to(language)
    return Section(title=title, lines=lines, where=_IN_ALERTS.to(language))


def _of(rep: OfRep, kind: LineKind) -> Iterator[WeekLine]:
    return (line for line in rep.lines if line.kind is kind)
