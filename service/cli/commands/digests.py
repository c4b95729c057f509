"""The weekly digests: those that were composed, one of them, and what is owed sent now."""

from typing import Annotated

import typer

from service.cli.commands.options import Json, Owner, digests, open_installation, owner_key
from service.cli.edge import FAILED


@digests.command("list")
def digest_list(
    *,
    owner: Owner = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many at most.")] = 50,
    json: Json = False,
) -> None:
    """List the digests of all weeks, the latest first: to whom, by which channel, what became."""
    from service.cli.show import digests as show
    from service.cli.show import terminal
    from service.store import digests as kept

    opened = open_installation()
    recipient = owner_key(opened, owner)
    with opened.store.read() as connection:
        found = kept.listed(connection, recipient=recipient, count=limit)
    if json:
        terminal.as_json([show.plain_row(each) for each in found])
        return
    show.listed(found, opened.zone())


@digests.command("show")
def digest_show(
    *,
    recipient: Annotated[str, typer.Argument(help="Whose: a rep, or team.")],
    week: Annotated[
        str | None, typer.Argument(help="The week, as 2026-W27; without it, the latest.")
    ] = None,
    audience: Annotated[
        str | None, typer.Option("--as", help="rep or manager, where somebody is both.")
    ] = None,
    html: Annotated[bool, typer.Option("--html", help="The HTML of the mail.")] = False,
    json: Json = False,
) -> None:
    """Print a digest as it was composed, whatever the CRM says today."""
    from service import digest_reading
    from service.cli.show import digests as show
    from service.cli.show import terminal

    opened = open_installation()
    found = digest_reading.find(opened, recipient, week=week, audience=audience)
    if json:
        terminal.as_json([show.plain_row(each, with_body=True) for each in found])
    elif html:
        show.html(found[0])
    else:
        for each in found:
            show.shown(each, opened.zone())


@digests.command("send")
def digest_send(*, json: Json = False) -> None:
    """Compose the digests that are due and send those that are owed, as the worker does."""
    from service import digest as stage
    from service.cli.show import digests as show
    from service.cli.show import terminal

    opened = open_installation()
    report = stage.run(opened)
    terminal.as_json(report.counts()) if json else show.sent(report)
    if report.sending.failed:
        raise typer.Exit(FAILED)
