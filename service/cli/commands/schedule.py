"""What a person asks of the schedule while a worker runs: to pause, to go on, to do a cycle now."""

from typing import Annotated, Any

import typer

from rules.language import Text
from service.cli.commands.options import Json, open_installation, schedule

Who = Annotated[str | None, typer.Option("--who", help="The author (default: you).")]


@schedule.command("show")
def schedule_show(*, json: Json = False) -> None:
    """What the worker does when, what was done last, and what is wrong."""
    from service import agenda
    from service.cli.show import schedule as show
    from service.cli.show import terminal

    opened = open_installation()
    report = agenda.run(opened)
    if json:
        terminal.as_json(report)
        return
    show.agenda(report)
    # Read-only, or the hold that a restore leaves: the worker works, and writes nothing.
    if (why := opened.unwritable()) is not None:
        terminal.line(why)


@schedule.command("pause")
def schedule_pause(
    *,
    why: Annotated[str, typer.Option("--why", help="The reason, kept and shown.")] = "",
    who: Who = None,
) -> None:
    """Let the worker begin nothing more until `resume`; what is under way goes on to its end."""
    from service.store.requests import Wanted

    _ask(Wanted.PAUSE, who, why)
    _say(
        "Le worker est en pause : il ne commence plus rien. « arpent schedule resume » le relance.",
        "The worker is paused: it begins nothing more. `arpent schedule resume` lets it go on.",
    )


@schedule.command("resume")
def schedule_resume() -> None:
    """End a pause, or the hold that a restore leaves; what was due meanwhile is done once."""
    from service import backup
    from service.store import requests
    from service.store.requests import Wanted

    opened = open_installation()
    was_held = backup.resume(opened)
    with opened.store.write() as connection:
        was_paused = requests.withdraw(connection, Wanted.PAUSE)
    if was_held:
        _say(
            "Ce qui était retenu depuis la restauration sera écrit au prochain push.",
            "What was held since the restore will be written by the next push.",
        )
    elif was_paused:
        _say("Le worker reprend au prochain réveil.", "The worker goes on when it next wakes.")
    else:
        _say("Le worker n'était pas en pause.", "The worker was not paused.")


@schedule.command("now")
def schedule_now(*, who: Who = None) -> None:
    """Let the worker do a cycle when it next wakes, whatever the hour."""
    from service.store import requests
    from service.store.requests import Wanted

    opened = _ask(Wanted.NOW, who, "")
    with opened.store.read() as connection:
        is_paused = requests.find(connection, Wanted.PAUSE) is not None
    if is_paused:
        _say(
            "Le worker est en pause : ce cycle commencera après « arpent schedule resume ». "
            "« arpent run » en fait un ici.",
            "The worker is paused: this cycle will begin after `arpent schedule resume`. "
            "`arpent run` does one here.",
        )
        return
    _say(
        "Un cycle commencera au prochain réveil du worker, dans quelques secondes. Sans worker, "
        "« arpent run » en fait un ici.",
        "A cycle will begin when the worker next wakes, within seconds. Without a worker, "
        "`arpent run` does one here.",
    )


def _ask(wanted: object, who: str | None, why: str) -> Any:  # noqa: ANN401 - an App
    """Leave a request; returns the installation that it was left in."""
    from service.app import author
    from service.store import requests
    from service.store.requests import Request, Wanted

    opened = open_installation()
    given = Request(author=who or author(), reason=why, at=opened.clock())
    with opened.store.write() as connection:
        requests.ask(connection, Wanted(str(wanted)), given)
    return opened


def _say(french: str, english: str) -> None:
    from service.cli.show import terminal

    terminal.line(Text(french, english))
