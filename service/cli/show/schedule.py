"""What the commands of the schedule print."""

from zoneinfo import ZoneInfo

from rules.language import Text
from rules.time import Instant, moment_of
from service.agenda import Agenda
from service.cli.edge import say
from service.cli.show.terminal import line, table


def agenda(found: Agenda) -> None:
    """The jobs, when they were done last, and what stands in their way."""
    zone = ZoneInfo(found.zone)
    every = found.every_minutes
    table(
        Text(f"Calendrier du worker ({found.zone})", f"The worker's schedule ({found.zone})"),
        [Text("Travail", "Job"), Text("Quand", "When"), Text("Fait le", "Done at")],
        [
            (say(Text("Cycle", "Cycle")),
             say(Text(f"toutes les {every} min", f"every {every} min")),
             _moment(found.cycle_at, zone)),
            (say(Text("Lecture complète", "Full reading")),
             say(Text("chaque semaine, dès lundi 03:00", "each week, from Monday 03:00")),
             _moment(found.reconcile_at, zone)),
            (say(Text("Bilan de la semaine", "Weekly look")), found.weekly_look,
             _moment(found.look_at, zone)),
            (say(Text("Messages", "Digests")), found.digests or "–",
             _moment(found.digest_at, zone)),
        ],
    )  # fmt: skip
    if found.quiet_hours:
        now = Text(" (en ce moment)", " (now)") if found.is_quiet else Text("", "")
        line(
            Text(
                f"Rien n'est écrit dans les CRM de {found.quiet_hours}{now.fr}.",
                f"Nothing is written to the CRMs during {found.quiet_hours}{now.en}.",
            )
        )
    if found.pause:
        at, why = _moment(found.pause.at, zone), found.pause.reason or "–"
        line(
            Text(
                f"En pause depuis le {at}, par {found.pause.author} : {why}. « arpent schedule "
                "resume » relance le worker.",
                f"Paused since {at} by {found.pause.author}: {why}. `arpent schedule resume` lets "
                "the worker go on.",
            )
        )
    if found.is_asked:
        line(Text("Un cycle est demandé.", "A cycle was asked for."))
    for each in found.incidents:
        since = _moment(each.since_at, zone)
        line(
            Text(
                f"✗ {each.subject}, depuis le {since} : {each.text.fr}",
                f"✗ {each.subject}, since {since}: {each.text.en}",
            )
        )


def _moment(instant: Instant | None, zone: ZoneInfo) -> str:
    return "–" if instant is None else f"{moment_of(instant, zone):%Y-%m-%d %H:%M}"
