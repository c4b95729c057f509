"""The digest of a channel, which many read: figures of the whole team, and what to celebrate.

It names nobody beside a deviation, a fact or a challenge: what concerns a rep stays between the
rep and the manager. Figures of fewer than three reps would be somebody's: they are not told. A
sentence of recognition names people, where the playbook asks for it.
"""

from collections.abc import Sequence

from rules.alert.lines import WeekLine
from rules.digest.digest import Audience, Digest, Line, Section, headed, said
from rules.digest.manager import recognised
from rules.digest.material import OfRep, OfWeek
from rules.digest.rep import PACE, headed_line
from rules.digest.words import accounts, day, false_alarms, frozen, labelled, margin, paced
from rules.kpi.names import KpiName
from rules.language import Language, Text, counted

TEAM = "team"
_FEWEST = 3
_SHOWN = (*PACE, KpiName.COVERAGE, KpiName.WEIGHTED_PIPELINE)


def team_digest(
    team: OfRep, reps: Sequence[OfRep], week: OfWeek, for_ops: Sequence[WeekLine] | None = None
) -> Digest:
    """The digest of the team; `team` holds the figures of everybody together.

    `for_ops` are the lines of the copy that ops read, never of a channel's.
    """
    language = team.language
    monday = day(week.week.first, language)
    asked = Text("Pour les opérations", "For ops").to(language)
    own = [headed_line(line, week, language) for line in for_ops or () if not line.is_silent]
    is_told = for_ops is not None or len(reps) >= _FEWEST
    sections = [
        Section(title=asked, lines=own),
        *([_figures(team, week, language), _work(reps, week, language)] if is_told else []),
        recognised(reps, language),
    ]
    return Digest(
        audience=Audience.TEAM,
        recipient=TEAM,
        language=language,
        period=week.week.key,
        subject=headed(
            Text(f"L'équipe, semaine du {monday}", f"The team, week of {monday}").to(language)
        ),
        intro="",
        sections=[each for each in sections if each.lines],
        foot=[
            each
            for each in (frozen(week, language), margin(language), false_alarms(week, language))
            if each
        ],
    )  # fmt: skip


def _figures(team: OfRep, week: OfWeek, language: Language) -> Section:
    found = {figure.kpi: figure for figure in team.figures if not figure.cut}
    lines = [
        Line(
            lead=labelled(found[kpi], week, language),
            text=said(paced(found[kpi], week, language)),
        )
        for kpi in _SHOWN
        if kpi in found and kpi in week.labels
    ]
    return Section(title=Text("Le rythme de l'équipe", "The team's pace").to(language), lines=lines)


def _work(reps: Sequence[OfRep], week: OfWeek, language: Language) -> Section:
    """Sums over everybody: how much there is to do, never whose."""
    due, since = sum(rep.visits.due for rep in reps), day(week.since, language)
    lines = [
        Line(
            lead=Text("À contacter d'ici dimanche", "To contact by Sunday").to(language),
            text=accounts(due, language),
        )
    ]
    known = [rep.uncontacted for rep in reps if rep.uncontacted is not None]
    if known:
        count, total = sum(each.count for each in known), sum(each.total for each in known)
        lines.append(
            Line(
                lead=Text(
                    f"Prioritaires sans contact consigné depuis le {since}",
                    f"Priority, no logged contact since {since}",
                ).to(language),
                text=Text(f"{count} sur {total}", f"{count} of {total}").to(language),
            )
        )
    waiting = sum(rep.waiting.count for rep in reps if rep.waiting is not None)
    if waiting:
        many = counted(
            waiting, Text("contestation", "challenge"), Text("contestations", "challenges")
        )
        lines.append(
            Line(lead=Text("Sans réponse", "Unanswered").to(language), text=many.to(language))
        )
    return Section(title=Text("La semaine", "The week").to(language), lines=lines)
