"""`arpent challenges` and `arpent overrides`: people have the last word, never about themselves."""

from typing import Annotated, Any

import typer

from rules.language import Text
from service.cli.commands.options import Json, Owner, app, open_installation, owner_key
from service.cli.edge import Mistake

challenges = typer.Typer(no_args_is_help=True, help="What reps object to, and the answers.")
overrides = typer.Typer(no_args_is_help=True, help="What people decided, until when and why.")
app.add_typer(challenges, name="challenges")
app.add_typer(overrides, name="overrides")

Why = Annotated[str, typer.Option("--why", help="The reason; the rep reads it in the CRM.")]
By = Annotated[
    str | None,
    typer.Option("--who", help="Who decides: a key or an address of team.yaml (the user's name)."),
]
Tier = Annotated[str | None, typer.Option("--tier", help="The tier that is decided.")]
Until = Annotated[str | None, typer.Option("--until", help="The last day: 2027-03-31.")]
For = Annotated[str | None, typer.Option("--for", help="For how long: 90 d, 13 w.")]


@challenges.command("list")
def challenges_list(*, owner: Owner = None, json: Json = False) -> None:
    """What waits for an answer, the oldest first, then what was answered lately."""
    from rules.time import day_of
    from service.cli.show import challenges as show
    from service.cli.show import terminal
    from service.store import answers

    opened = open_installation()
    owner = owner_key(opened, owner)
    book = opened.published().rulebook
    with opened.store.read() as connection:
        today = day_of(opened.clock(), book.team.zone)
        found = answers.listed(connection, today, rep_key=owner)
    terminal.as_json({"challenges": found}) if json else show.challenges(found, book)


@challenges.command("accept")
def challenges_accept(
    challenge: Annotated[int, typer.Argument(metavar="ID")],
    *,
    why: Why,
    tier: Tier = None,
    until: Until = None,
    duration: For = None,
    who: By = None,
    json: Json = False,
) -> None:
    """Accept a challenge: the tier is decided until a day, and goes before the rules."""
    from service import answer
    from service.cli.show import challenges as show
    from service.cli.show import terminal

    opened, book, by = _open(who)
    last = _last(opened, book, until, duration)
    found = answer.accept(
        opened.store, book, challenge, who=by, why=why, now=opened.clock(), value=tier,
        until_on=last,
    )  # fmt: skip
    terminal.as_json(found) if json else show.answered(found)


@challenges.command("refuse")
def challenges_refuse(
    challenge: Annotated[int, typer.Argument(metavar="ID")],
    *,
    why: Why,
    who: By = None,
    json: Json = False,
) -> None:
    """Refuse a challenge: our value is written again, and the rep reads why."""
    from service import answer
    from service.cli.show import challenges as show
    from service.cli.show import terminal

    opened, book, by = _open(who)
    found = answer.refuse(opened.store, book, challenge, who=by, why=why, now=opened.clock())
    terminal.as_json(found) if json else show.answered(found)


@overrides.command("list")
def overrides_list(
    *,
    owner: Owner = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    json: Json = False,
) -> None:
    """The decisions in force, the first to end first."""
    from rules.time import day_of
    from service.cli.show import challenges as show
    from service.cli.show import terminal
    from service.store import overrides as stored

    opened = open_installation()
    owner = owner_key(opened, owner)
    book = opened.published().rulebook
    with opened.store.read() as connection:
        today = day_of(opened.clock(), book.team.zone)
        found = stored.listed(connection, today, rep_key=owner, every=every)
    terminal.as_json({"overrides": found}) if json else show.overrides(found, book)


@overrides.command("set")
def overrides_set(
    account: Annotated[str, typer.Argument(help="Id, name, or CRM address.")],
    *,
    why: Why,
    tier: Tier = None,
    priority: Annotated[str | None, typer.Option("--priority", help="The priority.")] = None,
    until: Until = None,
    duration: For = None,
    who: By = None,
    json: Json = False,
) -> None:
    """Decide the tier, or the priority, of an account."""
    from service import answer
    from service.cli.show import challenges as show
    from service.cli.show import terminal

    if (tier is None) == (priority is None):
        raise Mistake(_ONE_OF)
    opened, book, by = _open(who)
    asked = answer.about(
        opened.store, account, "tier" if tier else "priority", tier or priority or ""
    )
    last = _last(opened, book, until, duration)
    found = answer.impose(
        opened.store, book, asked, who=by, why=why, now=opened.clock(), until_on=last
    )
    terminal.as_json(found) if json else show.imposed(found, book)


@overrides.command("end")
def overrides_end(
    override: Annotated[int, typer.Argument(metavar="ID")],
    *,
    why: Why,
    who: By = None,
    json: Json = False,
) -> None:
    """End a decision now: the rules count again."""
    from service import answer
    from service.cli.show import challenges as show
    from service.cli.show import terminal

    opened, book, by = _open(who)
    found = answer.end(opened.store, book, override, who=by, why=why, now=opened.clock())
    terminal.as_json(found) if json else show.ended(found, book)


def _open(who: str | None) -> tuple[Any, Any, Any]:
    """The installation, the rulebook in force, and who decides."""
    from service import people
    from service.app import author

    opened = open_installation()
    book = opened.published().rulebook
    return opened, book, people.deciding(book.team, who, author())


def _last(opened: Any, book: Any, until: str | None, duration: str | None) -> int | None:  # noqa: ANN401 - an App, a Rulebook
    """The last day of a decision; None where nothing was said."""
    from rules.located import Misfit
    from rules.numbers import read_day, read_days
    from rules.time import day_of

    if until is not None and duration is not None:
        raise Mistake(_NOT_BOTH)
    try:
        if until is not None:
            return read_day(until)
        if duration is not None:
            return day_of(opened.clock(), book.team.zone) + read_days(duration)
    except Misfit as error:
        option = "--until" if until is not None else "--for"
        raise Mistake(
            Text(f"{option} : {error.text.fr}.", f"{option}: {error.text.en}.")
        ) from error
    return None


_NOT_BOTH = Text(
    "--until et --for disent tous deux jusqu'à quand : gardez-en un.",
    "--until and --for both say until when: keep one.",
)
_ONE_OF = Text(
    "Dites ce qui est décidé : --tier ou --priority, l'un des deux.",
    "Say what is decided: --tier or --priority, one of them.",
)
