"""A manager's digest, after the reps have read theirs: it prepares the meeting of two.

By rep: pace and confirmed deviations; challenges without an answer; the three questions of a 1:1
(priority accounts not contacted? pipeline against the plan? time to move?); what reps were told.
"""

from collections.abc import Iterator, Sequence

from rules.alert.lines import LineKind, WeekLine
from rules.digest.digest import Audience, Digest, Line, Section, headed, named, recorded, said
from rules.digest.material import OfRep, OfWeek
from rules.digest.rep import foremost, headed_line, to_see
from rules.digest.words import day, false_alarms, frozen, labelled, margin, paced
from rules.kpi.figures import Figure
from rules.kpi.names import Cut, KpiName
from rules.language import Language, Text, counted, joined, percent
from rules.records import Kind

_WAITING = (Text("contestation attend", "challenge waits"),
            Text("contestations attendent", "challenges wait"))  # fmt: skip
_PIPELINE = (KpiName.ACTIVE_PIPELINE, KpiName.COVERAGE, KpiName.WEIGHTED_PIPELINE)
_SHOWN_LINES = 6
# A share of time this far from the plan's is worth a word.
_TIME_GAP = 0.10


def manager_digest(
    recipient: OfRep, reps: Sequence[OfRep], week: OfWeek, own: Sequence[WeekLine] = ()
) -> Digest:
    """The digest of a manager about some reps; `own` are the lines for the manager alone."""
    language = recipient.language
    monday = day(week.week.first, language)
    sections = [
        _challenges(reps, language),
        _own(own, week, language),
        *_by_rep(reps, week, language),
        _uncontacted(reps, week, language),
        _pipeline(reps, week, language),
        _time(reps, week, language),
        _told(reps, language),
        recognised(reps, language),
    ]
    foot = [frozen(week, language), margin(language), false_alarms(week, language)]
    return Digest(
        audience=Audience.MANAGER,
        recipient=recipient.key,
        language=language,
        period=week.week.key,
        subject=headed(
            Text(
                f"Vos rencontres de la semaine du {monday} : {len(reps)} représentants",
                f"Your 1:1s of the week of {monday}: {len(reps)} reps",
            ).to(language)
            if len(reps) != 1
            else Text(
                f"Votre rencontre de la semaine du {monday}", f"Your 1:1 of the week of {monday}"
            ).to(language)
        ),
        intro=_hello(recipient, language),
        sections=[each for each in sections if each.lines],
        foot=[each for each in foot if each],
    )


def _hello(recipient: OfRep, language: Language) -> str:
    name = named(recipient.name)
    return Text(
        f"Bonjour {name}, voici de quoi préparer vos rencontres. Le message de chaque "
        "représentant part avant le vôtre.",
        f"Hello {name}, this prepares your 1:1s. Each rep's own message leaves before yours.",
    ).to(language)


def _challenges(reps: Sequence[OfRep], language: Language) -> Section:
    lines = [
        Line(lead=named(rep.name), text=_told_waiting(rep, language))
        for rep in sorted(reps, key=lambda rep: -(rep.waiting.days if rep.waiting else 0))
        if rep.waiting is not None and rep.waiting.count
    ]
    return Section(
        title=Text("Contestations sans réponse", "Unanswered challenges").to(language),
        lines=lines,
        stands_out=bool(lines),
    )


def _told_waiting(rep: OfRep, language: Language) -> str:
    waiting = rep.waiting
    if waiting is None:
        return ""
    many = counted(waiting.count, *_WAITING).to(language)
    days = counted(waiting.days, Text("jour", "day"), Text("jours", "days")).to(language)
    account = named(waiting.account)
    return Text(
        f"{many}, la plus ancienne depuis {days} ({account})",
        f"{many}, the oldest for {days} ({account})",
    ).to(language)


def _own(own: Sequence[WeekLine], week: OfWeek, language: Language) -> Section:
    lines = [headed_line(line, week, language) for line in own if not line.is_silent]
    return Section(title=Text("Pour vous", "For you").to(language), lines=lines)


def _by_rep(reps: Sequence[OfRep], week: OfWeek, language: Language) -> Iterator[Section]:
    """A section for each rep: the money, the flow, what is confirmed."""
    kpis = (KpiName.REVENUE_WON, KpiName.OPPORTUNITIES_OPENED)
    for rep in reps:
        lines = [
            Line(lead=labelled(figure, week, language), text=said(paced(figure, week, language)))
            for kpi in kpis
            if (figure := _whole(rep, kpi)) is not None
        ]
        matters = [
            line for line in rep.lines if line.kind is LineKind.CONFIRMED and not line.is_silent
        ]
        lines += [headed_line(line, week, language) for line in matters[:_SHOWN_LINES]]
        yield Section(title=named(rep.name), lines=lines, more=max(len(matters) - _SHOWN_LINES, 0))


def _uncontacted(reps: Sequence[OfRep], week: OfWeek, language: Language) -> Section:
    since = day(week.since, language)
    title = Text(
        f"1. Quels comptes prioritaires n'ont pas de contact consigné depuis le {since}\u00a0?",
        f"1. Which priority accounts have no logged contact since {since}?",
    )
    lines = []
    for rep in reps:
        found = rep.uncontacted
        if found is None:
            continue
        ids = [*found.ids, *([0] * (len(found.names) - len(found.ids)))]
        records = [
            recorded(name, week.pages.get((Kind.ACCOUNT, number), ""))
            for name, number in zip(found.names, ids, strict=True)
        ]
        of = Text(f"{found.count} sur {found.total}", f"{found.count} of {found.total}")
        lines.append(
            Line(
                lead=named(rep.name), text=of.to(language), records=records,
                others=max(found.count - len(records), 0),
            )
        )  # fmt: skip
    return Section(title=title.to(language), lines=lines)


def _pipeline(reps: Sequence[OfRep], week: OfWeek, language: Language) -> Section:
    title = Text(
        "2. Le pipeline répond-il au plan\u00a0?", "2. Does the pipeline answer to the plan?"
    )
    lines, apart = [], Text(" ; ", "; ").to(language)
    for rep in reps:
        told = [
            f"{labelled(figure, week, language)} {paced(figure, week, language)}"
            for kpi in _PIPELINE
            if (figure := _whole(rep, kpi)) is not None
        ]
        if told:
            lines.append(Line(lead=named(rep.name), text=said(apart.join(told))))
    return Section(title=title.to(language), lines=lines)


def _time(reps: Sequence[OfRep], week: OfWeek, language: Language) -> Section:
    title = Text("3. Faut-il réaffecter le temps\u00a0?", "3. Should time be moved?")
    lines = [
        Line(lead=named(rep.name), text=said(text))
        for rep in reps
        if (text := _moved(rep, week, language))
    ]
    return Section(title=title.to(language), lines=lines)


def _moved(rep: OfRep, week: OfWeek, language: Language) -> str:
    """Each group of time beside what the plan gives it; empty where no group is measured."""
    shares = [
        figure
        for figure in rep.figures
        if figure.kpi is KpiName.TIME_SHARE and figure.cut == Cut.GROUP and figure.value is not None
    ]
    if not shares and week.groups:
        return Text("aucune heure consignée", "no hour logged").to(language)
    told, is_off = [], False
    for share in sorted(shares, key=lambda each: not each.member):
        value, planned = share.value or 0.0, share.expected
        group = week.groups.get(share.member, Text(share.member, share.member)).to(language)
        group = named(group) or Text("sans groupe", "no group").to(language)
        text = f"{group} {percent(value, language)}"
        if planned is not None:
            is_off = is_off or abs(value - planned) >= _TIME_GAP
            of = percent(planned, language)
            text += Text(f" (prévu {of})", f" (planned {of})").to(language)
        told.append(text)
    if not told:
        return ""
    verdict = Text("à discuter", "to discuss") if is_off else Text("comme prévu", "as planned")
    return f"{joined(told, language)} – {verdict.to(language)}"


def _told(reps: Sequence[OfRep], language: Language) -> Section:
    """What stands first in each rep's own digest, and whether it has left."""
    title = Text("Ce que dit le message de chacun", "What each one's message says").to(language)
    lines = []
    for rep in reps:
        if rep.is_away:
            away = Text("absent cette semaine, sans message", "away this week, no message")
            lines.append(Line(lead=named(rep.name), text=away.to(language)))
            continue
        told = [line.text.to(language) for line in foremost(rep)]
        visits = to_see(rep, language)
        state = _delivered(rep, language)
        heads = [part for part in (state, visits) if part]
        lines.append(Line(lead=named(rep.name), text=said(". ".join([", ".join(heads), *told]))))
    return Section(title=title, lines=lines)


def _delivered(rep: OfRep, language: Language) -> str:
    if rep.is_for_ops:
        return Text("message aux opérations seules", "message to ops alone").to(language)
    if rep.delivered is None:
        return ""
    if rep.delivered:
        return Text("message remis", "message delivered").to(language)
    return Text("message pas encore remis", "message not delivered yet").to(language)


def recognised(reps: Sequence[OfRep], language: Language) -> Section:
    """What is to be celebrated, in ready sentences."""
    lines = [
        Line(text=said(line.text.to(language)))
        for rep in reps
        for line in rep.lines
        if line.kind is LineKind.RECOGNITION
    ]
    return Section(title=Text("À souligner", "Worth celebrating").to(language), lines=lines)


def _whole(rep: OfRep, kpi: KpiName) -> Figure | None:
    return next((each for each in rep.figures if each.kpi is kpi and not each.cut), None)
