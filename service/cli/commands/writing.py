"""What writes into the CRM, and what shows it first."""

from typing import Annotated

import typer

from service.cli.commands.options import (
    Crm,
    Json,
    Owner,
    app,
    check_owner,
    fields,
    open_installation,
    recorded,
    vendors_of,
)
from service.cli.edge import FAILED


@app.command()
def preview(
    *,
    crm: Crm = None,
    owner: Owner = None,
    limit: Annotated[int, typer.Option(min=0, help="How many changes to show; 0 for all.")] = 40,
    json: Json = False,
) -> None:
    """Show what a push would write, old and new. Costs no API call."""
    from service import owe
    from service import preview as stage
    from service.cli.show import terminal
    from service.cli.show import writing as show

    opened = open_installation()
    check_owner(opened, owner)
    for vendor in vendors_of(opened, crm):
        found = opened.connection(vendor)
        owe.run(opened.store, opened.published().rulebook, found.id)
        report = stage.run(opened.store, found.id, rep_key=owner, limit=limit)
        changes = (
            report.changes if limit else stage.all_changes(opened.store, found.id, rep_key=owner)
        )
        if json:
            terminal.as_long_json(report.figures, "changes", changes)
        else:
            show.previewed(report, changes)


@app.command()
def push(
    *,
    crm: Crm = None,
    owner: Owner = None,
    retry: Annotated[
        bool, typer.Option("--retry", help="Also what the CRM refused: the cause was corrected.")
    ] = False,
    json: Json = False,
) -> None:
    """Write what is owed into the CRM, and the tasks of confirmed alerts."""
    from service import lease, owe
    from service.cli.show import terminal
    from service.cli.show import writing as show
    from service.push import Push, ReadOnly

    opened = open_installation()
    if opened.settings.read_only:
        raise ReadOnly
    check_owner(opened, owner)
    book = opened.published().rulebook
    is_complete = True
    for vendor in vendors_of(opened, crm):
        with (
            opened.connector(vendor) as connector,
            lease.held(opened, vendor) as renew,
            recorded(opened, "push") as (run_id, counts),
        ):
            found = opened.connect(connector)
            owe.run(opened.store, book, found.id)
            if retry:
                owe.retry(opened.store, found.id, rep_key=owner)
            stage = Push(opened.store, connector, book, found.id, opened.clock)
            report = stage.run(run_id, rep_key=owner, renew=renew)
            counts.update(report.counts())
        terminal.as_json(report.to_json()) if json else show.pushed(vendor, report)
        is_complete = is_complete and report.stopped is None and not report.rejected
    if not is_complete:
        raise typer.Exit(FAILED)


@fields.command("ensure")
def fields_ensure(
    *,
    crm: Crm = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    json: Json = False,
) -> None:
    """Create Arpent's own fields in the CRM, and say what the admin has to click."""
    from connectors.base import Provision
    from service import owe, provision
    from service.cli.show import terminal
    from service.cli.show import writing as show
    from service.push import ReadOnly

    opened = open_installation()
    if opened.settings.read_only and not dry_run:
        raise ReadOnly
    for vendor in vendors_of(opened, crm):
        with opened.connector(vendor) as connector:
            known = opened.connect(connector)
            found = provision.run(connector, opened.published().rulebook, dry_run=dry_run)
            steps = connector.setup_steps()
        has_changed = not dry_run and provision.has_changed(found)
        retried = owe.retry(opened.store, known.id) if has_changed else 0
        if json:
            terminal.as_json({"fields": found, "steps": steps, "owed_again": retried})
        else:
            show.provisioned(vendor, found, steps, dry_run=dry_run)
            show.owed_again(retried)
        if any(each.state in (Provision.CONFLICT, Provision.NO_ROOM) for each in found):
            raise typer.Exit(FAILED)
