"""Taking back what a run wrote."""

from typing import Annotated

import typer

from rules.language import Text
from service.cli.commands.each_crm import Turns
from service.cli.commands.options import Crm, Json, app, open_installation, recorded, vendors_of
from service.cli.edge import FAILED, Mistake


@app.command()
def undo(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The run, as `runs list` numbers it.")],
    *,
    crm: Crm = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
    release: Annotated[
        bool, typer.Option("--release", help="Let the rules decide again over what was undone.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many changes to show; 0 for all.")] = 40,
    json: Json = False,
) -> None:
    """Take back what a run wrote into the CRM, and close the tasks that it created."""
    from service import lease
    from service import undo as stage
    from service.cli.show import terminal
    from service.cli.show import undo as show

    if dry_run and release:
        raise Mistake(_NOT_BOTH)
    opened = open_installation()
    book = opened.published().rulebook
    if release:
        released = stage.release(opened, book, run)
        terminal.as_json({"released": released}) if json else show.released(run, released)
        return
    asked = vendors_of(opened, crm) if crm else None
    vendors = [each for each in stage.vendors(opened, run) if asked is None or each in asked]
    if vendors and not dry_run:
        opened.require_writable()
    reports = []
    turns = Turns(vendors, {})
    for vendor in vendors:
        if dry_run:
            reports.append(stage.preview(opened, vendor, run))
            continue
        with (
            turns.of(vendor),
            opened.connector(vendor) as connector,
            lease.held(opened, vendor) as renew,
            recorded(opened, "undo", vendor) as (run_id, counts),
        ):
            opened.connect(connector)
            report = stage.run(opened, connector, book, run, run_id, renew=renew)
            counts.update(report.counts())
            reports.append(report)
    if json:
        crms = [{**each.to_json(), "restored": each.restored[: limit or None]} for each in reports]
        terminal.as_json({"undone_run": run, "crms": [*crms, *turns.told.values()]})
    else:
        show.undone(run, reports, limit)
    if not all(each.is_complete for each in reports):
        turns.ends_with(FAILED)
    if turns.code:
        raise typer.Exit(turns.code)


_NOT_BOTH = Text(
    "--dry-run et --release ne vont pas ensemble : --release n'écrit rien dans le CRM, « arpent "
    "preview » montre ensuite ce que le prochain push écrirait.",
    "--dry-run and --release don't go together: --release writes nothing into the CRM, and "
    "`arpent preview` then shows what the next push would write.",
)
