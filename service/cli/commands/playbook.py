"""The playbook: check, publish, explain."""

from pathlib import Path
from typing import Annotated

import typer

from service.cli.commands.options import (
    Json,
    open_installation,
    rules,
)
from service.cli.edge import MISTAKEN


@rules.command("check")
def rules_check(
    folder: Annotated[Path | None, typer.Argument(help="The playbook (ARPENT_PLAYBOOK).")] = None,
    *,
    json: Json = False,
) -> None:
    """Check the playbook on disk: every error at once, with its place."""
    from rules.located import PlaybookError
    from rules.rulebook import compile_rulebook
    from service.app import read_playbook
    from service.cli.show import playbook as show
    from service.cli.show import terminal
    from service.settings import load_settings

    try:
        book = compile_rulebook(read_playbook(folder or load_settings().playbook))
    except PlaybookError as error:
        if not json:
            raise
        terminal.as_json({"issues": [show.issue(each) for each in error.issues]})
        raise typer.Exit(MISTAKEN) from None
    if json:
        terminal.as_json({"issues": [], "hash": book.hash})
    else:
        show.checked(book)


@rules.command("publish")
def rules_publish(
    *,
    why: Annotated[str, typer.Option("--why", help="The reason, kept with the rulebook.")] = "",
    who: Annotated[str | None, typer.Option("--who", help="The author (default: you).")] = None,
    json: Json = False,
) -> None:
    """Put the playbook on disk in force; workers read only what is published."""
    from service.app import author
    from service.cli.show import playbook as show
    from service.cli.show import terminal
    from service.store import rulebooks

    opened = open_installation()
    book = opened.compile()
    with opened.store.write() as connection:
        is_new = rulebooks.publish(
            connection, book, author=who or author(), reason=why, now=opened.clock()
        )
    if json:
        terminal.as_json({"hash": book.hash, "published": is_new})
    else:
        show.published(book, is_new=is_new)


@rules.command("history")
def rules_history(*, json: Json = False) -> None:
    """List what was published: when, by whom, why; the one in force first."""
    from service.cli.show import playbook as show
    from service.cli.show import terminal
    from service.store import rulebooks

    opened = open_installation()
    with opened.store.read() as connection:
        found = rulebooks.history(connection)
    if json:
        terminal.as_json({"publications": found})
    else:
        show.history(found, opened.zone())


@rules.command("rollback")
def rules_rollback(
    wanted: Annotated[
        str | None,
        typer.Argument(metavar="[HASH|N]", help="Which publication (default: the one before)."),
    ] = None,
    *,
    why: Annotated[str, typer.Option("--why", help="The reason, kept with the rulebook.")] = "",
    who: Annotated[str | None, typer.Option("--who", help="The author (default: you).")] = None,
    json: Json = False,
) -> None:
    """Put a playbook that was published before in force again."""
    from service import rollback
    from service.app import author
    from service.cli.show import playbook as show
    from service.cli.show import terminal

    done = rollback.run(open_installation(), wanted, author=who or author(), reason=why)
    if json:
        terminal.as_json(
            {"hash": done.publication.hash, "of": done.publication.id, "published": done.is_new}
        )
    else:
        show.rolled_back(done)


@rules.command("explain")
def rules_explain(
    account: Annotated[str, typer.Argument(help="Id, name, or address of its page in the CRM.")],
    *,
    json: Json = False,
) -> None:
    """Say why an account is what it is."""
    from rules.time import day_of
    from service import explain
    from service.cli.show import playbook as show
    from service.cli.show import terminal

    opened = open_installation()
    published = opened.published()
    today = day_of(opened.clock(), published.rulebook.team.zone)
    told = explain.run(opened.store, published, account, today)
    terminal.as_json(told) if json else show.explained(told)
