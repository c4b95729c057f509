"""The playbook: check, publish, explain."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rules.language import Text
from service.cli.commands.options import (
    Json,
    open_installation,
    rules,
)
from service.cli.edge import MISTAKEN, Mistake


class Format(StrEnum):
    """How `rules check` prints what it found."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


_ONE_FORMAT = Text(
    "--format et --json demandent deux formats : gardez-en un.",
    "--format and --json ask for two formats: keep one.",
)


@rules.command("check")
def rules_check(
    folder: Annotated[Path | None, typer.Argument(help="The playbook (ARPENT_PLAYBOOK).")] = None,
    *,
    layout: Annotated[
        Format | None,
        typer.Option(
            "--format", help="text (default), json, or github: annotations of a workflow."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Check the playbook on disk: every error at once, with its place, and proofs of the tables."""
    from service import check
    from service.app import system_clock
    from service.cli.show import checking as show
    from service.settings import load_settings

    if json and layout not in (None, Format.JSON):
        raise Mistake(_ONE_FORMAT)
    configured = load_settings().playbook
    where = folder or configured
    now = system_clock()
    found = check.run(where, now)
    if json or layout is Format.JSON:
        show.as_json(found, check.false_alarms(found, now))
    elif layout is Format.GITHUB:
        show.as_annotations(found, where)
    else:
        alarms = check.false_alarms(found, now)
        show.as_text(found, None if where.resolve() == configured.resolve() else where, alarms)
    if found.errors:
        raise typer.Exit(MISTAKEN)


@rules.command("publish")
def rules_publish(
    *,
    why: Annotated[str, typer.Option("--why", help="The reason, kept with the rulebook.")] = "",
    who: Annotated[str | None, typer.Option("--who", help="The author (default: you).")] = None,
    json: Json = False,
) -> None:
    """Put the playbook on disk in force; workers read only what is published.

    Refused while an example of tests.yaml comes out otherwise. What it changes is told and kept
    with it: see `rules preview`. Contradictions of the plans are told, and refuse nothing.
    """
    from service import plan_check, publish
    from service.app import author
    from service.cli.show import plans, previewing, terminal
    from service.cli.show import playbook as show

    opened = open_installation()
    done = publish.run(opened, author=who or author(), reason=why)
    change = done.change
    if json:
        told = (
            {"moved": change.moved, "writes": change.writes, "unread": change.unread}
            if change
            else {}
        )
        terminal.as_json({"hash": done.book.hash, "published": change is not None, **told})
        return
    show.published(done.book, is_new=change is not None)
    for text in (*previewing.unread(change), *previewing.summary(change)) if change else ():
        terminal.line(text)
    checked = plan_check.of_book(done.book, opened.clock(), store=opened.store)
    for text in plans.at_publication(checked):
        terminal.line(text)


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
    from service.cli.show import explaining as show
    from service.cli.show import terminal

    opened = open_installation()
    published = opened.published()
    today = day_of(opened.clock(), published.rulebook.team.zone)
    told = explain.run(opened.store, published, account, today)
    terminal.as_json(told) if json else show.told(told, opened.zone())
