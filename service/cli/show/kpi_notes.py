"""What `arpent kpi` says around its tables: how fresh they are, since when frozen, which plan."""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from rules.kpi.figures import TEAM
from rules.language import Language, Text, money
from rules.time import Instant, date_of, moment_of
from service.cli.show.terminal import line
from service.freeze import FrozenWeek
from service.kpi_notes import Freshness, PlanNote

_NEVER = Text(
    "Aucun CRM n'a encore été lu : ces chiffres sont vides. Lancez « arpent pull ».",
    "No CRM has been read yet: these figures are empty. Run `arpent pull`.",
)


def freshness(found: Sequence[Freshness], zone: ZoneInfo) -> None:
    """One line for each CRM whose figures are old, or partly read; nothing where all is well."""
    if not any(each.read_at is not None for each in found):
        line(_NEVER)
        return
    for each in found:
        if each.read_at is None or not each.is_complete:
            line(
                Text(
                    f"{each.vendor} n'est pas encore lu en entier : ces chiffres sont partiels. "
                    "Lancez « arpent pull ».",
                    f"{each.vendor} has not been read whole yet: these figures are partial. Run "
                    "`arpent pull`.",
                )
            )
        elif each.is_stale:
            at = _at(each.read_at, zone)
            line(
                Text(
                    f"{each.vendor} n'a pas été lu depuis le {at} : ce qui a suivi manque à ces "
                    "chiffres. Lancez « arpent pull ».",
                    f"{each.vendor} has not been read since {at}: what followed is missing from "
                    "these figures. Run `arpent pull`.",
                )
            )


def frozen_at(week: FrozenWeek, zone: ZoneInfo) -> None:
    """When a week was frozen, and what that means where it was late."""
    at = _at(week.frozen_at, zone)
    if week.is_late:
        line(
            Text(
                f"Semaine {week.week} gelée en retard, le {at}, d'après les fiches de ce jour-là.",
                f"Week {week.week} was frozen late, on {at}, from the records of that day.",
            )
        )
    else:
        line(Text(f"Semaine {week.week} gelée le {at}.", f"Week {week.week} frozen on {at}."))


def filters_of_today() -> None:
    """Lists show the records of today: of a frozen week they give the other column."""
    line(
        Text(
            "Les listes du CRM ne connaissent qu'aujourd'hui : elles donnent la colonne "
            "« Aujourd'hui ».",
            "The CRM's lists only know today: they give the column 'Today'.",
        )
    )


def silent(names: Sequence[str]) -> None:
    """Those of whom there is nothing to tell: no table stands for them."""
    if names:
        listed = ", ".join(names)
        line(
            Text(
                f"Rien à montrer pour ces jours de {listed}.",
                f"Nothing to show for these days of {listed}.",
            )
        )


def plans(notes: Mapping[str, PlanNote | None], names: Mapping[str, Text]) -> None:
    """Who has no plan, and which plans were revised: what they began with, and why they changed."""
    alone = [names[subject] for subject, note in notes.items() if not note and subject != TEAM]
    if alone:
        french, english = (", ".join(each.to(language) for each in alone) for language in Language)
        line(
            Text(
                f"Sans plan pour ces jours : {french}. Rien n'est attendu de leurs chiffres.",
                f"Without a plan for these days: {english}. Nothing is expected of their figures.",
            )
        )
    for subject, note in notes.items():
        if note is not None and note.revisions:
            line(_revised(names[subject], note))


def _revised(name: Text, note: PlanNote) -> Text:
    day, why = note.revisions[-1]
    on = date_of(day).isoformat()
    now, then = (
        [money(amount, note.currency, language) for language in Language]
        for amount in (note.objective, note.initial)
    )
    if note.objective == note.initial:
        return Text(
            f"{name.fr} : plan révisé le {on} ({why}) ; l'objectif reste de {now[0]}.",
            f"{name.en}: plan revised on {on} ({why}); the objective is still {now[1]}.",
        )
    return Text(
        f"{name.fr} : plan révisé le {on} ({why}) ; objectif de {now[0]}, et de {then[0]} à "
        "l'origine.",
        f"{name.en}: plan revised on {on} ({why}); objective {now[1]}, {then[1]} initially.",
    )


def _at(instant: Instant, zone: ZoneInfo) -> str:
    return f"{moment_of(instant, zone):%Y-%m-%d %H:%M}"
