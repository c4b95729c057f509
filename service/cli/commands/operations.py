"""Running Arpent: the worker, its state, the store, the emulated CRMs."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from rules.language import Text
from service.cli.commands.options import (
    Crm,
    Json,
    Port,
    app,
    database,
    open_installation,
    sandbox,
    vendors_of,
)
from service.cli.edge import FAILED


@app.command()
def worker(*, crm: Crm = None) -> None:
    """Run the schedule until SIGTERM or Ctrl-C."""
    from service.ending import until_signal

    with until_signal() as wait:  # before what takes long to load
        _work(crm, wait)


def _work(crm: str | None, wait: Callable[[], None]) -> None:
    from service import logs
    from service import worker as stage

    opened = open_installation()
    logs.configure(opened.settings.log, opened.settings.secrets)
    vendors = vendors_of(opened, crm)
    for vendor in vendors:
        with opened.connector(vendor):  # a missing key is said now, not at every tick
            pass
    opened.published()
    if not stage.run(opened, vendors, wait=wait):
        os._exit(0)  # a thread that waits for a CRM would hold the process back


@app.command()
def status(
    *,
    json: Json = False,
    health: Annotated[
        bool, typer.Option("--health", help="Only whether the worker is late: then code 1.")
    ] = False,
) -> None:
    """What is published, what is owed, when each CRM was last read, what is wrong."""
    from service import agenda
    from service import status as stage
    from service.cli.show import status as show
    from service.cli.show import terminal

    opened = open_installation()
    if health:
        late = agenda.late(opened)
        if json:
            terminal.as_json({"is_late": late is not None, "late": late})
        elif late is not None:
            terminal.line(late)
        if late is not None:
            raise typer.Exit(FAILED)
        return
    report = stage.run(opened)
    terminal.as_json(report) if json else show.status(report)


@app.command()
def doctor(*, json: Json = False) -> None:
    """Check the installation, the playbook and the CRM; each finding says what to do."""
    from service import doctor as stage
    from service.cli.show import operations as show
    from service.cli.show import terminal
    from service.settings import load_settings

    findings = stage.run(load_settings())
    terminal.as_json(findings) if json else show.diagnosed(findings)
    if any(not each.is_fine for each in findings):
        raise typer.Exit(FAILED)


@database.command("upgrade")
def database_upgrade() -> None:
    """Create the tables, or bring them to this version."""
    from service.cli.show import terminal
    from service.settings import load_settings
    from service.store import schema
    from service.store.engine import open_store

    store = open_store(load_settings().database_url)
    schema.upgrade(store)
    revision = schema.revision(store)
    terminal.line(Text(f"Base à la révision {revision}.", f"Store at revision {revision}."))


@database.command("backup")
def database_backup(
    file: Annotated[Path, typer.Argument(help="A new file.")], *, json: Json = False
) -> None:
    """Copy the whole store into a file, while others work; it restores to any database."""
    from service import backup as stage
    from service.cli.show import operations as show
    from service.cli.show import terminal

    copied = stage.backup(open_installation(), file)
    terminal.as_json(copied) if json else show.backed_up(copied)


@database.command("restore")
def database_restore(
    file: Annotated[Path, typer.Argument(help="A file that `db backup` made.")],
    *,
    json: Json = False,
) -> None:
    """Replace the store by a backup; nothing is written to a CRM until `schedule resume`."""
    from service import backup as stage
    from service.cli.show import operations as show
    from service.cli.show import terminal
    from service.settings import load_settings

    copied = stage.restore(load_settings(), file)
    terminal.as_json(copied) if json else show.restored(copied)


@sandbox.command("serve")
def sandbox_serve(
    *,
    data: Annotated[
        Path | None, typer.Option(help="A folder of CSV files (default: Élise).")
    ] = None,
    port: Port = 8801,
    state: Annotated[Path | None, typer.Option(help="A file that keeps the portal.")] = None,
    currency: Annotated[str | None, typer.Option(help="The portal's currency.")] = None,
    crm: Annotated[str | None, typer.Option("--crm", help="Which CRM to emulate.")] = None,
) -> None:
    """Serve an emulated CRM on 127.0.0.1 until Ctrl-C."""
    from service import rehearsal

    rehearsal.serve(data=data, port=port, state=state, currency=currency, crm=crm)
